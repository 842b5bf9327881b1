# shellcheck shell=bash
# shellcheck source=scripts/torture.sh
. "$BAYOU_ROOT/scripts/torture.sh"

ONCE_SUITES="Orleans.Embedded.Tests Monitor.AspNetCore.Tests Protocol.Tests" # what is the same whatever the grains run on
CLUSTER_SUITES="Cluster.Tests" # what takes several silos, on Orleans only
CSHARP_SUITES="Grains.Tests WebApi.Tests EndToEnd.Tests" # the same tests on each runtime
PASSED=0 FAILED=0 SKIPPED=0

test_main() {
    local runtimes suites summary=()
    case ${1:-} in
        '') TORTURES="30:42" ;;
        --full)
            TORTURES="600:1 600:2 600:3"
            export BAYOU_TEST_FULL=1 # Crashes at every message, not at every fourth.
            ;;
        *) die "test takes --full only, not $1" ;;
    esac
    prepare
    ensure_chromium
    test_database
    trap 'cluster_down; rm -rf "${CLUSTER:-}" "${TEST_DATA:-}"' EXIT
    trap 'exit 130' INT TERM

    run_client
    run_scripts
    run_image
    runtimes=Embedded
    if [ "$RUNTIME" = Orleans ]; then
        runtimes="Embedded Orleans"
    fi
    for RUNTIME in $runtimes; do
        step "Build the tests ($RUNTIME)" "Mend what it names." build_project Orleans.sln
        suites=$CSHARP_SUITES
        if [ "$RUNTIME" = Embedded ]; then suites="$ONCE_SUITES $suites"; else suites="$suites $CLUSTER_SUITES"; fi
        for suite in $suites; do
            run_csharp "$suite"
        done
        run_tortures "Torture"
        if [ "$RUNTIME" = Orleans ]; then
            run_tortures "Torture a cluster" --cluster true
            run_tortures "Restart a cluster" --cluster true --rolling true
        fi
    done

    say ""
    printf '%s\n' "${summary[@]}"
    compare_runtimes "$runtimes"
    say ""
    if [ "$SKIPPED" -gt 0 ]; then
        say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    else
        say "$PASSED passed, $FAILED failed"
    fi
    [ "$FAILED" -eq 0 ]
}

# A server with nothing to lose, gone at the end.
test_database() {
    TEST_DATA=$(mktemp -d "${TMPDIR:-/tmp}/bayou-test-XXXXXX")
    if [ -n "${BAYOU_DATABASE_URL:-}" ]; then
        export BAYOU_TEST_DATABASE_URL=$BAYOU_DATABASE_URL # every test makes a database of its own in it
        return
    fi
    cluster_up "$TEST_DATA" throwaway
    export BAYOU_TEST_DATABASE_URL=$DATABASE_URL
}

ensure_chromium() {
    local found
    for found in "${BAYOU_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        found=$(command -v "$found" 2>/dev/null) || continue
        export BAYOU_CHROMIUM=$found
        return
    done
    if command -v apt-get >/dev/null && can_be_root; then
        step "Install Chromium" "Install Chromium yourself, or set BAYOU_CHROMIUM to its path." apt_chromium
        BAYOU_CHROMIUM=$(command -v chromium || command -v chromium-browser)
        export BAYOU_CHROMIUM
    else
        die "the browser tests need Chromium; install it with: sudo apt-get install -y chromium (or set BAYOU_CHROMIUM to its path)"
    fi
}

apt_chromium() {
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update
    as_root apt-get install -y --no-install-recommends chromium
}

# count NAME PASSED FAILED SKIPPED: adds to the sums and to the summary.
count() {
    PASSED=$((PASSED + $2)) FAILED=$((FAILED + $3)) SKIPPED=$((SKIPPED + $4))
    summary+=("$(printf '%-36s %5d passed %5d failed' "$1" "$2" "$3")")
}

run_client() {
    local report=$TEST_DATA/vitest.json status=0 numbers
    step "Lint the page" "Mend what it names." npm_run lint
    printf '  Test the page … '
    (cd "$BAYOU_ROOT/client-app" && npx vitest run --reporter=default --reporter=json --outputFile.json="$report") >"$BAYOU_STATE/client-tests.log" 2>&1 || status=$?
    numbers=$(node -p 'const r = JSON.parse(require("fs").readFileSync(process.argv[1])); r.numPassedTests + " " + r.numFailedTests + " " + r.numPendingTests' "$report") || numbers="0 1 0"
    report_suite "client" "$status" "$BAYOU_STATE/client-tests.log" "$numbers"
}

