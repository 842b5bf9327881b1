#!/usr/bin/env bash
# Runs Terraform for one environment: with its own state and settings, the database's password, and the image that runs, or that TAG names.
#   TAG=1 infra/terraform.sh production apply
#   infra/terraform.sh production plan
# Needs Terraform, and the AWS CLI, signed in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
where=${1:-} command=${2:-}
if [ -z "$command" ] || [ ! -f "$root/infra/terraform/environments/$where.tfvars" ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
shift 2

# The environments share a folder: what Terraform keeps in it must not be of the other.
export TF_DATA_DIR=${BAYOU_TERRAFORM_DATA:-$root/infra/terraform}/.terraform-$where
terraform() { command terraform -chdir="$root/infra/terraform" "$@"; }
if [ ! -f "$TF_DATA_DIR/ready" ]; then
    mkdir -p "$TF_DATA_DIR"
    terraform init -input=false -backend-config="environments/$where.s3.tfbackend" >&2
    touch "$TF_DATA_DIR/ready"
fi

case $command in
    plan | apply | destroy | import)
        TF_VAR_database_password=$("$root/infra/secrets.sh" password "bayou-$where")
        export TF_VAR_database_password
        tag=${TAG:-$("$root/infra/running.sh" "bayou-$where" silo)} || {
            echo "terraform.sh: nothing runs yet, or AWS does not say: TAG=… names the image" >&2
            exit 1
        }
        terraform "$command" -var-file="environments/$where.tfvars" -var "image_tag=$tag" "$@"
        ;;
    *) terraform "$command" "$@" ;;
esac
