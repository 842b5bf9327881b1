# shellcheck shell=bash
# The processes of ./bayou cluster: who keeps them is told by files what to do, and says by files what became of it.
# shellcheck disable=SC2034,SC2154 # infra/rollout.sh reads and sets them
nodes=$(realpath -m "${BAYOU_DATA:-$root/.data}")/nodes
STEPS=(migrations silo web)
version=$(realpath -m -- "$version")
[ -f "$version/WebApi.runtimeconfig.json" ] || die "there is no build in $version"
[ -f "$nodes/web.runs" ] || die "no cluster runs in ${nodes%/nodes}: ./bayou cluster 2, or BAYOU_DATA=…"

running() { cat "$nodes/$1.runs"; }

deploy() {
    local keeper answer
    read -r keeper <"$nodes/keeper.pid"
    printf '%s\n' "$2" >"$nodes/$1.new"
    mv "$nodes/$1.new" "$nodes/$1.wanted"
    while [ -f "$nodes/$1.wanted" ]; do
        kill -0 "$keeper" 2>/dev/null || die "the cluster has ended"
        sleep 0.2
    done
    answer=$(cat "$nodes/$1.runs")
    [ "$answer" = "$2" ] || { echo "  $answer"; return 1; }
}

check() { curl -fsS -o /dev/null "http://127.0.0.1:${BAYOU_PORT:-5080}/health/readiness"; }
