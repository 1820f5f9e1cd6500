# A group can be tagged, found and removed with all its schedules; a schedule itself has no tags.
resource "aws_scheduler_schedule_group" "this" {
  name = var.name

  tags = { Name = var.name }
}

# One schedule an instance: a call that names several fails as a whole once a single one of them is gone.
resource "aws_scheduler_schedule" "terminate" {
  # checkov:skip=CKV_AWS_297: a schedule holds the id of an instance and no secret


  for_each = var.instance_ids

  name                    = each.key
  group_name              = aws_scheduler_schedule_group.this.name
  description             = "Ends ${each.key}, whatever became of the machine that started it"
  schedule_expression     = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", var.expires_at)})"
  action_after_completion = "DELETE"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${data.aws_partition.this.partition}:scheduler:::aws-sdk:ec2:terminateInstances"
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ InstanceIds = [each.value] })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 20
    }
  }
}

data "aws_partition" "this" {}

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

locals {
  prefix  = "arn:${data.aws_partition.this.partition}"
  account = data.aws_caller_identity.this.account_id
  region  = data.aws_region.this.region
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  description          = "Ends the instances of ${var.name} when their time is over"
  permissions_boundary = var.role_boundary

  tags = { Name = "${var.name}-scheduler" }

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "terminate"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "ec2:TerminateInstances"
      Resource  = "${local.prefix}:ec2:${local.region}:${local.account}:instance/*"
      Condition = { StringEquals = { "aws:ResourceTag/lab:run" = var.run } }
    }]
  })
}
