#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2016 # every test is called by check; what is in quotes is for another shell
# Builds the image without a container engine, looks at it, and runs it as containers would: a silo and a web node, each as the image's user, on a root file
# system without write permission, in a network of its own that lets through what docs/operations.md says a security group must, and nothing else. Prints a line
# for each, "ok …" or "not ok …". Ends with 77, and says why, where networks cannot be made.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
chmod 755 "$scratch"
failed=0
pids=() database=""

end() {
    {
        # Those of a container do not end with who began it: a process that changes its user is no longer bound to its parent.
        for name in silo web; do ip netns pids "bayou-$$-$name" | xargs -r kill -KILL; done
        for pid in "${pids[@]}"; do kill -KILL "$pid" && wait "$pid"; done
        [ -z "$database" ] || { exec 7>&- && wait "$database"; } # It ends with who holds its input.
        for name in silo web hub; do ip netns delete "bayou-$$-$name"; done
    } 2>/dev/null
    rm -rf "$scratch"
}
trap end EXIT

check() {
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then echo "ok $name"; else
        echo "not ok $name"
        sed 's/^/    /' "$scratch/out"
        failed=1
    fi
}

# json FILE KEY…
json() {
    node -e '
        const value = process.argv.slice(2).reduce((all, key) => all[key], JSON.parse(require("fs").readFileSync(process.argv[1])));
        console.log(typeof value === "object" ? JSON.stringify(value) : value)' "$@"
}
blob() { echo "$scratch/oci/blobs/sha256/${1#sha256:}"; }

# --- The archive

it_is_built() { "$root/bayou" image; }
it_is_whole() {
    local manifest digest
    mkdir -p "$scratch/oci" "$scratch/root"
    tar -C "$scratch/oci" -xf "$root"/artifacts/image/bayou-*.oci.tar
    for digest in "$scratch"/oci/blobs/sha256/*; do [ "$(sha256sum <"$digest" | cut -d' ' -f1)" = "${digest##*/}" ] || return 1; done
    manifest=$(blob "$(json "$scratch/oci/index.json" manifests 0 digest)")
    config=$(blob "$(json "$manifest" config digest)")
    for i in 0 1 2; do
        digest=$(blob "$(json "$manifest" layers "$i" digest)")
        [ "sha256:$(gunzip <"$digest" | sha256sum | cut -d' ' -f1)" = "$(json "$config" rootfs diff_ids "$i")" ] || return 1
        tar -C "$scratch/root" -xzf "$digest" --keep-directory-symlink
    done
}
it_is_small() {
    local bytes
    bytes=$(find "$scratch/root" -type f -printf '%s\n' | awk '{ all += $1 } END { print all }')
    echo "$bytes bytes"
    [ "$bytes" -lt 300000000 ] && [ -f "$scratch/root/app/models/all-MiniLM-L6-v2/model.onnx" ]
}
nothing_can_become_root() { [ -z "$(find "$scratch/root" -perm /6000)" ] && [ "$(json "$config" config User)" = 1654 ]; }
its_parts_are_listed() {
    local nuget=("$root"/artifacts/image/*.nuget.cdx.json) npm=("$root"/artifacts/image/*.npm.cdx.json)
    node -e '
        const [nuget, npm] = process.argv.slice(1).map(file => JSON.parse(require("fs").readFileSync(file)));
        const has = (bom, name) => bom.bomFormat === "CycloneDX" && bom.components.some(part => part.name === name && part.purl.endsWith("@" + part.version));
        const wanted = [[nuget, "Npgsql"], [nuget, "Microsoft.Orleans.Server"], [npm, "react"], [npm, "recharts"]];
        const missing = wanted.filter(([bom, name]) => !has(bom, name)).map(([, name]) => name);
        console.log(missing.join());
        process.exit(missing.length)' "${nuget[0]}" "${npm[0]}"
}

check "it is built without a container engine" it_is_built
check "each part of it has the digest that it is known by" it_is_whole
check "it has fewer than 300 MB, the model among them" it_is_small
check "its user is nobody in particular, and nothing in it makes one another" nothing_can_become_root
check "NuGet's and npm's packages in it are listed" its_parts_are_listed

[ "$failed" -eq 0 ] || exit 1
if [ "$(id -u)" -ne 0 ] || ! unshare -n nft list ruleset >/dev/null 2>&1; then
    echo "it was built and looked at; to run it in networks of its own takes root, iproute2 and nftables"
    exit 77
fi

# --- Two containers, and between them what stands for the balancer, for RDS and for the security groups

silo=10.213.1.2 web=10.213.2.2
in_net() { ip netns exec "bayou-$$-$1" "${@:2}"; }

networks() {
    local i=0 name
    ip netns add "bayou-$$-hub" && in_net hub ip link set lo up || return 1
    for name in silo web; do
        i=$((i + 1))
        ip netns add "bayou-$$-$name" && in_net "$name" ip link set lo up &&
            in_net hub ip link add "$name" type veth peer name eth0 netns "bayou-$$-$name" &&
            in_net hub ip address add "10.213.$i.1/24" dev "$name" && in_net hub ip link set "$name" up &&
            in_net "$name" ip address add "10.213.$i.2/24" dev eth0 && in_net "$name" ip link set eth0 up &&
            in_net "$name" ip route add default via "10.213.$i.1" || return 1
    done
    in_net hub sysctl -qw net.ipv4.ip_forward=1
    # As the table in docs/operations.md: web to silo's gateway, both to the database and to their task's metadata, the balancer (this one) to web.
    in_net hub nft -f - <<'END'
table ip reach {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "web" oifname "silo" tcp dport 30000 accept
    }
    chain input {
        type filter hook input priority 0; policy drop;
        iifname "lo" accept
        ct state established,related accept
        tcp dport { 5432, 5433 } accept
    }
    chain output {
        type filter hook output priority 0; policy drop;
        oifname "lo" accept
        ct state established,related accept
        oifname "web" tcp dport 8080 accept
    }
}
END
}

database() {
    mkfifo "$scratch/hold"
    (exec ip netns exec "bayou-$$-hub" "$root/scripts/private-postgres.sh" durable <"$scratch/hold" >"$scratch/database" 2>"$scratch/database.log") &
    database=$!
    exec 7>"$scratch/hold"
    until [ -s "$scratch/database" ]; do kill -0 "$database" || { cat "$scratch/database.log"; return 1; }; sleep 0.1; done
    read -r url _ <"$scratch/database"
    port=${url##*:} port=${port%%/*}
    # At the port of RDS; and what ECS tells a task of itself, on another.
    (exec 7>&- ip netns exec "bayou-$$-hub" node -e '
        const net = require("net"), http = require("http");
        net.createServer(from => {
            const to = net.connect(+process.argv[1], "127.0.0.1");
            from.pipe(to).pipe(from);
            for (const side of [from, to]) side.on("error", () => { from.destroy(); to.destroy(); });
        }).listen(5432);
        http.createServer((request, answer) => {
            const task = request.socket.remoteAddress.replace("::ffff:", "");
            answer.end(JSON.stringify({ Networks: [{ IPv4Addresses: [task] }] }));
        }).listen(5433);' "$port") &
    pids+=($!)
    url=${url%:*}:5432/${url##*/}
}

