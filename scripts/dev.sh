# shellcheck shell=bash
# shellcheck source=scripts/up.sh
. "$BAYOU_ROOT/scripts/up.sh"

# Hot reload of both halves: Vite serves the page on 5173 and passes the API on.
dev_main() {
    check_address
    prepare
    only_one
    trap 'kill "${PAGE:-}" 2>/dev/null; stop' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    ensure_database
    (cd "$BAYOU_ROOT/client-app" && BAYOU_PORT=$BAYOU_PORT exec npx vite) &
    PAGE=$!
    export BAYOU_DATABASE_URL=$DATABASE_URL ASPNETCORE_ENVIRONMENT=Development
    export Bayou__Ingest__Node="up:$BAYOU_DATA" GrainRuntime=$RUNTIME
    say "The page, with hot reload: http://localhost:5173"
    (cd "$BAYOU_ROOT" && exec dotnet watch --project src/WebApi run -- --urls "$URLS" --webroot "$BAYOU_ROOT/client-app/dist") &
    SERVER=$!
    wait "$SERVER"
}
