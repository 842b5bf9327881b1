#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2016 # every test is called by check; what is in quotes is for another shell
# Tests of infra/rollout.sh: for real on the processes of ./bayou cluster, to builds that work and to such that do not; and on ECS before an AWS CLI and a
# Terraform that write down what they are told. Prints a line for each, "ok …" or "not ok …".
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
failed=0
cluster=

end() {
    [ -z "$cluster" ] || { kill -TERM "$cluster" && wait "$cluster"; } 2>/dev/null
    rm -rf "$scratch"
}
trap end EXIT

check() {
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then echo "ok $name"; else
        echo "not ok $name"
        sed 's/^/    /' "$scratch/out"
        failed=1
    fi
}

same() { [ "$1" = "$2" ] || { printf 'wanted:\n%s\nis:\n%s\n' "$1" "$2"; return 1; }; }

# --- The processes of this machine. A build is a folder; its copy is another, whose process tells which it is of.

build=$root/artifacts/bin/Torture/release/
export BAYOU_DATA=$scratch/data BAYOU_PORT=$((20000 + RANDOM % 10000))

rollout() { "$root/infra/rollout.sh" cluster "$@"; }
copy() { cp -al "$build" "$scratch/$1" && echo "$scratch/$1"; }
builds() { # of all nodes, as their processes say
    local node
    for node in silo-1 silo-2 web-1 web-2; do
        tr '\0' '\n' <"/proc/$(cat "$BAYOU_DATA/nodes/$node.pid")/cmdline" | sed -nE "s,^(.*)/(Silo|WebApi)\.dll\$,$node \1,p"
    done
}
all_of() { printf '%s\n' "silo-1 $1" "silo-2 $1" "web-1 $1" "web-2 $1"; }
settles() { # the keeper writes the numbers of processes each second
    for _ in $(seq 50); do [ "$(builds 2>/dev/null)" = "$(all_of "$1")" ] && return; sleep 0.1; done
    same "$(all_of "$1")" "$(builds)"
}

a_cluster_that_starts() {
    setsid "$root/bayou" cluster 2 >"$scratch/cluster.log" 2>&1 &
    cluster=$!
    for _ in $(seq 900); do
        [ -s "$BAYOU_DATA/nodes/web-2.pid" ] && [ -s "$BAYOU_DATA/nodes/keeper.pid" ] && break
        kill -0 "$cluster" || { cat "$scratch/cluster.log"; return 1; }
        sleep 0.1
    done
    settles "${build%/}"
}
a_build_that_works() {
    good=$(copy good)
    rollout "$good" && settles "$good"
}
silos_that_do_not_start() {
    bad=$(copy bad)
    rm "$bad/Orleans.Reminders.AdoNet.dll" # Migrating needs no Orleans.
    ! rollout "$bad" >"$scratch/said" || return 1
    cat "$scratch/said"
    ! grep -q '^web:' "$scratch/said" && settles "$good"
}
web_nodes_that_do_not_start() {
    worse=$(copy worse)
    rm "$worse/WebApi.dll"
    ! rollout "$worse" >"$scratch/said" || return 1
    cat "$scratch/said"
    same "$(printf '%s\n' web silo)" "$(sed -nE 's/^Back: ([a-z]+) .*/\1/p' "$scratch/said")" && settles "$good"
}
a_database_that_is_not_brought_up() {
    worst=$(copy worst)
    rm "$worst/Silo.dll"
    ! rollout "$worst" >"$scratch/said" || return 1
    cat "$scratch/said"
    ! grep -qE '^(silo|web):' "$scratch/said" && settles "$good"
}
no_cluster() { ! BAYOU_DATA=$scratch/none rollout "$good" 2>"$scratch/said" && grep -q "no cluster runs in $scratch/none" "$scratch/said"; }

check "a cluster starts, and says of which build it is" a_cluster_that_starts
check "silos, then web nodes, go to another build" a_build_that_works
check "silos that do not start stop it, and go back; web nodes are left alone" silos_that_do_not_start
check "web nodes that do not start stop it, and both go back" web_nodes_that_do_not_start
check "a database that is not brought up stops it before all" a_database_that_is_not_brought_up
check "a cluster that is not there is named" no_cluster

# --- ECS. Services are files with the tag of what runs; what is asked of the two programs is written down.

mkdir -p "$scratch/bin" "$scratch/ecs"
export BAYOU_TERRAFORM_DATA=$scratch/terraform
cat >"$scratch/bin/terraform" <<'FAKE'
#!/usr/bin/env bash
set -eu
cd "$ECS"
case " $* " in
    *" apply "*) ;;
    *" plan "*) [ -z "${PLANS:-}" ] || { printf '  # %s must be replaced\n' "$PLANS" && exit 2; }; exit 0 ;;
    *" output -raw assets "*) printf '%s' "${BUCKET:-}"; exit ;;
    *) [[ "$*" = *output* ]] && echo https://bayou.test; exit 0 ;;
