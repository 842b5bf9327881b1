#!/usr/bin/env bash
# running.sh CLUSTER SERVICE: the tag of the image that a service of ECS runs.
set -euo pipefail
definition=$(aws ecs describe-services --cluster "$1" --services "$2" --query 'services[0].taskDefinition' --output text)
image=$(aws ecs describe-task-definition --task-definition "$definition" --query 'taskDefinition.containerDefinitions[0].image' --output text)
[[ $image == *:* ]]
echo "${image##*:}"
