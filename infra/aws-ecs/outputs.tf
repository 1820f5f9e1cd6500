output "hosts" {
  description = "Lane → role → hosts, each with name, id, private_address and public_address."
  value       = { for name, lane in module.lane : name => lane.hosts }
}

output "images" {
  description = "Image id by system and architecture, to be pinned."
  value       = local.images
}

output "login" {
  description = "The user that SSH logs in as, by role; it may become root."
  value       = { for role, system in local.systems : role => { debian = "admin", ecs = "ec2-user" }[system] }
}

output "cluster" {
  description = "The cluster that the systems under test belong to."
  value       = module.cluster.name
}

output "repositories" {
  description = "Where each implementation's image is pushed to."
  value       = module.registry.urls
}

output "task_definitions" {
  description = "Task definition by implementation."
  value       = module.cluster.task_definitions
}
