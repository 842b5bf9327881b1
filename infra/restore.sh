#!/usr/bin/env bash
# Puts a database of an earlier moment in the place of the one that is there, on what infra/terraform made. Nothing is deleted: the one that was there stays,
# under the name that it says at the end. What was acknowledged after that moment is only in it.
#   infra/restore.sh production 2026-11-29T08:00:00Z
# Needs Terraform, and the AWS CLI, signed in. While the services stand, Terraform asks once whether it may apply. Run it again where it was interrupted.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
where=${1:-} moment=${2:-}
[ $# -eq 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
name=bayou-$where
services=(query ingest silo)

instance() { aws rds describe-db-instances --db-instance-identifier "$1" --query "DBInstances[0].$2" --output text; }
exists() { instance "$1" DBInstanceIdentifier >/dev/null 2>&1; }

# rename FROM TO: at once, not when the next window for maintenance comes.
rename() {
    available "$1"
    aws rds modify-db-instance --db-instance-identifier "$1" --new-db-instance-identifier "$2" --apply-immediately >/dev/null
    for _ in $(seq 120); do exists "$2" && break; sleep 5; done
    available "$2"
}

# available NAME: within three hours; each wait is of half an hour.
available() {
    for _ in 1 2 3 4 5; do
        if aws rds wait db-instance-available --db-instance-identifier "$1"; then return; fi
    done
    aws rds wait db-instance-available --db-instance-identifier "$1"
}

# scaling SUSPENDED: whether AWS changes how many tasks there are.
scaling() {
    local service
    for service in "${services[@]}"; do
        aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount \
            --resource-id "service/$name/$service" \
            --suspended-state "DynamicScalingInSuspended=$1,DynamicScalingOutSuspended=$1,ScheduledScalingSuspended=$1" >/dev/null
    done
}

tag=$("$root/infra/running.sh" "$name" silo)
if ! exists "$name-restored" && ! exists "$name-before"; then
    echo "Restore $name of $moment, beside what runs"
    aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier "$name" --target-db-instance-identifier "$name-restored" \
        --restore-time "$moment" --db-instance-class "$(instance "$name" DBInstanceClass)" --db-subnet-group-name "$name" \
        --vpc-security-group-ids "$(instance "$name" 'VpcSecurityGroups[0].VpcSecurityGroupId')" \
        --db-parameter-group-name "$(instance "$name" 'DBParameterGroups[0].DBParameterGroupName')" \
        "--$([ "$(instance "$name" MultiAZ)" = True ] || echo no-)multi-az" --deletion-protection --copy-tags-to-snapshot \
        --no-publicly-accessible --tags "Key=moment,Value=$moment" >/dev/null
fi
if exists "$name-restored"; then
    available "$name-restored"
    [ "$(instance "$name-restored" "TagList[?Key=='moment'].Value | [0]")" = "$moment" ] || {
        echo "restore: $name-restored is of another moment; that one was begun and not ended. Give the same, or delete it." >&2
        exit 1
    }
fi

echo "Stop the services"
scaling true
for service in "${services[@]}"; do
    aws ecs update-service --cluster "$name" --service "$service" --desired-count 0 >/dev/null
done
aws ecs wait services-stable --cluster "$name" --services "${services[@]}"

echo "Change their places"
exists "$name-before" || rename "$name" "$name-before"
! exists "$name-restored" || rename "$name-restored" "$name"
# Terraform knows a database by what no name changes.
if [ -n "$("$root/infra/terraform.sh" "$where" state list module.database.aws_db_instance.this)" ]; then
    "$root/infra/terraform.sh" "$where" state rm module.database.aws_db_instance.this
fi
TAG=$tag "$root/infra/terraform.sh" "$where" import module.database.aws_db_instance.this "$name"

echo "Start the services"
TAG=$tag "$root/infra/terraform.sh" "$where" apply
scaling false
for service in silo ingest query; do
    least=$(aws application-autoscaling describe-scalable-targets --service-namespace ecs --resource-ids "service/$name/$service" \
        --query 'ScalableTargets[0].MinCapacity' --output text)
    aws ecs update-service --cluster "$name" --service "$service" --desired-count "$least" >/dev/null
done
aws ecs wait services-stable --cluster "$name" --services "${services[@]}"
aside=$name-before-$(date -u +%Y%m%d%H%M)
rename "$name-before" "$aside" # Under the name before it would be taken for one that was not ended.
echo "Bayou has what it had at $moment. $aside is the database that was there: delete it when you are sure."
