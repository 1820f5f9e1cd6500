locals {
  published = {
    debian-amd64 = "/aws/service/debian/release/12/latest/amd64"
    debian-arm64 = "/aws/service/debian/release/12/latest/arm64"
    ecs-amd64    = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    ecs-arm64    = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
  }

  used   = toset(flatten([for roles in var.hardware : [for role, shape in roles : "${local.systems[role]}-${shape.architecture}"]]))
  pinned = merge([for system, images in var.images : { for architecture, image in images : "${system}-${architecture}" => image }]...)
  images = merge({ for name, image in data.aws_ssm_parameter.image : name => image.insecure_value }, local.pinned)
}

# A run's images are pinned; these are read for systems without one, such as when they are pinned for the first time.
data "aws_ssm_parameter" "image" {
  for_each = setsubtract(local.used, keys(local.pinned))

  name = local.published[each.key]
}
