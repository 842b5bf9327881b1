# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
# shellcheck source=scripts/postgres.sh
. "$BAYOU_ROOT/scripts/postgres.sh"

# Says what is here and what is missing; changes nothing.
doctor_main() {
    finding ".NET SDK" "$(dotnet --version 2>/dev/null || true)" "missing, or older than global.json asks for"
    finding "Node" "$(node --version 2>/dev/null || true)" "missing"
    if [ -f "$BAYOU_STATE/runtime.props" ]; then
        choose_runtime
        finding "Grain runtime" "$RUNTIME ($RUNTIME_WHY)" ""
    else
        finding "Grain runtime" "" "not chosen yet; ./bayou setup does"
    fi
    if [ -n "${BAYOU_DATABASE_URL:-}" ]; then
        finding "PostgreSQL" "BAYOU_DATABASE_URL" ""
    else
        POSTGRES_BIN=$(installed_postgres)
        finding "PostgreSQL" "${POSTGRES_BIN:+$("$POSTGRES_BIN/postgres" --version) in $POSTGRES_BIN}" "not installed; ./bayou up gets one"
    fi
    finding "Chromium" "$(command -v "${BAYOU_CHROMIUM:-chromium}" || true)" "not installed; only ./bayou test needs it"
    finding "Data" "$([ -d "$BAYOU_DATA" ] && printf '%s, %s' "$BAYOU_DATA" "$(du -shL "$BAYOU_DATA" 2>/dev/null | cut -f1)")" "none yet in $BAYOU_DATA"
    finding "Disk" "$(df -h --output=avail "$BAYOU_ROOT" | tail -n 1 | tr -d ' ') free" ""
}

# finding NAME WHAT MISSING
finding() { printf '%-14s %s\n' "$1" "${2:-$3}"; }
