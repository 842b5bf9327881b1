#!/usr/bin/env bash
# Has a running Bayou go to another version, step by step: migrations, silos, web nodes. The first step that does not become healthy is the last: what was
# changed goes back, web nodes first, and it ends with 1.
#   infra/rollout.sh production 2                 the image with the tag 2, on what infra/terraform made; needs Terraform and the AWS CLI, signed in
#   infra/rollout.sh production 1 back            to a version before: web nodes first, and nothing is done with the database
#   infra/rollout.sh cluster /path/of/a/build     the processes of ./bayou cluster, to try it; finds them by BAYOU_DATA
set -euo pipefail
[ "${BASH_VERSINFO[0]}" -ge 5 ] || { echo "rollout: bash 5 or newer is needed; this is $BASH_VERSION" >&2; exit 2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
where=${1:-} version=${2:-}
[ $# -eq 2 ] || [ "${3:-}" = back ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }

die() {
    echo "rollout: $*" >&2
    exit 1
}

# A place has its steps in order, and three commands: running STEP prints the version, deploy STEP VERSION returns when that is healthy, or with an error,
# and check asks as a reader would. Migrations have no way back, and need none: they only add.
case $where in
    cluster) . "$root/infra/rollout/cluster.sh" ;;
    staging | production) . "$root/infra/rollout/ecs.sh" ;;
    *) die "there is no '$where': staging, production or cluster" ;;
esac

declare -A before
for step in "${STEPS[@]}"; do
    before[$step]=$(running "$step") || die "what runs of $step cannot be found out"
done

# reversed STEP...: those that have a way back, the last first.
reversed() {
    local i
    for ((i = $#; i > 0; i--)); do
        [ "${!i}" = migrations ] || echo "${!i}"
    done
}

# back STEP...: to what was there. One that fails does not keep the others from it.
back() {
    local step sick=""
    for step in $(reversed "$@"); do
        echo "Back: $step to ${before[$step]}"
        deploy "$step" "${before[$step]}" || sick+=" $step"
    done
    [ -z "$sick" ] || die "these are not healthy with what ran before either:$sick. See what they say in their logs."
}

steps=("${STEPS[@]}")
[ "${3:-}" != back ] || mapfile -t steps < <(reversed "${STEPS[@]}")
wont_tell=""
check || wont_tell="(nobody was asked: from here it did not answer before either)"
changed=()
for step in "${steps[@]}"; do
    if [ "${before[$step]}" = "$version" ]; then
        echo "$step: $version already"
        continue
    fi
    echo "$step: ${before[$step]} to $version"
    changed+=("$step")
    if ! deploy "$step" "$version"; then
        back "${changed[@]}"
        die "$step did not become healthy with $version; all is as it was."
    fi
done
if [ -z "$wont_tell" ] && ! check; then
    back "${changed[@]}"
    die "its readers get no answer with $version; all is as it was."
fi
echo "Bayou is $version.${wont_tell:+ $wont_tell}"
