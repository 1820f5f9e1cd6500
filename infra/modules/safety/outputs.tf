output "schedule_group" {
  description = "The group of the schedules that end the instances."
  value       = aws_scheduler_schedule_group.this.name
}
