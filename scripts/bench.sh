# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
# shellcheck source=scripts/pgvector.sh
. "$BAYOU_ROOT/scripts/pgvector.sh"

# Measures against a private database and prints one table; also as JSON under artifacts/bench.
bench_main() {
    local events=2000000 growth=() idle=2 cluster=() logs=()
    while [ $# -gt 0 ]; do
        case $1 in
            --events)
                case ${2:-} in '' | *[!0-9]*) die "$1 needs a whole number" ;; esac
                events=$2
                shift 2
                ;;
            --idle)
                case ${2:-} in '' | *[!0-9]*) die "$1 needs a whole number of minutes" ;; esac
                idle=$2
                shift 2
                ;;
            --logs)
                case ${2:-} in '' | *[!0-9]*) die "$1 needs a whole number of lines" ;; esac
                logs+=(--logs "$2")
                shift 2
                ;;
            --loghub)
                [ -d "${2:-}" ] || die "$1 needs a folder of CSV files with the columns Content and EventId"
                logs+=(--loghub "$(realpath "$2")")
                shift 2
                ;;
            --cluster)
                cluster=(--cluster true)
                shift
                ;;
            --growth)
                case ${2:-} in '' | *[!0-9,]*) die "$1 needs millions of windows, as in 1,10,100" ;; esac
                growth=(--growth "$2")
                shift 2
                ;;
            *) die "bench takes --events N, --growth MILLIONS, --idle MINUTES, --logs LINES, --loghub FOLDER and --cluster, not $1" ;;
        esac
    done
    prepare_build
    [ ${#cluster[@]} -eq 0 ] || need_orleans
    step "Build the bench" "Mend what it names." build_project tests/Bench
    step "Build the middleware's bench" "Mend what it names." build_project tests/MiddlewareBench
    BENCH_DATA=$(mktemp -d "${TMPDIR:-/tmp}/bayou-bench-XXXXXX")
    trap 'end_attended; cluster_down; rm -rf "${CLUSTER:-}" "$BENCH_DATA"' EXIT
    trap 'exit 130' INT TERM
    [ ${#cluster[@]} -ne 0 ] || { find_postgres && ensure_pgvector; }
    cluster_up "$BENCH_DATA" durable
    mkdir -p "$BAYOU_ROOT/artifacts/bench"
    local bin=$BAYOU_ROOT/artifacts/${RUNTIME,,}/bin
    BAYOU_DATABASE_URL=$DATABASE_URL attended dotnet "$bin/Bench/release/Bench.dll" --middleware "$bin/MiddlewareBench/release/MiddlewareBench.dll" \
        --events "$events" --postmaster "$(head -n 1 "$CLUSTER/db/postmaster.pid")" --out "$BAYOU_ROOT/artifacts/bench/${RUNTIME,,}.json" --idle "$idle" "${cluster[@]}" "${growth[@]}" "${logs[@]}"
}