esac
[ -n "$TF_VAR_database_password" ] && [[ $TF_DATA_DIR = */.terraform-production ]]
tag=$(grep -oE 'image_tag=[^ ]+' <<<"$*" | cut -d= -f2)
target=$(grep -oE 'target=[^ ]+' <<<"$*" | cut -d= -f2 || true)
echo "apply $tag ${target:-all}" >>log
case $target in
    *task_definition*) echo "$tag" >newest ;;
    module.silo) [ "$tag" = "${GOES_BACK:-}" ] || echo "$tag" >silo ;;
    *ingest*) [ "$tag" = "${FAILS:-}" ] && exit 1; echo "$tag" >ingest ;;
    *query*) echo "$tag" >query ;;
esac
FAKE
cat >"$scratch/bin/aws" <<'FAKE'
#!/usr/bin/env bash
set -eu
cd "$ECS"
arguments=" $* "
case $arguments in
    *get-secret-value*) echo '{"database_password":"p"}' ;;
    *describe-services*taskDefinition*)
        [ -z "${THROTTLED:-}" ] || exit 254
        for name in silo ingest query; do [[ $arguments != *" --services $name "* ]] || echo "definition:$name"; done
        ;;
    *describe-services*networkConfiguration*) echo '{"awsvpcConfiguration":{}}' ;;
    *describe-task-definition*definition:*) name=${arguments##*definition:}; echo "repository:$(cat "${name%% *}")" ;;
    *describe-task-definition*) echo "repository:$(cat newest)" ;;
    *run-task*) echo "migrate with $(cat newest)" >>log; echo arn:task ;;
    *wait*tasks-stopped*) [ -z "${NEVER_ENDS:-}" ] ;;
    *stop-task*) echo "stop $(grep -oE 'arn:[a-z]+' <<<"$arguments")" >>log ;;
    *describe-tasks*) printf '%s\tEssential container exited\tNone\n' "${MIGRATE_ENDS:-0}" ;;
    *describe-images*) [[ $arguments != *imageTag=missing* ]] ;;
    *wait*) ;;
    *" s3 sync "*) grep -o "s3://[^ ]*" <<<"$arguments" >>log ;;
    *) echo "what? $arguments" >&2; exit 1 ;;
