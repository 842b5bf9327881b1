# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

# Senders, two servers and a database that die at random; at the end every acknowledged observation must count exactly once.
torture_main() {
    local seconds=30 seed=1
    while [ $# -gt 0 ]; do
        case $1 in
            --seconds | --seed)
                case ${2:-} in '' | *[!0-9]*) die "$1 needs a whole number" ;; esac
                printf -v "${1#--}" '%s' "$2"
                shift 2
                ;;
            *) die "torture takes --seconds N and --seed S, not $1" ;;
        esac
    done
    # shellcheck source=scripts/postgres.sh
    . "$BAYOU_ROOT/scripts/postgres.sh"
    check_tools
    choose_runtime
    RUNTIME=Embedded # whose two servers know nothing of each other: the harder case
    step "Build the torture test" "Mend what it names." build_project tests/Torture
    torture_on_its_own "$seconds" "$seed"
}

# torture_on_its_own SECONDS SEED: on a cluster made for it, gone at the end of this shell.
torture_on_its_own() {
    local port
    TORTURE_DATA=$(mktemp -d "${TMPDIR:-/tmp}/bayou-torture-XXXXXX")
    CLUSTER=
    trap 'cluster_down; rm -rf "${CLUSTER:-}" "$TORTURE_DATA"' EXIT
    trap 'exit 130' INT TERM
    cluster_up "$TORTURE_DATA" plain
    port=$(sed -n 4p "$CLUSTER/db/postmaster.pid")
    # As a power cut would end it: no checkpoint, no farewell.
    cat >"$TORTURE_DATA/crash.sh" <<EOF
set -euo pipefail
BAYOU_ROOT='$BAYOU_ROOT' BAYOU_DATA='$TORTURE_DATA'
. '$BAYOU_ROOT/scripts/common.sh'
. '$BAYOU_ROOT/scripts/postgres.sh'
POSTGRES_BIN='$POSTGRES_BIN'
as_postgres "\$POSTGRES_BIN/pg_ctl" stop -w -m immediate -D '$CLUSTER/db'
start_cluster '$CLUSTER' $port plain
EOF
    BAYOU_DATABASE_URL=$DATABASE_URL dotnet "$BAYOU_ROOT/artifacts/embedded/bin/Torture/release/Torture.dll" \
        --seconds "$1" --seed "$2" --crash-database "bash '$TORTURE_DATA/crash.sh'"
}
