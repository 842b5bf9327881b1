# PostgreSQL with pgvector and pg_trgm, which Bayou itself creates in its database. What is acknowledged is on disk, in two zones in production.
variable "name" { type = string }
variable "class" { type = string }
variable "storage" {
  description = "GiB to begin with."
  type        = number
}
variable "max_connections" { type = number }
variable "subnets" { type = list(string) }
variable "security_group" { type = string }
variable "password" {
  type      = string
  ephemeral = true
}
variable "password_version" { type = number }
variable "is_production" { type = bool }
variable "is_protected" { type = bool }
variable "last_snapshot" { type = string }

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres17"
  lifecycle { create_before_destroy = true }

  dynamic "parameter" {
    for_each = {
      "rds.force_ssl"      = "1"
      "synchronous_commit" = "on"
      "max_connections"    = tostring(var.max_connections)
    }
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }
}

resource "aws_db_instance" "this" {
  identifier                   = var.name
  engine                       = "postgres"
  engine_version               = "17"
  instance_class               = var.class
  db_name                      = "bayou"
  username                     = "bayou"
  password_wo                  = var.password
  password_wo_version          = var.password_version
  db_subnet_group_name         = aws_db_subnet_group.this.name
  parameter_group_name         = aws_db_parameter_group.this.name
  vpc_security_group_ids       = [var.security_group]
  publicly_accessible          = false
  multi_az                     = var.is_production
  storage_type                 = "gp3"
  allocated_storage            = var.storage
  max_allocated_storage        = 4000                              # Of every size: it may not become less than what there is.
  iops                         = var.storage >= 400 ? 12000 : null # From there on that is what is paid anyway, and less is refused.
  storage_throughput           = var.storage >= 400 ? 500 : null
  apply_immediately            = true # What was applied is so; else it were in the next window for maintenance.
  storage_encrypted            = true
  backup_retention_period      = var.is_production ? 14 : 3 # days, to any moment of which it can be restored
  copy_tags_to_snapshot        = true
  deletion_protection          = var.is_protected
  skip_final_snapshot          = !var.is_production
  final_snapshot_identifier    = var.is_production ? "${var.name}-${var.last_snapshot}" : null
  auto_minor_version_upgrade   = true
  performance_insights_enabled = true
  ca_cert_identifier           = "rds-ca-rsa2048-g1"
}

output "id" { value = aws_db_instance.this.identifier }
output "endpoint" { value = aws_db_instance.this.endpoint }
output "user" { value = aws_db_instance.this.username }
