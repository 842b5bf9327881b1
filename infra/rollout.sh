#!/usr/bin/env bash
# Has a running Bayou go to another version, or back to one before, step by step: migrations, silos, web nodes. The first step that does not become healthy
# is the last: what was changed goes back, and it ends with 1.
#   infra/rollout.sh production 2                 the image with the tag 2, on what infra/terraform made; needs Terraform and the AWS CLI, signed in
#   infra/rollout.sh cluster /path/of/a/build     the processes of ./bayou cluster, to try it; finds them by BAYOU_DATA
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
where=${1:-} version=${2:-}
[ $# -eq 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }

die() {
    echo "rollout: $*" >&2
    exit 1
}

# A place has its steps in order, and three commands: running STEP prints the version, deploy STEP VERSION returns when that is healthy, or with an error,
# and check, at the end, asks as a reader would.
case $where in
    cluster) . "$root/infra/rollout/cluster.sh" ;;
    staging | production) . "$root/infra/rollout/ecs.sh" ;;
    *) die "there is no '$where': staging, production or cluster" ;;
esac

declare -A before
for step in "${STEPS[@]}"; do
    before[$step]=$(running "$step")
done

# back STEP...: to what was there, web nodes first: they are what calls.
back() {
    local i step
    for ((i = $#; i > 0; i--)); do
        step=${!i}
        echo "Back: $step to ${before[$step]}"
        deploy "$step" "${before[$step]}" || die "$step is not healthy with ${before[$step]} either. See what it says in its log."
    done
}

changed=()
for step in "${STEPS[@]}"; do
    if [ "${before[$step]}" = "$version" ]; then
        echo "$step: $version already"
        continue
    fi
    echo "$step: ${before[$step]:-nothing} to $version"
    [ "$step" = migrations ] || changed+=("$step") # They only add, and the version before goes on working on them.
    if ! deploy "$step" "$version"; then
        back "${changed[@]}"
        die "$step did not become healthy with $version; all is as it was."
    fi
done
if ! check; then
    back "${changed[@]}"
    die "its readers get no answer with $version; all is as it was."
fi
echo "Bayou is $version."
