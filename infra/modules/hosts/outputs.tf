output "hosts" {
  description = "The lane's hosts by role; names are unique within the run."
  value = {
    for role in keys(var.roles) : role => [
      for name, host in local.hosts : {
        name            = name
        id              = aws_instance.this[name].id
        private_address = aws_instance.this[name].private_ip
        public_address  = aws_instance.this[name].public_ip
      } if host.role == role
    ]
  }
}

output "instance_ids" {
  description = "Instance id by the host's name."
  value       = { for name, instance in aws_instance.this : name => instance.id }
}
