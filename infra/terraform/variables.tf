variable "environment" {
  description = "staging or production: what everything is named after, and how careful it is."
  type        = string
  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "environment must be staging or production."
  }
}

variable "region" {
  type = string
}

variable "zones" {
  description = "Availability zones, two at least."
  type        = list(string)
  validation {
    condition     = length(var.zones) >= 2
    error_message = "zones must be two or more: the load balancer and a database with a standby need them."
  }
}

variable "size" {
  description = "S, M or L; see docs/operations.md."
  type        = string
  default     = "S"
  validation {
    condition     = contains(["S", "M", "L"], var.size)
    error_message = "size must be S, M or L."
  }
}

variable "image_tag" {
  description = "Of the image in the repository that this makes."
  type        = string
}

variable "cpu_architecture" {
  description = "That the image was built for: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
}

variable "domain" {
  description = "The name under which readers and senders reach Bayou."
  type        = string
}

variable "zone_id" {
  description = "Of the Route 53 zone that the domain is in; with it the certificate and the name are made. Else certificate_arn must be given."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "Of a certificate in ACM for the domain, where there is no zone."
  type        = string
  default     = null
}

variable "readers" {
  description = "Networks from which the load balancer is reached."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "outgoing_ports" {
  description = "Of what Bayou calls outside: AWS itself, a provider of sign-in, the targets of jobs and replays."
  type        = list(number)
  default     = [443]
}

variable "cidr" {
  description = "Of the network that is made."
  type        = string
  default     = "10.20.0.0/16"
}

variable "existing_network" {
  description = "A network that is there already, with a way out for its private subnets; null makes one."
  type        = object({ vpc_id = string, public_subnets = list(string), private_subnets = list(string) })
  default     = null
}

variable "secret_name" {
  description = "Of the secret that infra/secrets.sh made: the database's password, the token and the secret key, as JSON."
  type        = string
}

variable "database_password" {
  description = "The same password. It goes to RDS and is in no state and no plan."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "database_password_version" {
  description = "Raise it for RDS to take a new password."
  type        = number
  default     = 1
}

variable "is_protected" {
  description = "Whether production cannot be deleted by accident; false before it is to go."
  type        = bool
  default     = true
}

variable "page_from_cloudfront" {
  description = "Whether the page's files come by S3 and CloudFront instead of from the web nodes."
  type        = bool
  default     = false
  validation {
    condition     = !var.page_from_cloudfront || contains(var.readers, "0.0.0.0/0")
    error_message = "page_from_cloudfront needs readers from everywhere: CloudFront asks the load balancer for what it does not have."
  }
}

variable "last_snapshot" {
  description = "What the snapshot is called that stays of production's database when that is destroyed; no two may be called alike."
  type        = string
  default     = "final"
}

variable "alarm_email" {
  description = "Who is told of alarms; null for nobody."
  type        = string
  default     = null
}
