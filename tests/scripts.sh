#!/usr/bin/env bash
# shellcheck disable=SC2317 # every test is called by check
# Tests of ./bayou's own parts; prints a line for each, "ok …" or "not ok …".
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
failed=0

check() {
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name"
        sed 's/^/    /' "$scratch/out"
        failed=1
    fi
}

# says TEXT COMMAND...: the command fails, and its one line has the text.
says() {
    local text=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "it succeeded: $output"
        return 1
    fi
    grep -qF -- "$text" <<<"$output" || {
        echo "expected: $text"
        echo "$output"
        return 1
    }
}

run() { env BAYOU_DATA="$scratch/data" "$root/bayou" "$@"; }

# Where this runs in the background an interrupt is ignored, which a shell cannot undo.
in_parts() {
    local parts=". '$root/scripts/common.sh'; . '$root/scripts/setup.sh'; . '$root/scripts/postgres.sh'"
    (BAYOU_ROOT=$root BAYOU_DATA=$scratch/data env --default-signal=INT bash -uc "$parts; $1")
}

an_unknown_command() { says "There is no command 'fly'" run fly; }
a_port_that_is_none() { says "BAYOU_PORT is 'http'" env BAYOU_PORT=http "$root/bayou" up; }
a_taken_port() {
    local port status=0
    node -e 'require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); })' >"$scratch/port" &
    until [ -s "$scratch/port" ]; do :; done
    port=$(cat "$scratch/port")
    says "port $port is taken" env BAYOU_PORT="$port" BAYOU_DATA="$scratch/data" "$root/bayou" up || status=1
    kill %1
    return "$status"
}
an_open_address() { says "set BAYOU_TOKEN too" env BAYOU_DATA="$root/.bayou/none" BAYOU_HOST=0.0.0.0 BAYOU_PORT=1 "$root/bayou" up; }
a_missing_sdk() {
    mkdir -p "$scratch/bin"
    printf '#!/bin/sh\necho 9.0.100\n' >"$scratch/bin/dotnet"
    chmod +x "$scratch/bin/dotnet"
    says "the .NET SDK 9.0.100 will not do; install 10.0 with: curl" env PATH="$scratch/bin:$PATH" BAYOU_PORT=5999 "$root/bayou" up
}
a_demo_of_nothing() { says "start it with ./bayou up, or both with ./bayou up --demo" env BAYOU_PORT=1 BAYOU_DATA="$scratch/data" "$root/bayou" demo; }
a_torture_without_end() { says "Cannot parse argument 'long' for option '--seconds'" run torture --seconds long; }
a_cluster_of_no_number() { says "cluster takes the number of silos" run cluster; }
a_cluster_for_others() { says "cluster serves this machine only" env BAYOU_HOST=0.0.0.0 BAYOU_TOKEN=0123456789abcdef "$root/bayou" cluster 2; }
an_unknown_argument() { says "up takes --demo only" run up --fast; }
an_old_node() { says "Node 18.1.0 is too old; install 22 with:" in_parts 'node() { echo v18.1.0; }; check_tools'; }
versions() { in_parts 'version_at_least 20.19.1 20.19 && version_at_least 22.0.0 20.19 && ! version_at_least 20.9.0 20.19'; }
a_data_folder_of_its_owner() {
    in_parts "
        umask 022
        cluster_up '$scratch/new' throwaway; cluster_down
        [ \"\$(stat -Lc %a '$scratch/new/postgres')\" = 700 ] &&
            [ \"\$(stat -c %a \"\$CLUSTER/password\")\" = 600 ] && [[ \$(stat -c %a '$scratch/new') = 7[01][01] ]]"
}
a_data_folder_that_exists() {
    mkdir -m 750 "$scratch/mine"
    in_parts "cluster_home '$scratch/mine' >/dev/null; [ \"\$(stat -c %a '$scratch/mine')\" = 750 ]"
}
# The build looks at C# alone, and not at its comments. Tables, links and what a tool writes are as long as they are.
no_line_is_too_long() {
    local long
    long=$(cd "$root" || exit; git ls-files '*.cs' '*.ts' '*.tsx' '*.js' '*.css' '*.sh' '*.csproj' '*.tf' '*.hcl' '*.yaml' '*.md' bayou |
        grep -v '^client-app/src/shared/api-types.ts$' | LC_ALL=C.UTF-8 xargs grep -nE '^.{161,}' | grep -vE '^[^:]*\.md:[0-9]+:(\||!\[)' || true)
    [ -z "$long" ] || { echo "$long"; return 1; }
}
what_dotnet_run_runs() { [ "$(env BAYOU_PAGE_URL=http://localhost:1 "$root/scripts/run.sh" echo as it is)" = "as it is" ]; }
a_postgres_that_goes_with_its_reader() {
    local url pid
    exec 5< <(sleep 1 | "$root/scripts/private-postgres.sh" throwaway) # it is told nothing, for a second
    read -r url pid _ <&5 || return 1
    [[ $url == postgres://*@127.0.0.1:* ]] && [ -d "/proc/$pid" ] || return 1
    timeout 30 tail --pid="$pid" -f /dev/null
}
a_fingerprint() {
    mkdir -p "$scratch/tree"
    echo one >"$scratch/tree/a"
    in_parts "
        BAYOU_ROOT='$scratch'; before=\$(fingerprint tree); [ \"\$before\" = \"\$(fingerprint tree)\" ]
        rm '$scratch/tree/a'; [ \"\$before\" != \"\$(fingerprint tree)\" ]"
}
another_major() {
    mkdir -p "$scratch/old/postgres/db"
    echo 9 >"$scratch/old/postgres/db/PG_VERSION"
    says "holds a database of PostgreSQL 9, which is not installed here" in_parts "
        npm_postgres() { POSTGRES_BIN=\$(installed_postgres); [ -n \"\$POSTGRES_BIN\" ] || POSTGRES_BIN=/nowhere; }
        BAYOU_DATA='$scratch/old'; cluster_up '$scratch/old' durable"
}
a_stale_pid_file() {
    in_parts "
        cluster_up '$scratch/pg' throwaway
        cluster_down
        printf '%s\n' $$ '$scratch' 1 1 '' localhost >\"\$CLUSTER/db/postmaster.pid\"
        cluster_up '$scratch/pg' throwaway
        status=0; running_cluster \"\$CLUSTER\" || status=1
        cluster_down
        exit \$status"
}
a_database_that_ends() {
    in_parts "
        cluster_up '$scratch/ends' throwaway
        watch_cluster &
        kill -KILL \$(head -n 1 \"\$CLUSTER/db/postmaster.pid\")
        for _ in \$(seq 60); do sleep 0.5; running_cluster \"\$CLUSTER\" && break; done
        status=0; running_cluster \"\$CLUSTER\" || status=1
        kill %1; cluster_down
        exit \$status"
}
a_missing_password() {
    in_parts "cluster_up '$scratch/pw' throwaway; cluster_down; mv \"\$CLUSTER/password\" \"\$CLUSTER/away\""
    says "postgres/password is missing" in_parts "cluster_up '$scratch/pw' throwaway" || return 1
    in_parts "CLUSTER=\$(cluster_home '$scratch/pw'); POSTGRES_BIN=\$(installed_postgres); cluster_down"
}
an_interrupt() { # At a child that takes the signal for itself, as dotnet does
    local status=0
    in_parts "step 'Restore' 'Wait.' bash -c 'trap \"exit 0\" INT; kill -INT \$\$ \$PPID; :'; touch '$scratch/went-on'" || status=$?
    [ "$status" -eq 130 ] && [ ! -e "$scratch/went-on" ]
}
a_deep_folder() {
    local deep
    deep=$scratch/$(printf 'a-long-name-of-a-folder/%.0s' $(seq 8))
    in_parts "cluster_up '$deep' throwaway; status=0; running_cluster \"\$CLUSTER\" || status=1; cluster_down; exit \$status"
}
a_root_only_folder() {
    mkdir -p "$scratch/private"
    chmod 700 "$scratch/private"
    in_parts "
        cluster_up '$scratch/private/data' throwaway
        status=0; running_cluster \"\$CLUSTER\" || status=1
        cluster_down
        [ \"\$CLUSTER\" = '$scratch/private/data/postgres' ] || rm -rf \"\$CLUSTER\"
        exit \$status"
}
a_full_disk() {
    says "The disk is full" in_parts 'step "Write much" "Try again." sh -c "echo could not write: No space left on device; exit 1"'
}
shellchecked() { shellcheck -x "$root/bayou" "$root"/scripts/*.sh "$root"/tests/*.sh "$root"/infra/*.sh "$root"/infra/rollout/*.sh "$root/.ci/run"; }

check "an unknown command is named" an_unknown_command
check "a port that is none is named" a_port_that_is_none
check "a taken port is named" a_taken_port
check "an open address needs a token" an_open_address
check "an old SDK is told how to be replaced" a_missing_sdk
check "a demo needs a Bayou" a_demo_of_nothing
check "a number that is none is named" a_torture_without_end
check "a cluster needs its number" a_cluster_of_no_number
check "a cluster is for this machine" a_cluster_for_others
check "an unknown argument is named" an_unknown_argument
check "an old Node is told how to be replaced" an_old_node
check "versions are compared by number" versions
check "a data folder, and the password in it, are their owner's from the first" a_data_folder_of_its_owner
check "a data folder that exists keeps its rights" a_data_folder_that_exists
check "what dotnet run runs is left alone where the page is already served" what_dotnet_run_runs
check "a private PostgreSQL goes with whoever asked for it" a_postgres_that_goes_with_its_reader
check "a fingerprint changes when a file goes" a_fingerprint
check "a database of another major version is named" another_major
check "a stale postmaster.pid does not stop the start" a_stale_pid_file
check "a folder deeper than a socket's name may be long will do" a_deep_folder
check "a folder that only its owner may enter will do" a_root_only_folder
check "no line is too long" no_line_is_too_long
check "a full disk is named" a_full_disk
check "a database that ends is started again" a_database_that_ends
check "a missing password is named" a_missing_password
check "an interrupt ends the first step and all after it" an_interrupt
if command -v shellcheck >/dev/null; then
    check "shellcheck has nothing to say" shellchecked
fi
exit "$failed"
