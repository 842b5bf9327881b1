mock_provider "aws" {}

variables {
  name             = "t"
  class            = "db.m7g.large"
  storage          = 200
  max_connections  = 500
  subnets          = ["subnet-3", "subnet-4"]
  security_group   = "sg-4"
  password         = "not a secret"
  password_version = 1
  is_production    = true
  last_snapshot    = "final"
  is_protected     = true
}

run "production" {
  command = plan
  module { source = "./modules/database" }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.vpc_security_group_ids == toset(["sg-4"])
    error_message = "The database must be reached by its group alone."
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted
    error_message = "The disk must be encrypted."
  }

  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "The way to the database must be encrypted."
  }

  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "synchronous_commit=on")
    error_message = "What is acknowledged must be on disk."
  }

  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "max_connections=500")
    error_message = "The database must take the connections of all nodes."
  }

  assert {
    condition = (
      aws_db_instance.this.multi_az
      && aws_db_instance.this.deletion_protection
      && !aws_db_instance.this.skip_final_snapshot
      && aws_db_instance.this.backup_retention_period >= 14
    )
    error_message = "In production there must be a standby, backups, and no deletion by accident."
  }

  assert {
    condition     = aws_db_instance.this.password == null && aws_db_instance.this.engine_version == "17" && aws_db_parameter_group.this.family == "postgres17"
    error_message = "The password must be in no state; PostgreSQL must be 17."
  }

  assert {
    condition     = aws_db_instance.this.apply_immediately
    error_message = "What is applied must be so at once."
  }

  assert {
    condition     = aws_db_instance.this.final_snapshot_identifier == "t-final"
    error_message = "The last snapshot must have the name that was chosen."
  }
}

run "large" {
  command = plan
  module { source = "./modules/database" }
  variables { storage = 1000 }

  assert {
    condition     = aws_db_instance.this.iops == 12000 && aws_db_instance.this.storage_throughput == 500 && aws_db_instance.this.max_allocated_storage == 4000
    error_message = "A disk of 400 GiB or more must have what RDS gives it at least."
  }
}

run "staging" {
  command = plan
  module { source = "./modules/database" }
  variables {
    is_production = false
    is_protected  = false
  }

  assert {
    condition     = !aws_db_instance.this.multi_az && !aws_db_instance.this.deletion_protection && aws_db_instance.this.storage_encrypted
    error_message = "Staging must be cheap, and encrypted all the same."
  }
}
