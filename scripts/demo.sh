# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

# A small shop with realistic traffic, watched by the Bayou that runs here.
demo_main() {
    [ $# -eq 0 ] || die "demo takes no arguments; BAYOU_PORT says where Bayou is"
    check_tools
    node -e 'fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "http://localhost:$BAYOU_PORT/health/readiness" ||
        die "no Bayou answers at http://localhost:$BAYOU_PORT; start it with ./bayou up, or both with ./bayou up --demo"
    build_demo
    trap 'terminate "${TRAFFIC:-}" "${SHOP:-}"' EXIT
    start_demo
    wait "$TRAFFIC"
}

build_demo() { build "the demo" samples/ShopTraffic samples src/Monitor.AspNetCore; }

# start_demo: sets SHOP and TRAFFIC to its processes.
start_demo() {
    local port
    port=$(free_port)
    Logging__LogLevel__Default=Critical Logging__LogLevel__Bayou=Warning \
        Logging__Bayou__LogLevel__Default=Information Logging__Bayou__LogLevel__Microsoft=Warning \
        Bayou__Url="http://localhost:$BAYOU_PORT" Bayou__Version='' Bayou__ApiKey="${BAYOU_API_KEY:-${BAYOU_TOKEN:-}}" \
        dotnet "$(dll ShopApi)" --urls "http://127.0.0.1:$port" --contentRoot "$BAYOU_ROOT/samples/ShopApi" &
    SHOP=$!
    dotnet "$(dll ShopTraffic)" --shop "http://127.0.0.1:$port" --bayou "http://localhost:$BAYOU_PORT" --rate "${BAYOU_DEMO_RATE:-8}" &
    TRAFFIC=$!
    say "A demo shop is being watched: http://localhost:$BAYOU_PORT/dashboard?service=shop   (its last 24 hours are written first)"
    say "The shop itself: http://127.0.0.1:$port"
}
