# shellcheck shell=bash
# What every command needs: settings, steps, fingerprints.

BAYOU_DATA=$(realpath -m "${BAYOU_DATA:-$BAYOU_ROOT/.data}")
BAYOU_PORT=${BAYOU_PORT:-5080}
BAYOU_STATE=$BAYOU_ROOT/.bayou # what has been done, and logs of doing it
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
mkdir -p "$BAYOU_STATE"

# Before anything runs: a child that ends by itself at Ctrl-C, as dotnet does, would keep it from this shell.
trap 'exit 130' INT
trap 'exit 143' TERM

# make_data_folder FOLDER: for its owner alone; as root others may pass through it, as the database's user must. What exists keeps its rights.
make_data_folder() { [ -d "$1" ] || (mkdir -p "$(dirname "$1")" && umask "$([ "$(id -u)" -eq 0 ] && echo 066 || echo 077)" && mkdir "$1"); }

say() { printf '%s\n' "$*"; }

# die MESSAGE: one clear line, and the end.
die() {
    printf 'bayou: %s\n' "$*" >&2
    exit 1
}

# step NAME HINT COMMAND...: runs the command quietly; says its name and seconds, and on failure its last
# lines and what to do.
step() {
    local name=$1 hint=$2 log start=$EPOCHREALTIME status=0
    shift 2
    log=$BAYOU_STATE/$(tr -cs 'a-zA-Z0-9' '-' <<<"$name")$$.log
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
    die "$name failed. $hint (Everything it printed: $log)"
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# fingerprint PATH...: changes whenever a file under the paths is changed, added or removed.
fingerprint() {
    (cd "$BAYOU_ROOT" && find "$@" \( -name node_modules -o -name dist \) -prune -o -type f -printf '%p %s %T@\n' | sort | sha256sum | cut -d' ' -f1)
}

# is_done NAME FINGERPRINT / mark_done NAME FINGERPRINT: what need not be done again.
is_done() { [ "$(cat "$BAYOU_STATE/$1.done" 2>/dev/null)" = "$2" ]; }
mark_done() { printf '%s\n' "$2" >"$BAYOU_STATE/$1.done"; }

# as_root COMMAND...: as root, by sudo where that needs no password.
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }
can_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update && as_root apt-get install -y --no-install-recommends "$@"
}

# free_port: one that nobody listens on, below those that the system gives out by itself, so that it stays free.
free_port() {
    local port
    until port=$((20000 + RANDOM % 12000)) && port_is_free "$port"; do :; done
    echo "$port"
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# terminate PID...: tells processes to end, and waits for those of this shell.
terminate() {
    local pid
    for pid in "$@"; do
        if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
    done
}
