output "url" {
  value = "https://${var.domain}"
}

output "balancer" {
  description = "Where the domain must lead, where there is no zone."
  value       = module.balancer.dns_name
}

output "repository" {
  description = "Where the image is pushed."
  value       = module.registry.url
}

output "assets" {
  description = "The bucket of the page's files; empty where they come from the web nodes."
  value       = join("", module.page[*].bucket)
}

output "cluster" {
  value = module.cluster.name
}

output "max_connections" {
  value = local.max_connections
}
