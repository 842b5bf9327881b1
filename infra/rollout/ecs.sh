# shellcheck shell=bash
# The services that infra/terraform made. A deployment that ECS takes back by itself looks well to Terraform; so what runs in the end is asked.
# shellcheck disable=SC2034,SC2154 # infra/rollout.sh reads and sets them
cluster=bayou-$where
STEPS=(migrations silo ingest query)
export TF_IN_AUTOMATION=1

in_terraform() { "$root/infra/terraform.sh" "$where" "$@"; }

# With a target Terraform also changes what that needs: so nothing may be waiting to be changed but what the steps change, as one that was cut off leaves it.
planned=0
plan=$(in_terraform plan -no-color -input=false -detailed-exitcode -lock=false 2>&1) || planned=$?
if [ "$planned" -ne 0 ] && [ "$planned" -ne 2 ]; then
    echo "$plan" >&2
    die "Terraform cannot plan"
fi
steps_change='module\.(silo|web\["(ingest|query)"\])\.aws_ecs_(service|task_definition)\.this'
if others=$(grep -E '^  # ' <<<"$plan" | grep -vE "^  # $steps_change "); then
    printf '%s\n' "$others" >&2
    die "apply this first, with the image that runs: infra/terraform.sh $where apply"
fi
aws ecr describe-images --repository-name "$cluster" --image-ids "imageTag=$version" >/dev/null || die "no image has the tag $version"

# The image's tag. Migrations have no process of their own.
running() {
    local name=$1
    [ "$name" != migrations ] || name=silo
    "$root/infra/running.sh" "$cluster" "$name"
}

apply() {
    local tag=$1
    shift
    TAG=$tag in_terraform apply -input=false -auto-approve "$@"
}

deploy() {
    case $1 in
        migrations) apply "$2" -target=module.silo.aws_ecs_task_definition.this && migrate "$2" ;;
        silo) apply "$2" -target=module.silo && runs "$1" "$2" ;;
        ingest) apply "$2" -target='module.web["ingest"]' && runs ingest "$2" ;;
        query) { [ "$2" != "$version" ] || add_assets; } && apply "$2" -target='module.web["query"]' && runs query "$2" ;;
    esac
}

# One task of the new silo's, which ends; one that does not within an hour is ended.
migrate() {
    local newest network task state="" why
    newest=$(aws ecs describe-task-definition --task-definition "$cluster-silo" --output text \
        --query 'taskDefinition.containerDefinitions[0].image') || return 1
    network=$(aws ecs describe-services --cluster "$cluster" --services silo --query 'services[0].networkConfiguration' --output json) || return 1
    [[ $newest == *":$1" ]] || { echo "  the newest task of the silo is not of $1"; return 1; }
    task=$(aws ecs run-task --cluster "$cluster" --task-definition "$cluster-silo" --launch-type FARGATE --network-configuration "$network" \
        --overrides '{"containerOverrides":[{"name":"silo","command":["migrate"]}]}' --query 'tasks[0].taskArn' --output text) || return 1
    [[ $task == arn:* ]] || { echo "  ECS has no room for a task"; return 1; }
    for _ in 1 2 3 4 5 6; do # Each waits for ten minutes at most.
        if aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"; then state=stopped && break; fi
    done
    if [ -z "$state" ]; then
        aws ecs stop-task --cluster "$cluster" --task "$task" --reason "It should have migrated and ended." >/dev/null
        echo "  the task $task did not end"
        return 1
    fi
    why=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --output text \
        --query 'tasks[0].[containers[0].exitCode, stoppedReason, containers[0].reason]') || return 1
    [[ $why == 0[[:space:]]* ]] || { echo "  the task $task ended: $why. More is in the silo's log."; return 1; }
}

# Before the pages that name them; those of other versions stay, for pages that are open and for the way back.
add_assets() {
    local bucket
    bucket=$(in_terraform output -raw assets) || return 1
    [ -n "$bucket" ] || return 0
    [ -d "$root/client-app/dist/assets" ] || { echo "  the page is not built here: ./bayou setup"; return 1; }
    aws s3 sync "$root/client-app/dist/assets" "s3://$bucket/assets" --cache-control 'public, max-age=31536000, immutable' --only-show-errors
}

runs() {
    local now
    aws ecs wait services-stable --cluster "$cluster" --services "$1" && now=$(running "$1") || return 1
    [ "$now" = "$2" ] || { echo "  ECS went back to $now"; return 1; }
}

check() {
    local url
    url=$(in_terraform output -raw url) && curl -fsS -o /dev/null --retry 5 "$url/health/readiness"
}
