# Private addresses never leave the VPC, so that every run may use the same ones.
resource "aws_vpc" "this" {
  # checkov:skip=CKV2_AWS_11: nobody but the caller gets in, and the network lives for hours
  # checkov:skip=CKV2_AWS_12: no host is in the default group, and to close it takes rights over groups that carry no tag of the run


  cidr_block           = "10.42.0.0/20"
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# One subnet: a run's hosts stand in one zone, where traffic between them is fastest and free.
resource "aws_subnet" "this" {
  vpc_id               = aws_vpc.this.id
  cidr_block           = aws_vpc.this.cidr_block
  availability_zone_id = var.zone_id

  tags = { Name = var.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}
