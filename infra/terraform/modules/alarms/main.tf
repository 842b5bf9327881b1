# Who is told when it is not well.
variable "name" { type = string }
variable "email" { type = string }
variable "balancer" { type = string }
variable "targets" { type = map(string) }
variable "cluster" { type = string }
variable "services" { type = list(string) }
variable "database" { type = string }
variable "min_bytes" {
  description = "Of free storage."
  type        = number
}

locals {
  limits = merge(
    {
      "slow" = {
        namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "p95", above = true, limit = 1
        of        = { LoadBalancer = var.balancer }
      }
      "database-storage" = {
        namespace = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum", above = false, limit = var.min_bytes
        of        = { DBInstanceIdentifier = var.database }
      }
      "database-cpu" = {
        namespace = "AWS/RDS", metric = "CPUUtilization", statistic = "Average", above = true, limit = 85
        of        = { DBInstanceIdentifier = var.database }
      }
    },
    { for service in var.services : "${service}-cpu" => {
      namespace = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", above = true, limit = 85
      of        = { ClusterName = var.cluster, ServiceName = service }
    } },
    { for service in var.services : "${service}-memory" => {
      namespace = "AWS/ECS", metric = "MemoryUtilization", statistic = "Average", above = true, limit = 90
      of        = { ClusterName = var.cluster, ServiceName = service }
    } },
    { for name, target in var.targets : "${name}-healthy-hosts" => {
      namespace = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Minimum", above = false, limit = 1
      of        = { LoadBalancer = var.balancer, TargetGroup = target }
    } }
  )
}

data "aws_caller_identity" "current" {}

# Alarms cannot write to a topic that is encrypted by AWS's own key.
data "aws_iam_policy_document" "key" {
  statement {
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
  }
}

resource "aws_kms_key" "alarms" {
  description         = "${var.name}: alarms"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.alarms.arn
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.email == null ? 0 : 1
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.email
}

resource "aws_cloudwatch_metric_alarm" "on" {
  for_each            = local.limits
  alarm_name          = "${var.name}-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.of
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.limit
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = each.value.above ? "notBreaching" : "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5 # percent
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "rate"
    expression  = "100 * (FILL(target, 0) + FILL(balancer, 0)) / requests"
    label       = "Errors, percent"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { requests = "RequestCount", target = "HTTPCode_Target_5XX_Count", balancer = "HTTPCode_ELB_5XX_Count" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = var.balancer }
        stat        = "Sum"
        period      = 60
      }
    }
  }
}