# contained NAME GATEWAY PROGRAM [SETTING…]: as a task of ECS: the image's user, nothing to write to but /tmp, no more than the settings.
contained() {
    local name=$1 gateway=$2 program=$3
    shift 3
    (exec 7>&- ip netns exec "bayou-$$-$name" unshare --mount --pid --fork --kill-child bash -c '
        set -e
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
        mount -t tmpfs tmpfs "$1/tmp" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev"
        exec env -i PATH=/usr/bin "${@:3}" "$(command -v setpriv)" --no-new-privs "$(command -v chroot)" --userspec=1654:1654 "$1" \
            sh -c "cd /app && exec dotnet $2"
    ' - "$scratch/root" "$program" ASPNETCORE_HTTP_PORTS=8080 DOTNET_EnableDiagnostics=0 LOG_LEVEL=Warning \
        "BAYOU_DATABASE_URL=${url/127.0.0.1/$gateway}" Bayou__Cluster__Mode=postgres "ECS_CONTAINER_METADATA_URI_V4=http://$gateway:5433/v4" \
        BAYOU_TOKEN=the-token-of-those-who-may BAYOU_SECRET_KEY=0123456789abcdef0123456789abcdef "$@" >"$scratch/$name.log" 2>&1) &
    pids+=($!)
}

answers() { in_net hub curl --fail-with-body -s --max-time 10 -H "Authorization: Bearer the-token-of-those-who-may" "$@"; }

they_start() {
    networks && database || return 1
    contained silo 10.213.1.1 Silo.dll
    contained web 10.213.2.1 WebApi.dll Bayou__Roles=ingest,query,ui "BAYOU_ALLOWED_HOSTS=$web"
    answers "http://$web:8080/health/readiness" --retry 60 --retry-delay 1 --retry-all-errors || { cat "$scratch"/*.log; return 1; }
}
they_work() {
    local now
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    answers "http://$web:8080/ingest/v1/requests" -X POST -H 'Content-Type: application/json' \
        -d '[{ "service": "contained", "method": "GET", "route": "/", "status": 200, "duration_ms": 1, "time": "'"$now"'" }]' || return 1
    for _ in $(seq 60); do
        answers "http://$web:8080/metrics/summary?service=contained" >"$scratch/summary" || return 1
        [ "$(json "$scratch/summary" data traffic value)" = 1 ] && return
        sleep 1
    done
    cat "$scratch/summary" "$scratch"/*.log
    return 1
}
they_have_the_page() { answers "http://$web:8080/dashboard" | grep -q '<script'; }
their_health_check_is_there() {
    in_net silo unshare --mount bash -c 'mount --rbind /dev "$1/dev" && exec chroot --userspec=1654:1654 "$1" sh -c "$2"' - "$scratch/root" \
        'wget -q -O /dev/null http://127.0.0.1:8080/health/liveness'
}
reaches() { in_net "$1" timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null; }
nothing_else_is_reached() {
    local open=""
    reaches web "$silo" 30000 || open+=" (web does not reach the gateway)"
    for other in "web $silo 11111" "web $silo 8080" "silo $web 8080" "hub $silo 8080" "hub $silo 11111" "hub $silo 30000" "web 10.213.2.1 $port"; do
        # shellcheck disable=SC2086
        ! reaches $other || open+=" $other;"
    done
    echo "$open"
    [ -z "$open" ]
}
nothing_was_written() { [ -z "$(find "$scratch/root" -xdev -newer "$scratch/began" -not -path "$scratch/root/tmp*" -print)" ]; }

touch "$scratch/began"
check "a silo and a web node start as another user, and can write nowhere" they_start
[ "$failed" -eq 0 ] || exit 1
check "what the web node takes is counted by the silo" they_work
check "it has the page" they_have_the_page
check "its health check works" their_health_check_is_there
check "what a security group must let through is all that they need" nothing_else_is_reached
check "nothing was written to its file system" nothing_was_written
exit "$failed"
