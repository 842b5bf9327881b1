# shellcheck shell=bash
# shellcheck source=scripts/up.sh disable=SC2153
. "$BAYOU_ROOT/scripts/up.sh"

# Silos and web nodes as processes of their own.
cluster_main() {
    [[ $* =~ ^[1-9][0-9]?$ ]] || die "cluster takes the number of silos, as in ./bayou cluster 2"
    [ -z "${BAYOU_HOST:-}" ] || die "cluster serves this machine only; for others, see docs/operations.md"
    check_address
    BAYOU_PORT=$((BAYOU_PORT + 1)) check_address
    check_tools
    build_page
    build "the cluster's keeper" tests/Torture src tests
    begin stop
    export ASPNETCORE_ENVIRONMENT=${ASPNETCORE_ENVIRONMENT:-Development}
    setsid dotnet "$(dll Torture)" cluster "$1" --port "$BAYOU_PORT" --data "$BAYOU_DATA" & # Ctrl-C is this shell's: it ends them in order.
    SERVER=$!
    wait "$SERVER"
}
