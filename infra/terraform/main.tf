locals {
  name          = "bayou-${var.environment}"
  drain_seconds = 10 # two failed health checks of 5 s
  http_port     = 8080
}

data "aws_secretsmanager_secret" "bayou" {
  name = var.secret_name
}

module "network" {
  source   = "./modules/network"
  name     = local.name
  cidr     = var.cidr
  zones    = var.zones
  existing = var.existing_network
  one_nat  = !local.is_production
  region   = var.region
}

module "reach" {
  source         = "./modules/reach"
  name           = local.name
  vpc_id         = module.network.vpc_id
  readers        = var.readers
  outgoing_ports = var.outgoing_ports
  http_port      = local.http_port
}

module "balancer" {
  source            = "./modules/balancer"
  name              = local.name
  vpc_id            = module.network.vpc_id
  subnets           = module.network.public_subnets
  security_group    = module.reach.groups.balancer
  domain            = var.domain
  zone_id           = var.zone_id
  certificate_arn   = var.certificate_arn
  http_port         = local.http_port
  drain_seconds     = local.drain_seconds
  delete_protection = local.is_protected
}

module "database" {
  source           = "./modules/database"
  name             = local.name
  class            = local.size.database
  storage          = local.size.storage
  max_connections  = local.max_connections
  subnets          = module.network.private_subnets
  security_group   = module.reach.groups.database
  password         = var.database_password
  password_version = var.database_password_version
  is_production    = local.is_production
  is_protected     = local.is_protected
  last_snapshot    = var.last_snapshot
}

module "page" {
  source = "./modules/page"
  count  = var.page_from_cloudfront ? 1 : 0
  name   = local.name
  domain = var.domain
}

module "registry" {
  source        = "./modules/registry"
  name          = local.name
  is_production = local.is_production
}

module "cluster" {
  source         = "./modules/cluster"
  name           = local.name
  repository_arn = module.registry.arn
  secret_arn     = data.aws_secretsmanager_secret.bayou.arn
  log_days       = local.is_production ? 90 : 14
}

locals {
  # What is the same for all three; see docs/operations.md.
  shared = {
    image            = "${module.registry.url}:${var.image_tag}"
    cpu_architecture = var.cpu_architecture
    cluster          = module.cluster.name
    roles            = module.cluster.roles
    log_groups       = module.cluster.log_groups
    region           = var.region
    subnets          = module.network.private_subnets
    task             = local.size.task
    counts           = local.counts
    environment = {
      BAYOU_DATABASE_URL              = "postgres://${module.database.user}@${module.database.endpoint}/bayou?sslmode=require"
      BAYOU_ALLOWED_HOSTS             = var.domain
      Bayou__Cluster__Mode            = "postgres"
      Bayou__Cluster__ClusterId       = local.name
      Bayou__Database__MaxConnections = tostring(local.size.connections)
    }
    secrets = {
      PGPASSWORD       = "${data.aws_secretsmanager_secret.bayou.arn}:database_password::"
      BAYOU_TOKEN      = "${data.aws_secretsmanager_secret.bayou.arn}:token::"
      BAYOU_SECRET_KEY = "${data.aws_secretsmanager_secret.bayou.arn}:secret_key::"
    }
  }

  # What is written and what is read, apart. Requests are per minute and task, beyond which there are more tasks.
  web = {
    ingest = { roles = "ingest", requests = 30000, environment = {} }
    query  = { roles = "query,ui", requests = 6000, environment = { for page in module.page : "BAYOU_ASSETS_URL" => page.url } }
  }
}

module "silo" {
  source         = "./modules/service"
  name           = "silo"
  shared         = local.shared
  entry_point    = ["dotnet", "Silo.dll"]
  environment    = {}
  ports          = [11111, 30000, local.http_port]
  security_group = module.reach.groups.silo
  stop_timeout   = 20
}

module "web" {
  source         = "./modules/service"
  for_each       = local.web
  name           = each.key
  shared         = local.shared
  ports          = [local.http_port]
  security_group = module.reach.groups.web
  stop_timeout   = 30
  target         = module.balancer.targets[each.key]
  requests       = each.value.requests
  environment = merge(each.value.environment, {
    ASPNETCORE_FORWARDEDHEADERS_ENABLED = "true"
    Bayou__Cluster__DrainSeconds        = tostring(local.drain_seconds)
    Bayou__Roles                        = each.value.roles
  })
}

module "alarms" {
  source    = "./modules/alarms"
  name      = local.name
  email     = var.alarm_email
  balancer  = module.balancer.suffix
  targets   = { for name, target in module.balancer.targets : name => target.suffix }
  cluster   = module.cluster.name
  services  = concat(["silo"], keys(local.web))
  database  = module.database.id
  min_bytes = local.size.storage * pow(1024, 3) / 10
}
