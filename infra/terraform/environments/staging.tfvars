environment = "staging"
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b"]
size        = "S"
domain      = "bayou-staging.example.com"
secret_name = "bayou-staging"
