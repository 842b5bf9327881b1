# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
# shellcheck source=scripts/postgres.sh
. "$BAYOU_ROOT/scripts/postgres.sh"
# shellcheck source=scripts/geo.sh
. "$BAYOU_ROOT/scripts/geo.sh"
# shellcheck source=scripts/demo.sh
. "$BAYOU_ROOT/scripts/demo.sh"

up_main() {
    [[ $* =~ ^(--demo)?$ ]] || die "up takes --demo only; its settings are environment variables, see ./bayou help"
    DEMO=$*
    check_address
    check_tools
    build_page
    build_server
    ensure_geo
    [ -z "$DEMO" ] || build_demo
    begin stop
    export ASPNETCORE_ENVIRONMENT=${ASPNETCORE_ENVIRONMENT:-Development}
    # Which life of which node left something in the journal is told by the data folder.
    export Bayou__Ingest__Node=${Bayou__Ingest__Node:-up:$BAYOU_DATA} Bayou__Cluster__Node=${Bayou__Cluster__Node:-bayou}
    dotnet "$(dll WebApi)" --urls "$URLS" --contentRoot "$BAYOU_ROOT/src/WebApi" --webroot "$BAYOU_ROOT/client-app/dist" &
    SERVER=$!
    if wait_until_ready; then
        say ""
        say "Bayou is at $AT   (Ctrl-C stops it; the data stays in $BAYOU_DATA)"
        [ -z "$DEMO" ] || start_demo
    fi
    wait "$SERVER"
}

check_address() {
    case $BAYOU_PORT in
        '' | *[!0-9]*) die "BAYOU_PORT is '$BAYOU_PORT'; it must be a port number" ;;
    esac
    command -v node >/dev/null && ! port_is_free "$BAYOU_PORT" && die "port $BAYOU_PORT is taken; set BAYOU_PORT to a free one"
    URLS="http://127.0.0.1:$BAYOU_PORT;http://[::1]:$BAYOU_PORT"
    AT=http://localhost:$BAYOU_PORT
    [ -e /proc/net/if_inet6 ] || URLS="http://127.0.0.1:$BAYOU_PORT"
    case ${BAYOU_HOST:-localhost} in
        localhost | 127.0.0.1 | ::1) ;;
        *)
            # Where there is a database there may be people in it; the server knows.
            [ -n "${BAYOU_TOKEN:-}${BAYOU_ADMIN_EMAIL:-}${BAYOU_DATABASE_URL:-}" ] || [ -e "$BAYOU_DATA/postgres" ] ||
                die "BAYOU_HOST=$BAYOU_HOST would open Bayou to the network; make an administrator first, by ./bayou admin EMAIL," \
                    "or set BAYOU_TOKEN too, for instance to what this prints: openssl rand -hex 24"
            URLS="http://$BAYOU_HOST:$BAYOU_PORT"
            AT=$URLS
            export BAYOU_ALLOWED_HOSTS=${BAYOU_ALLOWED_HOSTS:-*}
            ;;
    esac
}

# begin STOP: takes the data folder, has STOP called at the end, and the database running.
begin() {
    local owner
    make_data_folder "$BAYOU_DATA" || die "cannot write to $BAYOU_DATA; set BAYOU_DATA to a folder of yours"
    owner=$(cat "$BAYOU_DATA/up.pid" 2>/dev/null || true)
    if [ -n "$owner" ] && [ "$owner" != $$ ] && tr '\0' ' ' <"/proc/$owner/cmdline" 2>/dev/null | grep -q bayou; then
        die "another ./bayou (process $owner) uses $BAYOU_DATA; stop it, or set BAYOU_DATA and BAYOU_PORT"
    fi
    echo $$ >"$BAYOU_DATA/up.pid"
    # shellcheck disable=SC2064 # now
    trap "$1" EXIT
    ensure_database
    watch_cluster &
    WATCH=$!
    export BAYOU_DATABASE_URL=$DATABASE_URL BAYOU_SECRET_KEY=${BAYOU_SECRET_KEY:-$(secret_key)}
}

# What encrypts the keys that are in the database: made once, and kept beside it.
secret_key() {
    [ -s "$BAYOU_DATA/secret.key" ] || (
        umask 077
        head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$BAYOU_DATA/secret.key.new" && mv "$BAYOU_DATA/secret.key.new" "$BAYOU_DATA/secret.key"
    )
    cat "$BAYOU_DATA/secret.key"
}

# One process asks until the server answers or is gone; curl may not be here.
wait_until_ready() {
    node -e '
        const [url, pid] = process.argv.slice(1), until = Date.now() + 60_000;
        (async () => {
            while (!await fetch(url).then(r => r.ok, () => false)) {
                try { process.kill(+pid, 0); } catch { process.exit(1); }
                if (Date.now() > until) { console.error("bayou: the server does not answer; its lines above say why"); process.exit(1); }
                await new Promise(go => setTimeout(go, 50));
            }
        })();' "${URLS%%;*}/health/readiness" "$SERVER"
}

# stop [PID...]: what up has started, and these before it.
stop() {
    local status=${STATUS:-$?}
    trap - EXIT
    trap '' INT TERM
    terminate "${WATCH:-}" "${TRAFFIC:-}" "${SHOP:-}" "${PAGE:-}" "$@" "${SERVER:-}"
    cluster_down
    rm -f "$BAYOU_DATA/up.pid"
    exit "$status"
}
