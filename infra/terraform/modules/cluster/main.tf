# What the services share: the cluster, their logs, and what they may do in AWS.
variable "name" { type = string }
variable "repository_arn" { type = string }
variable "secret_arn" { type = string }
variable "log_days" { type = number }

resource "aws_ecs_cluster" "this" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "of" {
  for_each          = toset(["silo", "ingest", "query"])
  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
}

data "aws_iam_policy_document" "by_tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# Starts tasks: pulls this image, reads this secret, writes these logs.
data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # It is of no repository.
  }
  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn]
  }
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.secret_arn]
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.of : "${group.arn}:*"]
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.by_tasks.json
}

resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# What runs may do in AWS: nothing.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = data.aws_iam_policy_document.by_tasks.json
}

output "name" { value = aws_ecs_cluster.this.name }
output "log_groups" { value = { for name, group in aws_cloudwatch_log_group.of : name => group.name } }
output "roles" { value = { execution = aws_iam_role.execution.arn, task = aws_iam_role.task.arn } }
