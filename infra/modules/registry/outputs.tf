output "urls" {
  description = "Where to push an image to, by its name."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}
