#!/usr/bin/env bash
# Runs each command of the Dockerfile in order, a folder for each stage, and then what it has built: so that the file cannot rot
# where no container engine is at hand. What it does not show: the base images, and apk. image.sh RUNTIME, with BAYOU_IMAGE_DATABASE_URL
# naming a database with nothing to lose.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runtime=${1:-Embedded}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/bayou-image-XXXXXX")
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

stage='' at='' entrypoint='' port=''
declare -A stages

# copy [--from=STAGE] SOURCE... TARGET
copy() {
    local from=$root source target arguments
    if [[ $1 == --from=* ]]; then
        from=${stages[${1#--from=}]}
        shift
    fi
    target=$at/${!#}
    arguments=("${@:1:$#-1}")
    for source in "${arguments[@]}"; do
        if [ -d "$from/$source" ] ; then
            mkdir -p "$target"
            tar -C "$from/$source" --exclude=node_modules --exclude=obj --exclude=bin --exclude="$([ "$from" = "$root" ] && echo dist)" -cf - . | tar -C "$target" -xf -
        else
            mkdir -p "$target"
            cp "$from/$source" "$target/"
        fi
    done
}

while read -r instruction rest; do
    case $instruction in
        '' | '#'*) ;;
        FROM)
            stage=$(sed -n 's/.* AS //p' <<<"$rest")
            stages[${stage:-final}]=$scratch/${stage:-final}
            at=${stages[${stage:-final}]}
            mkdir -p "$at"
            ;;
        WORKDIR)
            at=${stages[${stage:-final}]}$rest
            mkdir -p "$at"
            ;;
        COPY)
            # shellcheck disable=SC2086 # words, as in a Dockerfile
            copy $rest
            ;;
        RUN)
            [[ $rest == apk\ * ]] || (cd "$at" && bash -euo pipefail -c "${rest/GrainRuntime=Orleans/GrainRuntime=$runtime}") >"$scratch/log" 2>&1 || {
                echo "RUN $rest failed"
                tail -n 20 "$scratch/log"
                exit 1
            }
            ;;
        ENV) port=$(sed -nE 's/.*ASPNETCORE_HTTP_PORTS=([0-9]+).*/\1/p' <<<"$rest") ;;
        ENTRYPOINT) entrypoint=$(tr -d '[]",' <<<"$rest") ;;
        USER) [ "$rest" = app ] ;;
        EXPOSE) [[ " $rest " == *" $port "* ]] ;;
        HEALTHCHECK) [[ $rest == *":$port/health/liveness"* ]] ;;
        *)
            echo "the Dockerfile has a $instruction, which this test does not know"
            exit 1
            ;;
    esac
done <"$root/Dockerfile"

for program in WebApi Silo; do
    if [ ! -f "$at/$program.dll" ] || [ ! -f "$at/$program.runtimeconfig.json" ]; then
        echo "there is no $program in the image"
        exit 1
    fi
done
megabytes=$(du -sm "$at" | cut -f1)
[ "$megabytes" -lt 110 ] || { echo "$megabytes MB beside the base image's 130 are too much for 250"; exit 1; }

# Nobody may write to it, as in a container with a read-only root.
chmod -R a-w,a+rX "$scratch"
address=http://127.0.0.1:$(node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });')
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
# shellcheck disable=SC2086 # the program and its argument
(cd "$at" && HOME=/nonexistent DOTNET_EnableDiagnostics=0 BAYOU_DATABASE_URL=$BAYOU_IMAGE_DATABASE_URL Bayou__Database__AllowUnsafe=true exec "${as[@]}" $entrypoint --urls "$address") >"/tmp/bayou-image-$$.log" 2>&1 &
server=$!
node -e '
    const [at, pid] = process.argv.slice(1), until = Date.now() + 60_000;
    const ask = async () => {
        try { process.kill(+pid, 0); } catch { console.log("it ended"); process.exit(1); }
        const ready = await fetch(at + "/health/readiness").then(r => r.ok, () => false);
        if (!ready) { if (Date.now() > until) process.exit(1); return setTimeout(ask, 50); }
        const page = await fetch(at + "/dashboard");
        const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1];
        process.exit(page.ok && script && (await fetch(at + script)).ok ? 0 : 1);
    };
    ask();' "$address" "$server" || { echo "the image's program does not serve the page"; cat "/tmp/bayou-image-$$.log"; exit 1; }
kill -TERM "$server"
wait "$server" || true
rm -f "/tmp/bayou-image-$$.log"
chmod -R u+w "$scratch"
echo "the image's commands run; $megabytes MB beside its base"
