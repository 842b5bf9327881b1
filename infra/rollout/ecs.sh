# shellcheck shell=bash
# The services that infra/terraform made. A deployment that ECS takes back by itself looks well to Terraform; so what runs in the end is asked.
# shellcheck disable=SC2034,SC2154 # infra/rollout.sh reads and sets them
terraform=$root/infra/terraform
cluster=bayou-$where
STEPS=(migrations silo ingest query rest)
TF_VAR_database_password=$("$root/infra/secrets.sh" password "$cluster")
export TF_VAR_database_password TF_IN_AUTOMATION=1
terraform -chdir="$terraform" init -input=false -reconfigure -backend-config="environments/$where.s3.tfbackend" >/dev/null

image_of() { aws ecs describe-task-definition --task-definition "$1" --query 'taskDefinition.containerDefinitions[0].image' --output text; }
service() { aws ecs describe-services --cluster "$cluster" --services "$1" --query "services[0].$2" --output "${3:-text}"; }

# The image's tag. Migrations have no process of their own; what is left in the end has what web nodes have.
running() {
    local name=$1 image
    case $name in
        migrations) name=silo ;;
        rest) name=query ;;
    esac
    image=$(image_of "$(service "$name" taskDefinition)")
    echo "${image##*:}"
}

apply() {
    local tag=$1
    shift
    terraform -chdir="$terraform" apply -input=false -auto-approve -var-file="environments/$where.tfvars" -var "image_tag=$tag" "$@"
}

deploy() {
    case $1 in
        migrations) apply "$2" -target=module.silo.aws_ecs_task_definition.this && migrate "$2" ;;
        silo) apply "$2" -target=module.silo && runs "$1" "$2" ;;
        ingest) apply "$2" -target='module.web["ingest"]' && runs ingest "$2" ;;
        query) add_assets && apply "$2" -target='module.web["query"]' && runs query "$2" ;;
        rest) apply "$2" ;;
    esac
}

# One task of the new silo's, which ends.
migrate() {
    local task code
    [[ $(image_of "$cluster-silo") == *":$1" ]] || { echo "  the newest task of the silo is not of $1"; return 1; }
    task=$(aws ecs run-task --cluster "$cluster" --task-definition "$cluster-silo" --launch-type FARGATE \
        --network-configuration "$(service silo networkConfiguration json)" \
        --overrides '{"containerOverrides":[{"name":"silo","command":["migrate"]}]}' --query 'tasks[0].taskArn' --output text)
    aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
    code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].containers[0].exitCode' --output text)
    [ "$code" = 0 ] || { echo "  the task $task ended with $code; why is in the silo's log"; return 1; }
}

# Before the pages that name them; those of other versions stay, for pages that are open and for the way back.
add_assets() {
    local bucket
    bucket=$(terraform -chdir="$terraform" output -json assets) || return 1
    [ "$bucket" != null ] || return 0
    [ -d "$root/client-app/dist/assets" ] || { echo "  the page is not built here: ./bayou setup"; return 1; }
    aws s3 sync "$root/client-app/dist/assets" "s3://${bucket//\"/}/assets" --cache-control 'public, max-age=31536000, immutable' --only-show-errors
}

runs() {
    local now
    aws ecs wait services-stable --cluster "$cluster" --services "$1"
    now=$(running "$1")
    [ "$now" = "$2" ] || { echo "  ECS went back to $now"; return 1; }
}

check() { curl -fsS -o /dev/null --retry 5 "$(terraform -chdir="$terraform" output -raw url)/health/readiness"; }
