mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::t-page-1", id = "t-page-1", bucket_regional_domain_name = "t-page-1.s3.eu-central-1.amazonaws.com" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1", domain_name = "d1.cloudfront.net" }
  }
}

variables {
  name   = "t"
  domain = "bayou.example.com"
}

run "page" {
  command = apply
  module { source = "./modules/page" }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nobody may read the bucket past CloudFront."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : [statement.Effect, statement.Action, statement.Condition]
      ] == [
      ["Allow", "s3:GetObject", { StringEquals = { "AWS:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1" } }],
      ["Deny", "s3:*", { Bool = { "aws:SecureTransport" = "false" } }],
    ]
    error_message = "This distribution alone must read the bucket, and only by TLS."
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.apply_server_side_encryption_by_default[*].sse_algorithm
    ])) == "AES256"
    error_message = "The bucket must be encrypted."
  }

  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.this.ordered_cache_behavior, aws_cloudfront_distribution.this.default_cache_behavior) :
      behavior.viewer_protocol_policy == "https-only" && toset(behavior.allowed_methods) == toset(["GET", "HEAD"])
    ])
    error_message = "Files must be read by TLS, and nothing else be done."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.ordered_cache_behavior[0].path_pattern == "/assets/*"
      && aws_cloudfront_distribution.this.ordered_cache_behavior[0].target_origin_id == "bucket-or-web"
      && aws_cloudfront_distribution.this.default_cache_behavior[0].target_origin_id == "bucket"
    )
    error_message = "Of the web nodes, the page's files alone may be had past the load balancer's rules."
  }

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.origin_group).member[*].origin_id == tolist(["bucket", "web"])
      && one(one(aws_cloudfront_distribution.this.origin_group).failover_criteria).status_codes == toset([403, 404])
    )
    error_message = "What the bucket does not have must come from the web nodes."
  }

  assert {
    condition = [
      for origin in aws_cloudfront_distribution.this.origin : [origin.domain_name, one(origin.custom_origin_config).origin_protocol_policy]
      if length(origin.custom_origin_config) > 0
    ] == [["bayou.example.com", "https-only"]]
    error_message = "The web nodes must be asked by TLS."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.ordered_cache_behavior[0].response_headers_policy_id == "60669652-455b-4ae9-85a4-c4c02393f86c"
    error_message = "A page of another origin must be allowed to load them."
  }

  assert {
    condition     = output.url == "https://d1.cloudfront.net"
    error_message = "It must say where the files are."
  }
}
