environment = "production"
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b"]
size        = "M"
domain      = "bayou.example.com"
secret_name = "bayou-production"
