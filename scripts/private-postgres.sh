#!/usr/bin/env bash
# A private PostgreSQL with nothing to lose, for as long as whoever starts this keeps its standard input open. Prints its URL, its process
# id, and the folder of its disk where it has one of its own. Then obeys, and answers each line with one: crash; restart, where it has ended.
# private-postgres.sh durable|throwaway [DISK]: a size for a disk of its own, where root can mount one.
set -euo pipefail
BAYOU_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/common.sh
. "$BAYOU_ROOT/scripts/common.sh"
# shellcheck source=scripts/postgres.sh
. "$BAYOU_ROOT/scripts/postgres.sh"
exec 3>&1 1>&2 # What is said of the steps is no answer.

kind=$1 disk=${2:-} ours=
data=$(mktemp -d "${TMPDIR:-/tmp}/bayou-XXXXXX")
[ "$(id -u)" -ne 0 ] || chmod 711 "$data"
trap 'cluster_down; umount "$data" 2>/dev/null || true; rm -rf "${CLUSTER:-}" "$data"' EXIT
{
    flock 9 # One of several installs it.
    find_postgres
    ensure_pgvector
} 9>"$BAYOU_STATE/postgres.lock"
if [ -n "$disk" ] && [ "$(id -u)" -eq 0 ]; then
    mount -t tmpfs -o "size=$disk,mode=755" tmpfs "$data" 2>/dev/null || true
fi
cluster_up "$data" "$kind" 3>&-
port=$(sed -n 4p "$CLUSTER/db/postmaster.pid")
if mountpoint -q "$data" && [ "$(stat -c %d "$CLUSTER")" = "$(stat -c %d "$data")" ]; then ours=$data; fi

restart() { running_cluster "$CLUSTER" || start_cluster "$CLUSTER" "$port" "$kind"; }

# As a power cut would end it: no checkpoint, no farewell.
crash() { as_postgres "$POSTGRES_BIN/pg_ctl" stop -w -m immediate -D "$CLUSTER/db" && restart; }

echo "$DATABASE_URL $(head -n 1 "$CLUSTER/db/postmaster.pid") $ours" >&3
while read -r command; do
    case $command in
        crash | restart) if "$command" 3>&-; then echo "done" >&3; else echo failed >&3; fi ;;
        *) echo "there is no '$command'" >&3 ;;
    esac
done
