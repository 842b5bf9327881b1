# shellcheck shell=bash
# shellcheck source=scripts/up.sh
. "$BAYOU_ROOT/scripts/up.sh"

# Hot reload of both halves.
dev_main() {
    [ $# -eq 0 ] || die "dev takes no arguments; its settings are environment variables, see ./bayou help"
    check_address
    serve_in_development dotnet watch --project "$BAYOU_ROOT/src/WebApi" run -- --urls "$URLS"
}

# serve_in_development COMMAND...: the command, with the private database unless BAYOU_DATABASE_URL names another, and Vite, which has the page.
serve_in_development() {
    check_tools
    install_page
    GROUP=none
    begin stop_group
    export Bayou__Ingest__Node="up:$BAYOU_DATA" Bayou__Cluster__Node=bayou BAYOU_PAGE_URL=http://localhost:5173
    (cd "$BAYOU_ROOT/client-app" && exec node node_modules/.bin/vite) &
    PAGE=$!
    say "The page, with hot reload: $BAYOU_PAGE_URL"
    setsid "$@" &
    GROUP=$!
    wait "$GROUP"
}

# What dotnet watch has started ends with it; it takes neither one Ctrl-C nor TERM for an end itself.
stop_group() {
    STATUS=$?
    { kill -TERM -- "-$GROUP" && timeout 3 tail --pid="$GROUP" -f /dev/null; } 2>/dev/null || true
    { kill -KILL -- "-$GROUP" && wait "$GROUP"; } 2>/dev/null || true
    stop ''
}
