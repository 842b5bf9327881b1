# shellcheck shell=bash
# shellcheck source=scripts/up.sh disable=SC2153
. "$BAYOU_ROOT/scripts/up.sh"

WEBS=2

# Silos and web nodes as processes of their own, each started again when it ends by itself, as every deployment must.
cluster_main() {
    DEMO=
    case ${1:-} in
        [1-9] | [1-9][0-9]) ;;
        *) die "cluster takes the number of silos, as in ./bayou cluster 2" ;;
    esac
    [ $# -eq 1 ] || die "cluster takes the number of silos only"
    [ -z "${BAYOU_HOST:-}" ] || die "cluster serves this machine only; for others, see docs/operations.md"
    check_address
    BAYOU_PORT=$((BAYOU_PORT + 1)) check_address
    prepare
    need_orleans
    build_server
    only_one
    trap stop_nodes EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    ensure_database
    export BAYOU_DATABASE_URL=$DATABASE_URL ASPNETCORE_ENVIRONMENT=${ASPNETCORE_ENVIRONMENT:-Development}
    export Bayou__Cluster__Mode=postgres Bayou__Cluster__AdvertisedAddress=127.0.0.1 Bayou__Cluster__SiloPort=0 Bayou__Cluster__GatewayPort=0
    NODES=$BAYOU_DATA/nodes
    rm -rf "$NODES"
    mkdir -p "$NODES"
    local i bin=$BAYOU_ROOT/artifacts/orleans/bin
    SILO_KEEPERS=() WEB_KEEPERS=()
    for ((i = 1; i <= $1; i++)); do
        Bayou__Cluster__Node=silo-$i keep "silo-$i" dotnet "$bin/Silo/release/Silo.dll" --urls "http://127.0.0.1:0" --contentRoot "$BAYOU_ROOT/src/Silo" &
        SILO_KEEPERS+=($!)
    done
    for ((i = 1; i <= WEBS; i++)); do
        local port=$((BAYOU_PORT + i - 1))
        Bayou__Roles=ingest,query,ui Bayou__Cluster__Node=web-$i Bayou__Ingest__Node="cluster:$BAYOU_DATA:web-$i" \
            keep "web-$i" dotnet "$(server_dll)" --urls "http://127.0.0.1:$port" --contentRoot "$BAYOU_ROOT/src/WebApi" --webroot "$BAYOU_ROOT/client-app/dist" &
        WEB_KEEPERS+=($!)
    done
    URLS="http://127.0.0.1:$BAYOU_PORT" SERVER=${WEB_KEEPERS[0]}
    if wait_until_ready; then
        say ""
        say "Bayou is at http://localhost:$BAYOU_PORT and at http://localhost:$((BAYOU_PORT + 1)); its processes: http://localhost:$BAYOU_PORT/dashboard/cluster"
        say "Process ids are in $NODES: kill one, and watch.   (Ctrl-C stops all; the data stays in $BAYOU_DATA)"
    fi
    wait
}

# keep NAME COMMAND...: runs it, again when it ends by itself, until told to end.
keep() {
    local name=$1 pid
    shift
    trap - EXIT INT
    trap 'kill -TERM "$pid" 2>/dev/null; wait "$pid"; exit 0' TERM
    trap '' INT
    while true; do
        "$@" &
        pid=$!
        echo "$pid" >"$NODES/$name.pid"
        wait "$pid" || say "$name ended with $?; it is started again"
        sleep 1 # not as fast as it can fail
    done
}

# Web nodes first: they still deliver to the silos what they have taken.
stop_nodes() {
    local status=$?
    trap - EXIT
    trap '' INT TERM
    end_keepers "${WEB_KEEPERS[@]}"
    end_keepers "${SILO_KEEPERS[@]}"
    cluster_down
    rm -f "$BAYOU_DATA/up.pid"
    exit "$status"
}

end_keepers() {
    [ $# -gt 0 ] || return 0
    kill -TERM "$@" 2>/dev/null || true
    wait "$@" 2>/dev/null || true
}
