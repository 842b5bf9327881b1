mock_provider "aws" {}

variables {
  name    = "t"
  cidr    = "10.20.0.0/16"
  zones   = ["eu-central-1a", "eu-central-1b"]
  region  = "eu-central-1"
  one_nat = false
}

run "made" {
  command = apply
  module { source = "./modules/network" }

  assert {
    condition     = length(output.public_subnets) == 2 && length(output.private_subnets) == 2 && length(aws_nat_gateway.this) == 2
    error_message = "Each zone must have a public and a private subnet, and a way out of its own."
  }

  assert {
    condition     = alltrue([for table in aws_route_table.private : alltrue([for route in table.route : route.gateway_id == null || route.gateway_id == ""])])
    error_message = "A private subnet leads to the internet gateway."
  }

  assert {
    condition     = alltrue([for zone, association in aws_route_table_association.private : association.route_table_id == aws_route_table.private[zone].id])
    error_message = "A private subnet has another table than its own."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch != true])
    error_message = "A subnet gives public addresses."
  }

  assert {
    condition     = length(aws_default_security_group.closed) == 1 && length(coalesce(aws_default_security_group.closed[0].ingress, [])) == 0
    error_message = "The group that nobody chose lets somebody in."
  }
}

run "one_way_out" {
  command = apply
  module { source = "./modules/network" }
  variables { one_nat = true }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route_table.private) == 2
    error_message = "There must be one way out, for all zones."
  }
}

run "there_already" {
  command = apply
  module { source = "./modules/network" }
  variables {
    existing = { vpc_id = "vpc-9", public_subnets = ["subnet-1", "subnet-2"], private_subnets = ["subnet-3", "subnet-4"] }
  }

  assert {
    condition = (
      length(aws_vpc.this) == 0
      && length(aws_subnet.private) == 0
      && output.vpc_id == "vpc-9"
      && output.private_subnets == tolist(["subnet-3", "subnet-4"])
    )
    error_message = "A network that is there already must be used, and nothing made in it."
  }
}
