mock_provider "aws" {
  override_during = plan
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/t" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1", domain_name = "d1.cloudfront.net" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::t-page-1" }
  }
  mock_resource "aws_db_instance" {
    defaults = { endpoint = "t.example:5432" }
  }
  mock_data "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bayou-AbCdEf" }
  }
}

variables {
  environment       = "production"
  region            = "eu-central-1"
  zones             = ["eu-central-1a", "eu-central-1b"]
  image_tag         = "1"
  domain            = "bayou.example.com"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
  secret_name       = "bayou-production"
  database_password = "not a secret"
}

run "production" {
  command = plan

  assert {
    condition = {
      for name, container in { silo = module.silo.container, ingest = module.web["ingest"].container, query = module.web["query"].container } :
      name => toset(container.portMappings[*].containerPort)
      } == {
      silo = toset([11111, 30000, 8080]), ingest = toset([8080]), query = toset([8080])
    }
    error_message = "A service has other ports."
  }

  assert {
    condition = alltrue([
      for container in [module.web["ingest"].container, module.web["query"].container] : container.stopTimeout >= 10 + tonumber([
        for setting in container.environment : setting.value if setting.name == "Bayou__Cluster__DrainSeconds"
      ][0]) + 5
    ]) && module.silo.container.stopTimeout >= 15
    error_message = "A node is killed before it has drained and its jobs have ended."
  }

  assert {
    condition = { for name, container in { ingest = module.web["ingest"].container, query = module.web["query"].container } : name => [
      for setting in container.environment : setting.value if setting.name == "Bayou__Roles"
    ][0] } == { ingest = "ingest", query = "query,ui" }
    error_message = "What is written and what is read must be served apart."
  }

  assert {
    condition = alltrue([
      for container in [module.silo.container, module.web["ingest"].container, module.web["query"].container] :
      jsonencode(container.linuxParameters.capabilities) == jsonencode({ add = [], drop = ["ALL"] })
    ])
    error_message = "A container must have no capabilities, and say so as ECS gives it back: else each plan would replace it."
  }

  assert {
    condition     = module.silo.container.entryPoint == tolist(["dotnet", "Silo.dll"]) && module.web["query"].container.entryPoint == null
    error_message = "A silo must run Silo.dll, a web node what the image runs."
  }

  assert {
    condition = alltrue([
      for container in [module.silo.container, module.web["ingest"].container, module.web["query"].container] :
      toset(container.secrets[*].name) == toset(["PGPASSWORD", "BAYOU_TOKEN", "BAYOU_SECRET_KEY"]) && container.readonlyRootFilesystem
      && alltrue([for setting in container.environment : !strcontains(setting.value, "not a secret")])
    ])
    error_message = "Secrets must come from the secret alone, and nothing be written to the image."
  }

  assert {
    condition = alltrue([
      for container in [module.silo.container, module.web["ingest"].container, module.web["query"].container] :
      strcontains(container.healthCheck.command[1], "/health/liveness")
    ])
    error_message = "A node that hangs must be started again."
  }

  assert {
    condition = strcontains([
      for setting in module.silo.container.environment : setting.value if setting.name == "BAYOU_DATABASE_URL"
    ][0], "sslmode=require")
    error_message = "The way to the database must be encrypted."
  }
}

run "service" {
  command = plan
  module { source = "./modules/service" }
  variables {
    name = "query"
    shared = {
      image       = "i", cpu_architecture = "X86_64", cluster = "t"
      roles       = { execution = "arn:aws:iam::123456789012:role/e", task = "arn:aws:iam::123456789012:role/t" }
      log_groups  = { query = "/t/query" }, region = "eu-central-1", subnets = ["subnet-3"], task = { cpu = 1024, memory = 2048 }
      counts      = { least = 2, most = 10 }
      environment = {}, secrets = {}
    }
    environment    = {}
    ports          = [8080]
    security_group = "sg-2"
    stop_timeout   = 30
    target = {
      arn   = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/q/1"
      label = "app/t/1/targetgroup/q/1", suffix = "targetgroup/q/1"
    }
    requests = 6000
  }

  assert {
    condition = (
      !aws_ecs_service.this.network_configuration[0].assign_public_ip
      && aws_ecs_service.this.network_configuration[0].security_groups == toset(["sg-2"])
    )
    error_message = "A task must have no public address, and its group alone."
  }

  assert {
    condition = (
      aws_ecs_service.this.deployment_minimum_healthy_percent == 100
      && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
      && aws_ecs_service.this.wait_for_steady_state
    )
    error_message = "A deployment must take nothing away, and go back where it fails."
  }

  assert {
    condition = {
      for name, policy in aws_appautoscaling_policy.by : name => policy.target_tracking_scaling_policy_configuration[0].target_value
    } == { cpu = 70, memory = 80, requests = 6000 }
    error_message = "It must scale by CPU, memory and requests."
  }

  assert {
    condition     = alltrue([for policy in aws_appautoscaling_policy.by : policy.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 300])
    error_message = "It must wait five minutes before there are fewer."
  }

  assert {
    condition = (
      aws_appautoscaling_target.this.min_capacity == 2
      && aws_appautoscaling_target.this.max_capacity == 10
      && aws_ecs_service.this.desired_count == 2
    )
    error_message = "There are more or fewer than there should be."
  }
}

run "small" {
  command = plan
  variables { environment = "staging" }

  assert {
    condition     = local.counts == { least = 1, most = 10 } && local.max_connections <= 8192 * 1048576 / 9531392
    error_message = "A small one begins with one of each, and its database can hold the connections of all."
  }
}

run "middle" {
  command = plan
  variables { size = "M" }

  assert {
    condition     = local.counts == { least = 2, most = 10 } && local.max_connections <= 5000
    error_message = "A middle one in production begins with two of each."
  }
}

run "large" {
  command = plan
  variables { size = "L" }

  assert {
    condition     = local.counts == { least = 2, most = 20 } && local.max_connections <= 5000
    error_message = "A large one may have twenty of each."
  }
}

run "size_that_is_none" {
  command = plan
  variables { size = "XXL" }
  expect_failures = [var.size]
}

run "one_zone" {
  command = plan
  variables { zones = ["eu-central-1a"] }
  expect_failures = [var.zones]
}

run "page_from_cloudfront" {
  command = plan
  variables { page_from_cloudfront = true }

  assert {
    condition = { for name in ["ingest", "query"] : name => [
      for setting in module.web[name].container.environment : setting.value if setting.name == "BAYOU_ASSETS_URL"
    ] } == { ingest = [], query = ["https://d1.cloudfront.net"] }
    error_message = "Nodes that serve the page must say where its files are."
  }
}

run "page_from_web_nodes" {
  command = plan

  assert {
    condition = length(module.page) == 0 && output.assets == "" && alltrue([
      for setting in module.web["query"].container.environment : setting.name != "BAYOU_ASSETS_URL"
    ])
    error_message = "Without CloudFront there must be none."
  }
}

run "page_from_cloudfront_for_few" {
  command = plan
  variables {
    page_from_cloudfront = true
    readers              = ["192.0.2.0/24"]
  }
  expect_failures = [var.page_from_cloudfront]
}
