provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "lab-${var.run}"

  # policy.json goes by these names, and so does who looks for what was left behind.
  tags = {
    "lab:run"        = var.run
    "lab:owner"      = var.owner
    "lab:expires-at" = var.expires_at
  }

  lanes = merge([
    for name, roles in var.hardware : {
      for lane in range(1, var.lanes + 1) : "${name}-${lane}" => {
        for role, shape in roles : role => merge(shape, { image = local.images[shape.architecture] })
      }
    }
  ]...)

  architectures = toset(flatten([for roles in var.hardware : [for shape in roles : shape.architecture]]))
  images        = merge({ for architecture, image in data.aws_ssm_parameter.image : architecture => image.insecure_value }, var.images)
}

# A run's images are pinned; these are read for architectures without one, such as when they are pinned for the first time.
data "aws_ssm_parameter" "image" {
  for_each = setsubtract(local.architectures, keys(var.images))

  name = "/aws/service/debian/release/12/latest/${each.key}"
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
  host_key           = var.host_key
  hours              = var.hours
  expires_at         = var.expires_at
  time_source        = "169.254.169.123" # Amazon's, which each host has beside it
  spot               = var.spot
  reserve_capacity   = var.reserve_capacity
  tags               = local.tags
}

module "safety" {
  source = "../modules/safety"

  name          = local.name
  run           = var.run
  expires_at    = var.expires_at
  instance_ids  = merge([for lane in module.lane : lane.instance_ids]...)
  role_boundary = var.role_boundary
}
