locals {
  roles = toset(["sut", "load", "db"])

  # Who opens connections to whom; whatever serves takes a free port above 1023. The load host resets the upstream, which is
  # on the db host, and asks what it counted.
  flows = {
    load-to-sut = { from = "load", to = "sut" }
    load-to-db  = { from = "load", to = "db" }
    sut-to-db   = { from = "sut", to = "db" }
  }

  # What hosts fetch while they are prepared: packages.
  outward = { http = 80, https = 443 }
}

resource "aws_security_group" "role" {
  # checkov:skip=CKV2_AWS_5: instances are attached in the module hosts, which the check does not follow


  for_each = local.roles

  name        = "${var.name}-${each.key}"
  description = "The ${each.key} hosts of ${var.name}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  # checkov:skip=CKV_AWS_25: the source is a security group, which the check takes for every address


  for_each = local.flows

  security_group_id            = aws_security_group.role[each.value.to].id
  referenced_security_group_id = aws_security_group.role[each.value.from].id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = 1024
  to_port                      = 65535

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = local.flows

  security_group_id            = aws_security_group.role[each.value.from].id
  referenced_security_group_id = aws_security_group.role[each.value.to].id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = 1024
  to_port                      = 65535

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = local.roles

  security_group_id = aws_security_group.role[each.key].id
  cidr_ipv4         = var.caller_cidr
  description       = "SSH from the machine that runs lab"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22

  tags = { Name = "${var.name}-ssh-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "outward" {
  for_each = { for pair in setproduct(local.roles, keys(local.outward)) : join("-", pair) => { role = pair[0], port = local.outward[pair[1]] } }

  security_group_id = aws_security_group.role[each.value.role].id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "Packages"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = { Name = "${var.name}-${each.key}" }
}
