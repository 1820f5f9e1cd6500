data "aws_partition" "this" {}

locals {
  policies = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role"
}

# Hosts join by themselves; the cluster neither starts nor ends any.
resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65: the agent of container insights would use CPU that is being measured


  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }

  tags = { Name = var.name }
}

resource "aws_iam_role" "host" {
  name                 = "${var.name}-host"
  description          = "Lets the hosts of ${var.name} join the cluster and pull images"
  assume_role_policy   = local.assumed_by["ec2"]
  permissions_boundary = var.role_boundary

  tags = { Name = "${var.name}-host" }
}

resource "aws_iam_role_policy_attachment" "host" {
  role       = aws_iam_role.host.name
  policy_arn = "${local.policies}/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "host" {
  name = "${var.name}-host"
  role = aws_iam_role.host.name

  tags = { Name = "${var.name}-host" }
}

resource "aws_iam_role" "execution" {
  name                 = "${var.name}-execution"
  description          = "Lets ECS pull the images of ${var.name}"
  assume_role_policy   = local.assumed_by["ecs-tasks"]
  permissions_boundary = var.role_boundary

  tags = { Name = "${var.name}-execution" }
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "${local.policies}/AmazonECSTaskExecutionRolePolicy"
}

# What runs in the containers may do nothing on AWS: the role has no policy.
resource "aws_iam_role" "task" {
  name                 = "${var.name}-task"
  description          = "The tasks of ${var.name}: no rights"
  assume_role_policy   = local.assumed_by["ecs-tasks"]
  permissions_boundary = var.role_boundary

  tags = { Name = "${var.name}-task" }
}

locals {
  assumed_by = {
    for service in ["ec2", "ecs-tasks"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
      }]
    })
  }
}

# The network of the host, not a bridge: address translation would be measured along.
resource "aws_ecs_task_definition" "server" {
  for_each = var.images

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["EC2"]
  network_mode             = "host"
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([{
    name                   = "server"
    image                  = each.value
    essential              = true
    memoryReservation      = 256
    readonlyRootFilesystem = true
    user                   = "65534"
  }])

  placement_constraints {
    type       = "memberOf"
    expression = "attribute:lab.role == sut"
  }

  tags = { Name = "${var.name}-${each.key}" }
}
