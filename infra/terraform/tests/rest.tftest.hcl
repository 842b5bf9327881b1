mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:t-alarms" }
  }
}

run "registry" {
  command = plan
  module { source = "./modules/registry" }
  variables {
    name          = "t"
    is_production = true
  }

  assert {
    condition = (
      aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
      && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
      && !aws_ecr_repository.this.force_delete
    )
    error_message = "A tag must be of one image, each looked through, and none deleted by accident."
  }
}

run "cluster" {
  command = apply
  module { source = "./modules/cluster" }
  variables {
    name           = "t"
    repository_arn = "arn:aws:ecr:eu-central-1:123456789012:repository/t"
    secret_arn     = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:t"
    log_days       = 90
  }

  assert {
    condition = (
      toset(keys(aws_cloudwatch_log_group.of)) == toset(["silo", "ingest", "query"])
      && alltrue([for group in aws_cloudwatch_log_group.of : group.retention_in_days == 90])
    )
    error_message = "Each service must have a log, kept for a while and no longer."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.execution.statement :
      statement.resources != toset(["*"]) || statement.actions == toset(["ecr:GetAuthorizationToken"])
    ])
    error_message = "A role may do something to everything."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.execution.statement :
      alltrue([for action in statement.actions : !strcontains(action, "*")])
    ])
    error_message = "A role may do everything to something."
  }
}

run "alarms" {
  command = apply
  module { source = "./modules/alarms" }
  variables {
    name      = "t"
    email     = "ops@example.com"
    balancer  = "app/t/1"
    targets   = { ingest = "targetgroup/i/1", query = "targetgroup/q/1" }
    cluster   = "t"
    services  = ["silo", "ingest", "query"]
    database  = "t"
    min_bytes = 1000
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.on : name => alarm.threshold } == {
      "slow"          = 1, "database-storage" = 1000, "database-cpu" = 85, "silo-cpu" = 85, "ingest-cpu" = 85, "query-cpu" = 85, "silo-memory" = 90,
      "ingest-memory" = 90, "query-memory" = 90, "ingest-healthy-hosts" = 1, "query-healthy-hosts" = 1,
    }
    error_message = "An alarm is missing, or has another limit."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.threshold == 5 && aws_cloudwatch_metric_alarm.on["slow"].extended_statistic == "p95"
    error_message = "Errors must be told of beyond 5 %, slowness by p95."
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.on :
      alarm.comparison_operator == (strcontains(name, "hosts") || strcontains(name, "storage") ? "LessThanThreshold" : "GreaterThanThreshold")
    ])
    error_message = "An alarm is the wrong way round."
  }

  assert {
    condition = (
      aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.alarms.arn
      && aws_kms_key.alarms.enable_key_rotation
      && aws_sns_topic_subscription.email[0].endpoint == "ops@example.com"
    )
    error_message = "Alarms must be encrypted, and reach somebody."
  }
}
