# Where the image is. A tag is of one image for ever, so that going back is to what ran.
variable "name" { type = string }
variable "is_production" { type = bool }

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.is_production
  image_scanning_configuration { scan_on_push = true }
  encryption_configuration { encryption_type = "AES256" }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The newest 100; a push may make three of them"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 100 }
      action       = { type = "expire" }
    }]
  })
}

output "url" { value = aws_ecr_repository.this.repository_url }
output "arn" { value = aws_ecr_repository.this.arn }
