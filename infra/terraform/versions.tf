terraform {
  required_version = ">= 1.11" # write-only arguments and a lock in S3 itself

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  backend "s3" {} # see environments/*.s3.tfbackend
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { application = "bayou", environment = var.environment, managed-by = "terraform" }
  }
}
