# A network with public subnets for the load balancer alone and private ones for all else; or one that is there already.
variable "name" { type = string }
variable "cidr" { type = string }
variable "zones" { type = list(string) }
variable "region" { type = string }
variable "existing" {
  type    = object({ vpc_id = string, public_subnets = list(string), private_subnets = list(string) })
  default = null
}
variable "one_nat" {
  description = "One way out for all zones: cheaper, and gone with its zone."
  type        = bool
}

locals {
  zones = var.existing == null ? { for at, zone in var.zones : zone => at } : {}
  nats  = var.one_nat ? { for zone, at in local.zones : zone => at if at == 0 } : local.zones
}

resource "aws_vpc" "this" {
  count                = var.existing == null ? 1 : 0
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# What nobody chose lets nobody in.
resource "aws_default_security_group" "closed" {
  count  = length(aws_vpc.this)
  vpc_id = aws_vpc.this[0].id
}

resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 8, each.value)
  tags              = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value + 1)
  tags              = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_internet_gateway" "this" {
  count  = length(aws_vpc.this)
  vpc_id = aws_vpc.this[0].id
}

resource "aws_route_table" "public" {
  count  = length(aws_vpc.this)
  vpc_id = aws_vpc.this[0].id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this[0].id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "nat" {
  for_each = local.nats
  domain   = "vpc"
}

resource "aws_nat_gateway" "this" {
  for_each      = local.nats
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = aws_eip.nat[each.key].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "private" {
  for_each = local.zones
  vpc_id   = aws_vpc.this[0].id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.this[var.one_nat ? var.zones[0] : each.key].id
  }
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

# Layers of images come from S3: through this they cost nothing.
resource "aws_vpc_endpoint" "s3" {
  count           = length(aws_vpc.this)
  vpc_id          = aws_vpc.this[0].id
  service_name    = "com.amazonaws.${var.region}.s3"
  route_table_ids = [for table in aws_route_table.private : table.id]
}

output "vpc_id" { value = var.existing == null ? aws_vpc.this[0].id : var.existing.vpc_id }
output "public_subnets" {
  value      = var.existing == null ? [for subnet in aws_subnet.public : subnet.id] : var.existing.public_subnets
  depends_on = [aws_route_table_association.public] # What is in them must be reached.
}
output "private_subnets" { value = var.existing == null ? [for subnet in aws_subnet.private : subnet.id] : var.existing.private_subnets }
