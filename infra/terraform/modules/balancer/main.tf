# The one thing that is public: TLS ends here, and what is written goes to other nodes than what is read.
variable "name" { type = string }
variable "vpc_id" { type = string }
variable "subnets" { type = list(string) }
variable "security_group" { type = string }
variable "domain" { type = string }
variable "zone_id" { type = string }
variable "certificate_arn" { type = string }
variable "http_port" { type = number }
variable "drain_seconds" { type = number }
variable "delete_protection" { type = bool }

locals {
  has_zone    = var.zone_id != null
  certificate = local.has_zone ? aws_acm_certificate_validation.this[0].certificate_arn : var.certificate_arn
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnets
  security_groups            = [var.security_group]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.delete_protection
  idle_timeout               = 120 # seconds; event streams say something every 15

  lifecycle {
    precondition {
      condition     = local.has_zone || var.certificate_arn != null
      error_message = "zone_id or certificate_arn must be given: there is no Bayou without TLS."
    }
  }
}

resource "aws_lb_target_group" "of" {
  for_each             = toset(["ingest", "query"])
  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  port                 = var.http_port
  protocol             = "HTTP"
  target_type          = "ip"
  deregistration_delay = var.drain_seconds

  health_check {
    path                = "/health/readiness"
    interval            = 5
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = local.certificate

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.of["query"].arn
  }
}

resource "aws_lb_listener_rule" "ingest" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.of["ingest"].arn
  }

  condition {
    path_pattern { values = ["/ingest/*", "/v1/*"] } # /v1 is OpenTelemetry's
  }

  condition {
    http_request_method { values = ["POST", "OPTIONS"] } # pages of other origins ask before they send
  }
}

resource "aws_acm_certificate" "this" {
  count             = local.has_zone ? 1 : 0
  domain_name       = var.domain
  validation_method = "DNS"
  lifecycle { create_before_destroy = true }
}

resource "aws_route53_record" "validation" {
  for_each = local.has_zone ? toset([var.domain]) : toset([])
  zone_id  = var.zone_id
  name     = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type     = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records  = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl      = 300
}

resource "aws_acm_certificate_validation" "this" {
  count                   = local.has_zone ? 1 : 0
  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_route53_record" "this" {
  count   = local.has_zone ? 1 : 0
  zone_id = var.zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}

output "dns_name" { value = aws_lb.this.dns_name }
output "suffix" { value = aws_lb.this.arn_suffix }
output "targets" {
  value = {
    for name, group in aws_lb_target_group.of : name => {
      arn    = group.arn
      suffix = group.arn_suffix
      label  = "${aws_lb.this.arn_suffix}/${group.arn_suffix}"
    }
  }
  depends_on = [aws_lb_listener.https, aws_lb_listener_rule.ingest] # A service needs its group in use.
}