run_csharp() {
    local name=$1 status=0 log=$BAYOU_STATE/$1-$RUNTIME.log numbers
    printf '  Test %s (%s) … ' "$name" "$RUNTIME"
    (cd "$BAYOU_ROOT" && dotnet test "tests/$name" -c Release -p:GrainRuntime="$RUNTIME" --no-build) >"$log" 2>&1 || status=$?
    numbers=$(sed -nE 's/.*Failed: +([0-9]+), Passed: +([0-9]+), Skipped: +([0-9]+).*/\2 \1 \3/p' "$log" | tail -n 1)
    report_suite "$name on $RUNTIME" "$status" "$log" "${numbers:-0 1 0}"
}

# run_tortures NAME OPTION...: each on a database of its own, which keeps what it has committed however it ends.
run_tortures() {
    local one status log=$BAYOU_STATE/torture.log what=$1
    shift
    for one in $TORTURES; do
        printf '  %s for %s s, seed %s … ' "$what" "${one%:*}" "${one#*:}"
        status=0
        (torture_on_its_own "${one%:*}" "${one#*:}" "$@") >"$log" 2>&1 || status=$?
        report_suite "${what,}, seed ${one#*:}" "$status" "$log" "$((status == 0)) $((status != 0)) 0"
        grep -E '^(seed|Exactly)' "$log" | sed 's/^/    /' || true
    done
}

# On a database of its own only: the program that comes out is started.
run_image() {
    local status=0 log=$BAYOU_STATE/image-test.log
    if [ -z "${CLUSTER:-}" ]; then
        say "  The image's commands were not run: they need a database of their own, and BAYOU_DATABASE_URL is yours."
        return
    fi
    printf "  Run the image's commands … "
    BAYOU_IMAGE_DATABASE_URL=$DATABASE_URL bash "$BAYOU_ROOT/tests/image.sh" "$RUNTIME" >"$log" 2>&1 || status=$?
    report_suite "image" "$status" "$log" "$((status == 0)) $((status != 0)) 0"
}

# The scripts are checked where shellcheck is; they are the same on each runtime.
run_scripts() {
    printf '  Test the scripts … '
    local status=0
    bash "$BAYOU_ROOT/tests/scripts.sh" >"$BAYOU_STATE/scripts-tests.log" 2>&1 || status=$?
    local passed failed
    passed=$(grep -c '^ok' "$BAYOU_STATE/scripts-tests.log" || true)
    failed=$(grep -c '^not ok' "$BAYOU_STATE/scripts-tests.log" || true)
    report_suite scripts "$status" "$BAYOU_STATE/scripts-tests.log" "$passed $failed 0"
}

# report_suite NAME STATUS LOG "PASSED FAILED SKIPPED"
report_suite() {
    local passed failed skipped
    read -r passed failed skipped <<<"$4"
    # A runner that fails without a failed test, or runs none, has failed.
    if [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    if [ "$((passed + failed))" -eq 0 ]; then failed=1; fi
    printf '%s passed, %s failed\n' "$passed" "$failed"
    if [ "$failed" -ne 0 ]; then
        grep -vE '^\s*$' "$3" | tail -n 60 | sed 's/^/    /'
    fi
    count "$1" "$passed" "$failed" "$skipped"
}

# The same tests must have run on each runtime.
compare_runtimes() {
    local suite numbers
    if [ "$1" = Embedded ]; then
        say ""
        say "!!  THE ORLEANS BUILD WAS NOT TESTED: $RUNTIME_WHY."
        say "!!  Only the embedded runtime was, and no cluster."
        return
    fi
    for suite in $CSHARP_SUITES; do
        numbers=$(printf '%s\n' "${summary[@]}" | awk -v s="$suite" '$1 == s && $2 == "on" { print $4 + $6 }' | sort -u | wc -l)
        if [ "$numbers" -ne 1 ]; then
            say "not the same number of tests on both runtimes: $suite"
            FAILED=$((FAILED + 1))
        fi
    done
}
