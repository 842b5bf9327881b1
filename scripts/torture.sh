# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

# Senders, two servers and a database that die at random; at the end every acknowledged observation must count exactly once.
torture_main() {
    local seconds=30 seed=1 cluster=()
    while [ $# -gt 0 ]; do
        case $1 in
            --seconds | --seed)
                case ${2:-} in '' | *[!0-9]*) die "$1 needs a whole number" ;; esac
                printf -v "${1#--}" '%s' "$2"
                shift 2
                ;;
            --cluster)
                cluster=(--cluster true)
                shift
                ;;
            --rolling)
                cluster=(--cluster true --rolling true)
                shift
                ;;
            *) die "torture takes --seconds N, --seed S, --cluster and --rolling, not $1" ;;
        esac
    done
    prepare_build
    step "Build the torture test" "Mend what it names." build_project tests/Torture
    [ ${#cluster[@]} -eq 0 ] || need_orleans
    torture_on_its_own "$seconds" "$seed" "${cluster[@]}"
}

# torture_on_its_own SECONDS SEED [--cluster true [--rolling true]]: on a cluster made for it, gone at the end of this shell.
torture_on_its_own() {
    local port disk=3g fill=() # holds ten minutes with room
    [ "$1" -gt 120 ] || disk=1g
    TORTURE_DATA=$(mktemp -d "${TMPDIR:-/tmp}/bayou-torture-XXXXXX")
    CLUSTER=
    trap 'end_attended; cluster_down; umount "$TORTURE_DATA" 2>/dev/null; rm -rf "${CLUSTER:-}" "$TORTURE_DATA"' EXIT
    trap 'exit 130' INT TERM
    if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o "size=$disk,mode=755" tmpfs "$TORTURE_DATA" 2>/dev/null; then
        say "The database is on a disk of $disk."
    fi
    cluster_up "$TORTURE_DATA" durable
    if mountpoint -q "$TORTURE_DATA" && [ "$(stat -c %d "$CLUSTER")" = "$(stat -c %d "$TORTURE_DATA")" ]; then
        fill=(--fill-disk "bash '$TORTURE_DATA/fill.sh'")
    else
        say "The disk is never full in this run: only root can mount one small enough, where the database may live."
    fi
    port=$(sed -n 4p "$CLUSTER/db/postmaster.pid")
    cat >"$TORTURE_DATA/cluster.sh" <<EOF
set -euo pipefail
BAYOU_ROOT='$BAYOU_ROOT' BAYOU_DATA='$TORTURE_DATA'
. '$BAYOU_ROOT/scripts/common.sh'
. '$BAYOU_ROOT/scripts/postgres.sh'
POSTGRES_BIN='$POSTGRES_BIN'
EOF
    # As a power cut would end it: no checkpoint, no farewell.
    cat >"$TORTURE_DATA/crash.sh" <<EOF
. '$TORTURE_DATA/cluster.sh'
as_postgres "\$POSTGRES_BIN/pg_ctl" stop -w -m immediate -D '$CLUSTER/db'
start_cluster '$CLUSTER' $port durable
EOF
    # Nothing can be written for some seconds; where the server has given up meanwhile, it is started again.
    cat >"$TORTURE_DATA/fill.sh" <<EOF
. '$TORTURE_DATA/cluster.sh'
trap 'rm -f "$TORTURE_DATA/ballast"' EXIT
fallocate -l "\$((\$(df --output=avail -k "$TORTURE_DATA" | tail -n 1) - 32768))K" "$TORTURE_DATA/ballast" # most of it, at once
dd if=/dev/zero of="$TORTURE_DATA/ballast" oflag=append conv=notrunc bs=64k 2>/dev/null || true # until nothing more fits
sleep "\$1"
rm -f "$TORTURE_DATA/ballast"
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    if as_postgres "\$POSTGRES_BIN/pg_isready" -q -h 127.0.0.1 -p $port; then exit 0; fi
    running_cluster '$CLUSTER' || start_cluster '$CLUSTER' $port durable || true
    sleep 1
done
echo "the server does not come back after \$attempt tries" >&2
exit 1
EOF
    BAYOU_DATABASE_URL=$DATABASE_URL attended dotnet "$BAYOU_ROOT/artifacts/${RUNTIME,,}/bin/Torture/release/Torture.dll" \
        --seconds "$1" --seed "$2" "${@:3}" --crash-database "bash '$TORTURE_DATA/crash.sh'" "${fill[@]}"
}
