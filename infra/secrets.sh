#!/usr/bin/env bash
# Makes the secret that Bayou on ECS reads, once, and gives the database's password to Terraform, which keeps it nowhere:
#   infra/secrets.sh make bayou-production
#   infra/secrets.sh token bayou-production       with which one signs in first; password is what infra/terraform.sh asks for
# Needs the AWS CLI and openssl; the region is the CLI's own (AWS_REGION).
set -euo pipefail

name=${2:-}
[ -n "$name" ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case $1 in
    make)
        # Through a pipe: what a command is given as an argument, everybody on the machine can see.
        printf '{"database_password":"%s","token":"%s","secret_key":"%s"}' "$(openssl rand -hex 24)" "$(openssl rand -hex 32)" "$(openssl rand -hex 32)" |
            aws secretsmanager create-secret --name "$name" --secret-string file:///dev/stdin --query ARN --output text
        ;;
    password | token)
        field=$([ "$1" = token ] && echo token || echo database_password)
        aws secretsmanager get-secret-value --secret-id "$name" --query SecretString --output text | sed -E "s/.*\"$field\":\"([^\"]*)\".*/\1/"
        ;;
    *)
        sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
