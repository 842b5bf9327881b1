# shellcheck shell=bash
# pgvector for the installed PostgreSQL, where it can be had: it gives searches by meaning an index. Never a reason to stop.

# ensure_pgvector: tries to install it where it is not there, once. Before the server first starts, since apt may upgrade that.
ensure_pgvector() {
    local major=${POSTGRES_BIN#/usr/lib/postgresql/} start=$EPOCHREALTIME
    major=${major%/bin}
    if [[ ! $major =~ ^[0-9]+$ ]] || [ -f "$BAYOU_STATE/pgvector.log" ] || [ -f "/usr/share/postgresql/$major/extension/vector.control" ] || ! can_be_root; then
        return 0 # not the package manager's; or it is there
    fi
    printf '  Install pgvector … '
    if { apt_install "postgresql-$major-pgvector" || build_pgvector "$major"; } >"$BAYOU_STATE/pgvector.log" 2>&1; then
        printf '%s s\n' "$(seconds_since "$start")"
    else
        printf 'not to be had; searches by meaning go without an index (why: %s)\n' "$BAYOU_STATE/pgvector.log"
    fi
}

# Debian's own source package of the next suite, verified by apt, with a source list and a list folder of our
# own, never the system's, and built against the installed server.
build_pgvector() {
    local major=$1 work mirror
    # shellcheck disable=SC2016 # apt fills it in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
    [ -n "$mirror" ] && [ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || return 1
    upgrades_running_server "$major" && return 1
    apt_install build-essential dpkg-dev "postgresql-server-dev-$major" || return 1
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    chmod -R a+rX "$work"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
    local own=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
    (
        cd "$work" || exit 1
        apt-get "${own[@]}" update &&
            apt-get "${own[@]}" source pgvector &&
            cd pgvector-*/ &&
            make OPTFLAGS= with_llvm=no PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" &&
            as_root make install with_llvm=no PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config"
    )
    local status=$?
    rm -rf "$work"
    return "$status"
}

# The headers must be of the installed server's very version, so apt may want to upgrade that; not under anybody's
# running database.
upgrades_running_server() {
    pgrep -f "/usr/lib/postgresql/$1/bin/postgres" >/dev/null || return 1
    apt-get install -s --no-install-recommends "postgresql-server-dev-$1" | grep -q "^Inst postgresql-$1 " || return 1
    echo "apt would upgrade PostgreSQL $1 while it runs; upgrade it yourself, remove this file, and start again"
}
