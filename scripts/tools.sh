# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
# shellcheck source=scripts/postgres.sh
. "$BAYOU_ROOT/scripts/postgres.sh"
# shellcheck source=scripts/geo.sh
. "$BAYOU_ROOT/scripts/geo.sh"

bench_main() {
    check_tools
    find_postgres
    ensure_pgvector
    run_tool Bench "$@"
}

torture_main() {
    check_tools
    run_tool Torture "$@"
}

# run_tool NAME ARGUMENT...: builds a program of tests/ and becomes it; it knows its arguments.
run_tool() {
    build "${1,,}" "tests/$1" src tests >&2
    exec dotnet "$(dll "$1")" "${@:2}"
}

patterns_main() {
    check_tools
    build_server >&2
    exec dotnet "$(dll WebApi)" patterns "$@"
}

admin_main() { run_with_database admin "$@"; }

audit_main() { run_with_database audit "$@"; }

# run_with_database ARGUMENT...: has the server's program do one thing with the database, which is started for it where it does not run.
run_with_database() {
    check_tools
    build_server >&2
    local home
    home=$(cluster_home "$BAYOU_DATA")
    find_postgres "$(cat "$home/db/PG_VERSION" 2>/dev/null || true)" >&2
    running_cluster "$home" || [ -n "${BAYOU_DATABASE_URL:-}" ] || trap cluster_down EXIT
    ensure_database >&2
    BAYOU_DATABASE_URL=$DATABASE_URL BAYOU_URL=${BAYOU_URL:-http://localhost:$BAYOU_PORT} dotnet "$(dll WebApi)" "$@"
}

setup_main() {
    check_tools
    build_page
    build_server
    ensure_geo
    find_postgres
    say "Set up. ./bayou up starts it."
}

# Says what is here and what is missing; changes nothing.
doctor_main() {
    finding ".NET SDK" "$(dotnet --version 2>/dev/null || true)" "missing, or older than global.json asks for"
    finding "Node" "$(node --version 2>/dev/null || true)" "missing"
    POSTGRES_BIN=$(installed_postgres)
    finding "PostgreSQL" \
        "${BAYOU_DATABASE_URL:+BAYOU_DATABASE_URL}${POSTGRES_BIN:+ $("$POSTGRES_BIN/postgres" --version) in $POSTGRES_BIN}" "not installed; ./bayou up gets one"
    finding "Chromium" "$(command -v "${BAYOU_CHROMIUM:-chromium}" || true)" "not installed; only ./bayou test needs it"
    finding "Data" "$([ -d "$BAYOU_DATA" ] && printf '%s, %s' "$BAYOU_DATA" "$(du -shL "$BAYOU_DATA" 2>/dev/null | cut -f1)")" "none yet in $BAYOU_DATA"
    finding "Disk" "$(df -h --output=avail "$BAYOU_ROOT" | tail -n 1 | tr -d ' ') free" ""
}

# finding NAME WHAT MISSING
finding() { printf '%-14s %s\n' "$1" "${2:-$3}"; }
