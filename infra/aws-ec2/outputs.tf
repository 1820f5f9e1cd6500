output "hosts" {
  description = "Lane → role → hosts, each with name, id, private_address and public_address."
  value       = { for name, lane in module.lane : name => lane.hosts }
}

output "images" {
  description = "Image id by architecture, to be pinned."
  value       = local.images
}

output "login" {
  description = "The user that SSH logs in as, by role; it may become root."
  value       = { for role in ["sut", "load", "db"] : role => "admin" }
}

output "spot" {
  description = "Whether AWS may take the hosts away; their metadata then says when."
  value       = var.spot
}
