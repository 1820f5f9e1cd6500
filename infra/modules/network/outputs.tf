output "subnet_id" {
  description = "The subnet of all hosts; it can be used once its way out and the groups' rules exist."
  value       = aws_subnet.this.id

  depends_on = [aws_route.internet, aws_route_table_association.this]
}

output "security_group_ids" {
  description = "Security group by role."
  value       = { for role, group in aws_security_group.role : role => group.id }

  depends_on = [
    aws_vpc_security_group_ingress_rule.flow,
    aws_vpc_security_group_ingress_rule.ssh,
    aws_vpc_security_group_egress_rule.flow,
    aws_vpc_security_group_egress_rule.outward,
  ]
}
