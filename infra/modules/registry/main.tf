resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136: images hold public sources alone; the default encryption does


  for_each = var.images

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true

  image_scanning_configuration {
    scan_on_push = true
  }

  tags = { Name = "${var.name}/${each.key}" }
}
