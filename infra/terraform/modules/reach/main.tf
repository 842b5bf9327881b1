# Who may reach whom, in one table: each flow is a rule out of one group and into the other.
variable "name" { type = string }
variable "vpc_id" { type = string }
variable "readers" { type = list(string) }
variable "outgoing_ports" { type = list(number) }
variable "http_port" { type = number }

locals {
  groups = {
    balancer = "Takes requests of readers and senders"
    web      = "Web nodes: ingest and query"
    silo     = "Silos"
    database = "PostgreSQL"
  }

  # readers is a network, all else are groups.
  flows = {
    "readers-balancer-https" = { from = "readers", to = "balancer", port = 443 }
    "readers-balancer-http"  = { from = "readers", to = "balancer", port = 80 } # is sent on to https
    "balancer-web"           = { from = "balancer", to = "web", port = var.http_port }
    "web-silo"               = { from = "web", to = "silo", port = 30000 }
    "silo-silo"              = { from = "silo", to = "silo", port = 11111 }
    "silo-silo-gateway"      = { from = "silo", to = "silo", port = 30000 }
    "web-database"           = { from = "web", to = "database", port = 5432 }
    "silo-database"          = { from = "silo", to = "database", port = 5432 }
  }

  from_readers = merge([
    for name, flow in local.flows : { for network in var.readers : "${name}-${network}" => merge(flow, { network = network }) } if flow.from == "readers"
  ]...)
  between = { for name, flow in local.flows : name => flow if flow.from != "readers" }
  outgoing = {
    for pair in setproduct(["web", "silo"], var.outgoing_ports) : "${pair[0]}-${pair[1]}" => { from = pair[0], port = pair[1] }
  }
}

resource "aws_security_group" "of" {
  for_each               = local.groups
  name                   = "${var.name}-${each.key}"
  description            = each.value
  vpc_id                 = var.vpc_id
  revoke_rules_on_delete = true
}

resource "aws_vpc_security_group_ingress_rule" "readers" {
  for_each          = local.from_readers
  security_group_id = aws_security_group.of[each.value.to].id
  cidr_ipv4         = each.value.network
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "between" {
  for_each                     = local.between
  security_group_id            = aws_security_group.of[each.value.to].id
  referenced_security_group_id = aws_security_group.of[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "between" {
  for_each                     = local.between
  security_group_id            = aws_security_group.of[each.value.from].id
  referenced_security_group_id = aws_security_group.of[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "outgoing" {
  for_each          = local.outgoing
  security_group_id = aws_security_group.of[each.value.from].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

output "groups" { value = { for name, group in aws_security_group.of : name => group.id } }
