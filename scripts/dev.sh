# shellcheck shell=bash
# shellcheck source=scripts/up.sh
. "$BAYOU_ROOT/scripts/up.sh"

# Hot reload of both halves: Vite serves the page on 5173 and passes the API on.
dev_main() {
    check_address
    prepare
    only_one
    trap 'end_tree "${PAGE:-}"; end_tree "${SERVER:-}"; stop' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    ensure_database
    (cd "$BAYOU_ROOT/client-app" && BAYOU_PORT=$BAYOU_PORT exec npx vite) &
    PAGE=$!
    export BAYOU_DATABASE_URL=$DATABASE_URL ASPNETCORE_ENVIRONMENT=Development
    export Bayou__Cluster__Node=bayou Bayou__Ingest__Node="up:$BAYOU_DATA" GrainRuntime=$RUNTIME
    say "The page, with hot reload: http://localhost:5173"
    (cd "$BAYOU_ROOT" && exec dotnet watch --project src/WebApi run -- --urls "$URLS" --webroot "$BAYOU_ROOT/client-app/dist") &
    SERVER=$!
    wait "$SERVER"
}

# end_tree PID: the process and all below it; dotnet watch takes neither one Ctrl-C nor TERM for an end.
end_tree() {
    [ -n "$1" ] || return 0
    local pids=$1 below=$1 waited
    while below=$(pgrep -d ' ' -P "${below// /,}"); do
        pids="$pids $below"
    done
    # shellcheck disable=SC2086 # a list
    kill -TERM $pids 2>/dev/null || true
    for waited in $(seq 50); do
        # shellcheck disable=SC2086
        kill -0 $pids 2>/dev/null || break
        [ "$waited" -eq 50 ] || sleep 0.1
    done
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
}
