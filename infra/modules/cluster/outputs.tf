output "name" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.name
}

output "instance_profile" {
  description = "What hosts need in order to join."
  value       = aws_iam_instance_profile.host.name

  depends_on = [aws_iam_role_policy_attachment.host]
}

output "task_definitions" {
  description = "Task definition by implementation; a trial runs one as a task, with the cell's command and environment."
  value       = { for name, definition in aws_ecs_task_definition.server : name => definition.arn }
}
