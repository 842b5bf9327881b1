# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
# shellcheck source=scripts/postgres.sh
. "$BAYOU_ROOT/scripts/postgres.sh"

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

setup_main() {
    check_tools
    build_page
    build_server
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
