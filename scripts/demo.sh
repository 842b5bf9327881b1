# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

# A small shop with realistic traffic, watched by the Bayou that runs here.
demo_main() {
    [ $# -eq 0 ] || die "demo takes no arguments; BAYOU_PORT says where Bayou is"
    check_tools
    choose_runtime
    node -e 'fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "http://localhost:$BAYOU_PORT/health/readiness" ||
        die "no Bayou answers at http://localhost:$BAYOU_PORT; start it with ./bayou up, or both with ./bayou up --demo"
    build_demo
    trap stop_demo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start_demo
    wait "$TRAFFIC"
}

build_demo() {
    local print
    print=$(fingerprint samples src/Monitor.AspNetCore Directory.Build.props Directory.Packages.props)
    if ! is_done "demo-$RUNTIME" "$print"; then
        step "Build the demo" "Mend what it names." build_project samples/ShopTraffic
        mark_done "demo-$RUNTIME" "$print"
    fi
}

# start_demo: sets SHOP and TRAFFIC to its processes.
start_demo() {
    local port built=$BAYOU_ROOT/artifacts/${RUNTIME,,}/bin
    port=$(free_port)
    Logging__LogLevel__Default=Critical Logging__LogLevel__Bayou=Warning \
        Logging__Bayou__LogLevel__Default=Information Logging__Bayou__LogLevel__Microsoft=Warning \
        Bayou__Url="http://localhost:$BAYOU_PORT" Bayou__Version='' Bayou__ApiKey="${BAYOU_TOKEN:-}" \
        dotnet "$built/ShopApi/release/ShopApi.dll" --urls "http://127.0.0.1:$port" --contentRoot "$BAYOU_ROOT/samples/ShopApi" &
    SHOP=$!
    dotnet "$built/ShopTraffic/release/ShopTraffic.dll" --shop "http://127.0.0.1:$port" --bayou "http://localhost:$BAYOU_PORT" --rate "${BAYOU_DEMO_RATE:-8}" &
    TRAFFIC=$!
    say "A demo shop is being watched: http://localhost:$BAYOU_PORT/dashboard?service=shop   (its last 24 hours are written first)"
}

stop_demo() {
    local pid
    for pid in "${TRAFFIC:-}" "${SHOP:-}"; do
        if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
    done
}
