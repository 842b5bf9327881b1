# shellcheck shell=bash
# What every command needs: settings, steps, fingerprints.

BAYOU_DATA=$(realpath -m "${BAYOU_DATA:-$BAYOU_ROOT/.data}")
BAYOU_PORT=${BAYOU_PORT:-5080}
BAYOU_STATE=$BAYOU_ROOT/.bayou # what has been done, and logs of doing it
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
mkdir -p "$BAYOU_STATE"

say() { printf '%s\n' "$*"; }

# die MESSAGE: one clear line, and the end.
die() {
    printf 'bayou: %s\n' "$*" >&2
    exit 1
}

# step NAME HINT COMMAND...: runs the command quietly; says its name and seconds, and on failure its last
# lines and what to do.
step() {
    local name=$1 hint=$2 log start status=0
    shift 2
    log=$BAYOU_STATE/$(tr -cs 'a-zA-Z0-9' '-' <<<"$name")$$.log
    start=$EPOCHREALTIME
    printf '  %s … ' "$name"
    "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        printf '%s s\n' "$(seconds_since "$start")"
        rm -f "$log"
        return 0
    fi
    printf 'failed after %s s\n' "$(seconds_since "$start")"
    tail -n 25 "$log" | sed 's/^/    /'
    if grep -qiE 'no space left|disk quota' "$log"; then
        hint="The disk is full: make room under $BAYOU_DATA and $BAYOU_ROOT."
    fi
    printf '%s\n' "bayou: $name failed. $hint (Everything it printed: $log)" >&2
    exit 1
}

seconds_since() {
    local now=$EPOCHREALTIME
    awk -v a="$1" -v b="$now" 'BEGIN { printf "%.1f", b - a }'
}

# fingerprint PATH...: changes whenever a file under the paths is changed, added or removed.
fingerprint() {
    (cd "$BAYOU_ROOT" && find "$@" \( -name node_modules -o -name dist \) -prune -o -type f -printf '%p %s %T@\n' | sort | sha256sum | cut -d' ' -f1)
}

# is_done NAME FINGERPRINT / mark_done NAME FINGERPRINT: what need not be done again.
is_done() { [ "$(cat "$BAYOU_STATE/$1.done" 2>/dev/null)" = "$2" ]; }
mark_done() { printf '%s\n' "$2" >"$BAYOU_STATE/$1.done"; }

# as_root COMMAND...: as root, by sudo where that needs no password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

free_port() { node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'; }

port_is_free() { node -e 'const s = require("net").createServer(); s.on("error", () => process.exit(1)); s.listen(+process.argv[1], "127.0.0.1", () => s.close());' "$1"; }

# attended COMMAND...: runs it in the background and waits, for a signal to this shell is heeded only so before it ends; in a group of
# its own, so that nothing it has started outlives it.
attended() {
    local status=0
    setsid "$@" &
    ATTENDED=$!
    wait "$ATTENDED" || status=$?
    ATTENDED=
    return "$status"
}

# end_attended: for the EXIT trap of whoever runs something attended.
end_attended() {
    [ -z "${ATTENDED:-}" ] || { kill -- "-$ATTENDED" && wait "$ATTENDED"; } 2>/dev/null || :
}