esac
FAKE
printf '#!/bin/sh\n[ -z "${NO_ANSWER:-}" ] || [ "$(cat "$ECS/query")" = 1 ]\n' >"$scratch/bin/curl" # No answer of 2, that is.
chmod +x "$scratch"/bin/*

# ecs EXPECTED [NAME=VALUE…]: what was done, when 1 ran and 2 is wanted, or what arguments says.
arguments=(2)
ecs() {
    local expected=$1 service
    shift
    rm -f "$scratch/ecs/log"
    for service in silo ingest query newest; do echo 1 >"$scratch/ecs/$service"; done
    env "$@" ECS="$scratch/ecs" PATH="$scratch/bin:$PATH" "$root/infra/rollout.sh" production "${arguments[@]}"
    status=$?
    same "$expected" "$(cat "$scratch/ecs/log" 2>/dev/null)"
}
migrated=$'apply 2 module.silo.aws_ecs_task_definition.this\nmigrate with 2'
all=$migrated$'\napply 2 module.silo\napply 2 module.web["ingest"]\napply 2 module.web["query"]'
ecs_goes_well() { ecs "$all" && [ "$status" = 0 ]; }
ecs_migrations() { ecs "$migrated" MIGRATE_ENDS=1 && [ "$status" = 1 ]; }
ecs_taken_back() { ecs "$migrated"$'\napply 2 module.silo\napply 1 module.silo' GOES_BACK=2 && [ "$status" = 1 ]; }
ecs_ingest() {
    ecs "$migrated"$'\napply 2 module.silo\napply 2 module.web["ingest"]\napply 1 module.web["ingest"]\napply 1 module.silo' FAILS=2 && [ "$status" = 1 ]
}
ecs_no_answer() {
    ecs "$all"$'\napply 1 module.web["query"]\napply 1 module.web["ingest"]\napply 1 module.silo' NO_ANSWER=1 && [ "$status" = 1 ]
}

query=$'\napply 2 module.web["query"]'
ecs_assets() { ecs "${all/"$query"/$'\ns3://page/assets'"$query"}" BUCKET=page && [ "$status" = 0 ]; }

check "ECS: migrations, silos, ingest, query, in order" ecs_goes_well
check "ECS: the page's files are in their bucket before the pages that name them" ecs_assets
ecs_without_end() { ecs "$migrated"$'\nstop arn:task' NEVER_ENDS=1 && [ "$status" = 1 ]; }
ecs_throttled() { ecs "" THROTTLED=1 && [ "$status" = 1 ]; }
ecs_back() {
    arguments=(0 back)
    ecs $'apply 0 module.web["query"]\napply 0 module.web["ingest"]\napply 0 module.silo' && [ "$status" = 0 ] || return 1
    arguments=(2)
}

ecs_unapplied() { ecs "" PLANS=module.database.aws_db_instance.this && [ "$status" = 1 ]; }
ecs_cut_off() { ecs "$all" 'PLANS=module.web["query"].aws_ecs_service.this' && [ "$status" = 0 ]; }
ecs_no_image() {
    arguments=(missing)
    ecs "" && [ "$status" = 1 ] || return 1
    arguments=(2)
}

check "ECS: nothing is done while other changes wait to be applied" ecs_unapplied
check "ECS: one that was cut off goes on" ecs_cut_off
check "ECS: nothing is done without an image of that tag" ecs_no_image
check "ECS: a migration without end is ended" ecs_without_end
check "ECS: nothing is done where it cannot be told what runs" ecs_throttled
check "ECS: back goes web nodes first, and leaves the database alone" ecs_back
check "ECS: migrations that fail stop it before all" ecs_migrations
check "ECS: a deployment that ECS took back is none, though Terraform is content" ecs_taken_back
check "ECS: what fails goes back, and what was before it" ecs_ingest
check "ECS: all goes back where readers get no answer" ecs_no_answer

# --- A restored database: instances are files.

cat >"$scratch/bin/aws-rds" <<'FAKE'
#!/usr/bin/env bash
set -eu
cd "$ECS"
arguments=" $* "
of() { sed -nE "s/.* --$1 ([^ ]+).*/\1/p" <<<"$arguments"; }
case $arguments in
    *get-secret-value*) echo '{"database_password":"p"}' ;;
    *describe-services*taskDefinition*) echo definition:silo ;;
    *describe-task-definition*) echo repository:1 ;;
    *describe-db-instances*moment*) cat "db-$(of db-instance-identifier)" ;;
    *describe-db-instances*) [ -f "db-$(of db-instance-identifier)" ] && echo "of-$(of query | tr -dc 'A-Za-z')" ;;
    *restore-db-instance*) echo "$(of restore-time)" >"db-$(of target-db-instance-identifier)" && echo "restore in $(of db-subnet-group-name)" >>log ;;
    *modify-db-instance*) [[ $arguments = *--apply-immediately* ]] && mv "db-$(of db-instance-identifier)" "db-$(of new-db-instance-identifier)" ;;
    *register-scalable-target*) ;;
    *describe-scalable-targets*) echo 2 ;;
    *update-service*) echo "$(of service) $(of desired-count)" >>log; [ "${BREAKS:-}" != "$(of desired-count)" ] ;;
    *wait*) ;;
    *) echo "what? $arguments" >&2; exit 1 ;;
esac
FAKE
cat >"$scratch/bin/terraform-rds" <<'FAKE'
#!/usr/bin/env bash
set -eu
cd "$ECS"
case $2 in
    init) ;;
    state) [ "$3" = list ] && echo "$4" || echo "state $3 $4" >>log ;;
    *) echo "$2 ${*: -1}" >>log ;;
esac
FAKE
chmod +x "$scratch"/bin/*-rds

restore() {
    mkdir -p "$scratch/bin-rds"
    ln -sf "$scratch/bin/aws-rds" "$scratch/bin-rds/aws"
    ln -sf "$scratch/bin/terraform-rds" "$scratch/bin-rds/terraform"
    env "$@" ECS="$scratch/ecs" PATH="$scratch/bin-rds:$PATH" "$root/infra/restore.sh" production 2026-11-29T08:00:00Z
}
a_restored_database() {
    rm -f "$scratch"/ecs/* && echo now >"$scratch/ecs/db-bayou-production"
    ! restore BREAKS=2 || return 1 # It is interrupted after everything has changed its place,
    restore || return 1            # and run again.
    same "now 2026-11-29T08:00:00Z" "$(cat "$scratch"/ecs/db-bayou-production-before-* "$scratch/ecs/db-bayou-production" | xargs)" || return 1
    same $'restore in bayou-production\nquery 0\ningest 0\nsilo 0
state rm module.database.aws_db_instance.this\nimport bayou-production\napply image_tag=1\nsilo 2' "$(head -n 8 "$scratch/ecs/log")"
}

check "a database of an earlier moment takes the place of the one that is there, which stays" a_restored_database
exit "$failed"
