mock_provider "aws" {}

run "who_may_reach_whom" {
  command = apply
  module { source = "./modules/reach" }
  variables {
    name           = "t"
    vpc_id         = "vpc-1"
    readers        = ["198.51.100.0/24"]
    outgoing_ports = [443]
    http_port      = 8080
  }

  assert {
    condition = toset([
      for rule in concat(values(aws_vpc_security_group_ingress_rule.readers), values(aws_vpc_security_group_ingress_rule.between)) :
      join(" ", [
        [for name, group in aws_security_group.of : name if group.id == rule.security_group_id][0], "${rule.from_port}-${rule.to_port}",
        rule.cidr_ipv4 != null ? rule.cidr_ipv4 : [for name, group in aws_security_group.of : name if group.id == rule.referenced_security_group_id][0],
      ])
      ]) == toset([
      "balancer 443-443 198.51.100.0/24", "balancer 80-80 198.51.100.0/24", "web 8080-8080 balancer", "silo 30000-30000 web", "silo 30000-30000 silo",
      "silo 11111-11111 silo", "database 5432-5432 web", "database 5432-5432 silo",
    ])
    error_message = "Something lets in what it should not, or shuts out what it should let in."
  }

  assert {
    condition = toset([
      for rule in concat(values(aws_vpc_security_group_egress_rule.outgoing), values(aws_vpc_security_group_egress_rule.between)) :
      join(" ", [
        [for name, group in aws_security_group.of : name if group.id == rule.security_group_id][0], "${rule.from_port}-${rule.to_port}",
        rule.cidr_ipv4 != null ? rule.cidr_ipv4 : [for name, group in aws_security_group.of : name if group.id == rule.referenced_security_group_id][0],
      ])
      ]) == toset([
      "balancer 8080-8080 web", "web 30000-30000 silo", "silo 30000-30000 silo", "silo 11111-11111 silo", "web 5432-5432 database", "silo 5432-5432 database",
      "web 443-443 0.0.0.0/0", "silo 443-443 0.0.0.0/0",
    ])
    error_message = "Something reaches what it should not, or does not reach what it must."
  }

  assert {
    condition = alltrue([
      for rule in concat(
        values(aws_vpc_security_group_ingress_rule.readers), values(aws_vpc_security_group_ingress_rule.between),
        values(aws_vpc_security_group_egress_rule.outgoing), values(aws_vpc_security_group_egress_rule.between)
      ) : rule.ip_protocol == "tcp"
    ])
    error_message = "A rule is of more than TCP."
  }
}
