locals {
  is_production = var.environment == "production"
  is_protected  = local.is_production && var.is_protected

  # CPU units (1024 are a core), MiB and GiB as Fargate and RDS have them.
  size = {
    S = { task = { cpu = 1024, memory = 2048 }, database = "db.t4g.large", storage = 50, connections = 12, most = 10 }
    M = { task = { cpu = 2048, memory = 4096 }, database = "db.m7g.large", storage = 200, connections = 20, most = 10 }
    L = { task = { cpu = 4096, memory = 8192 }, database = "db.r7g.2xlarge", storage = 1000, connections = 28, most = 20 }
  }[var.size]

  counts = { least = local.is_production ? 2 : 1, most = local.size.most }

  # What three services may open at their most, twice while they are replaced, and some for people.
  max_connections = local.size.connections * local.counts.most * 3 * 2 + 20
}
