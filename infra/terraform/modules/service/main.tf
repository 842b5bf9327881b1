# One kind of node: its task, how many there are, and when there are more.
variable "name" { type = string }
variable "shared" {
  type = object({
    image            = string
    cpu_architecture = string
    cluster          = string
    roles            = object({ execution = string, task = string })
    log_groups       = map(string)
    region           = string
    subnets          = list(string)
    task             = object({ cpu = number, memory = number })
    counts           = object({ least = number, most = number })
    environment      = map(string)
    secrets          = map(string)
  })
}
variable "entry_point" {
  description = "Null for the image's own."
  type        = list(string)
  default     = null
}
variable "environment" { type = map(string) }
variable "ports" { type = list(number) }
variable "security_group" { type = string }
variable "stop_timeout" {
  description = "Seconds from SIGTERM to SIGKILL."
  type        = number
}
variable "target" {
  description = "Of the load balancer; null for what it does not reach."
  type        = object({ arn = string, label = string, suffix = string })
  default     = null
}
variable "requests" {
  description = "Per minute and task, beyond which there are more tasks."
  type        = number
  default     = 0
}

locals {
  container = {
    name                   = var.name
    image                  = var.shared.image
    essential              = true
    entryPoint             = var.entry_point
    readonlyRootFilesystem = true
    # As ECS gives it back, add among it: else each plan would have a new task.
    linuxParameters = { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = true }
    stopTimeout     = var.stop_timeout
    portMappings    = [for port in var.ports : { containerPort = port, protocol = "tcp" }]
    mountPoints     = [{ sourceVolume = "tmp", containerPath = "/tmp" }]
    environment     = [for name, value in merge(var.shared.environment, var.environment) : { name = name, value = value }]
    secrets         = [for name, from in var.shared.secrets : { name = name, valueFrom = from }]
    healthCheck = {
      command     = ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:8080/health/liveness"]
      interval    = 10
      timeout     = 3
      retries     = 3
      startPeriod = 60
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.shared.log_groups[var.name]
        awslogs-region        = var.shared.region
        awslogs-stream-prefix = var.name
        mode                  = "non-blocking" # Bayou does not wait for its own log.
        max-buffer-size       = "4m"
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.shared.cluster}-${var.name}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.shared.task.cpu
  memory                   = var.shared.task.memory
  execution_role_arn       = var.shared.roles.execution
  task_role_arn            = var.shared.roles.task
  skip_destroy             = true # The one before stays, to go back to.
  container_definitions    = jsonencode([{ for key, value in local.container : key => value if value != null }])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.shared.cpu_architecture
  }

  volume { name = "tmp" }
}

resource "aws_ecs_service" "this" {
  name                               = var.name
  cluster                            = var.shared.cluster
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = var.shared.counts.least
  launch_type                        = "FARGATE"
  propagate_tags                     = "SERVICE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.target == null ? null : 60
  wait_for_steady_state              = true # What comes after it must not begin before it is well.

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.shared.subnets
    security_groups  = [var.security_group]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = var.target == null ? [] : [var.target]
    content {
      target_group_arn = load_balancer.value.arn
      container_name   = var.name
      container_port   = var.ports[0]
    }
  }

  lifecycle { ignore_changes = [desired_count] } # It is scaled.
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${var.shared.cluster}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.shared.counts.least
  max_capacity       = var.shared.counts.most
}

locals {
  scaling = merge(
    {
      cpu    = { metric = "ECSServiceAverageCPUUtilization", value = 70, label = null }
      memory = { metric = "ECSServiceAverageMemoryUtilization", value = 80, label = null }
    },
    var.target == null ? {} : { requests = { metric = "ALBRequestCountPerTarget", value = var.requests, label = var.target.label } }
  )
}

resource "aws_appautoscaling_policy" "by" {
  for_each           = local.scaling
  name               = "${var.shared.cluster}-${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_in_cooldown  = 300 # seconds
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }
}

output "container" {
  description = "What runs, as its task definition has it."
  value       = local.container
}
