provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "lab-${var.run}"

  tags = {
    "lab:run"        = var.run
    "lab:owner"      = var.owner
    "lab:expires-at" = var.expires_at
  }

  # The system under test runs as a task; load and database run as they do everywhere.
  systems = { sut = "ecs", load = "debian", db = "debian" }

  lanes = merge([
    for name, roles in var.hardware : {
      for lane in range(1, var.lanes + 1) : "${name}-${lane}" => {
        for role, shape in roles : role => merge(shape, { image = local.images["${local.systems[role]}-${shape.architecture}"] })
      }
    }
  ]...)
}

resource "aws_key_pair" "this" {
  key_name   = local.name
  public_key = var.public_key

  tags = { Name = local.name }
}

module "network" {
  source = "../modules/network"

  name        = local.name
  zone_id     = var.zone.id
  caller_cidr = var.caller_cidr
}

module "registry" {
  source = "../modules/registry"

  name   = local.name
  images = keys(var.implementations)
}

module "cluster" {
  source = "../modules/cluster"

  name          = local.name
  role_boundary = var.role_boundary
  images        = { for implementation, tag in var.implementations : implementation => "${module.registry.urls[implementation]}:${tag}" }
}

module "lane" {
  source   = "../modules/hosts"
  for_each = local.lanes

  prefix             = local.name
  lane               = each.key
  roles              = each.value
  subnet_id          = module.network.subnet_id
  zone_name          = var.zone.name
  security_group_ids = module.network.security_group_ids
  key_name           = aws_key_pair.this.key_name
  instance_profiles  = { sut = module.cluster.instance_profile }
  hours              = var.hours
  expires_at         = var.expires_at
  spot               = var.spot
  reserve_capacity   = var.reserve_capacity
  tags               = local.tags

  # The agent reads this file when it starts, which is after the boot commands.
  boot_commands = {
    sut = [["sh", "-c", "printf '%s\\n' \"$@\" > /etc/ecs/ecs.config", "sh",
      "ECS_CLUSTER=${module.cluster.name}",
      "ECS_INSTANCE_ATTRIBUTES=${jsonencode({ "lab.role" = "sut", "lab.lane" = each.key })}",
    ]]
  }
}

module "safety" {
  source = "../modules/safety"

  name          = local.name
  run           = var.run
  expires_at    = var.expires_at
  instance_ids  = merge([for lane in module.lane : lane.instance_ids]...)
  role_boundary = var.role_boundary
}
