mock_provider "aws" {
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/t/1" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/t/1/1" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = { arn = "arn:aws:acm:eu-central-1:123456789012:certificate/2" }
  }
  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/2" }
  }
  override_resource {
    target = aws_lb_target_group.of["ingest"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/ingest/1" }
  }
  override_resource {
    target = aws_lb_target_group.of["query"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/query/1" }
  }
}

variables {
  name              = "t"
  vpc_id            = "vpc-1"
  subnets           = ["subnet-1", "subnet-2"]
  security_group    = "sg-1"
  domain            = "bayou.example.com"
  zone_id           = null
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
  http_port         = 8080
  drain_seconds     = 10
  delete_protection = true
}

run "listens" {
  command = apply
  module { source = "./modules/balancer" }

  assert {
    condition = (
      aws_lb_listener.https.port == 443
      && aws_lb_listener.https.protocol == "HTTPS"
      && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13-1-2")
    )
    error_message = "It must speak TLS 1.2 or later on 443."
  }

  assert {
    condition = (
      aws_lb_listener.http.port == 80
      && aws_lb_listener.http.default_action[0].type == "redirect"
      && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    )
    error_message = "Port 80 must only send on to https."
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].target_group_arn == aws_lb_target_group.of["query"].arn
    error_message = "What is not ingest must go to the query nodes."
  }

  assert {
    condition = aws_lb_listener_rule.ingest.action[0].target_group_arn == aws_lb_target_group.of["ingest"].arn && toset(flatten([
      for condition in aws_lb_listener_rule.ingest.condition :
      concat(flatten(condition.path_pattern[*].values[*]), flatten(condition.http_request_method[*].values[*]))
    ])) == toset(["/ingest/*", "/v1/*", "POST", "OPTIONS"])
    error_message = "What is sent, and that alone, must go to the ingest nodes."
  }

  assert {
    condition = alltrue([
      for group in aws_lb_target_group.of :
      group.health_check[0].path == "/health/readiness"
      && group.health_check[0].interval == 5
      && group.health_check[0].unhealthy_threshold == 2
      && group.port == 8080
    ])
    error_message = "The balancer must ask for readiness often enough."
  }

  assert {
    condition = alltrue([
      for group in aws_lb_target_group.of :
      tonumber(group.deregistration_delay) == var.drain_seconds
      && group.health_check[0].interval * group.health_check[0].unhealthy_threshold <= var.drain_seconds
    ])
    error_message = "A node must go on answering until the balancer has seen that it ends."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection
    error_message = "The balancer must drop headers that are wrong, and not be deleted by accident."
  }
}

run "with_a_zone" {
  command = apply
  module { source = "./modules/balancer" }
  variables {
    zone_id         = "Z1"
    certificate_arn = null
  }
  override_resource {
    target = aws_acm_certificate.this
    values = {
      arn = "arn:aws:acm:eu-central-1:123456789012:certificate/2"
      domain_validation_options = [{
        domain_name           = "bayou.example.com", resource_record_name = "_x.bayou.example.com", resource_record_type = "CNAME",
        resource_record_value = "_y.acm"
      }]
    }
  }

  assert {
    condition = (
      aws_lb_listener.https.certificate_arn == aws_acm_certificate_validation.this[0].certificate_arn
      && aws_route53_record.this[0].name == "bayou.example.com"
    )
    error_message = "With a zone the certificate and the name must be made."
  }
}

run "without_tls" {
  command = plan
  module { source = "./modules/balancer" }
  variables { certificate_arn = null }
  expect_failures = [aws_lb.this]
}
