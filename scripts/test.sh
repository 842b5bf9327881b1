# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

PASSED=0 FAILED=0 SKIPPED=0 SUMMARY=()

# Set-up, the page, the scripts, dotnet test, torture, and the sum of it.
test_main() {
    local tortures="30:42" troubles="--cluster --rolling --hostile --jobs" fuzz=20 torture trouble suite
    [[ $* =~ ^(--full)?$ ]] || die "test takes --full only, not $*"
    if [ -n "$*" ]; then
        tortures="600:1 600:2 600:3" fuzz=600
        troubles+=" --moving" # Its first round takes longer than half a minute.
        export BAYOU_TEST_FULL=1 # Crashes at every message, not at every fourth; a million runs of the model.
    fi
    check_tools
    BAYOU_CHROMIUM=$(bash "$BAYOU_ROOT/scripts/browser.sh")
    export BAYOU_CHROMIUM
    # Every test makes a database of its own, in a server that each suite brings for itself unless told of one.
    [ -z "${BAYOU_DATABASE_URL:-}" ] || export BAYOU_TEST_DATABASE_URL=$BAYOU_DATABASE_URL
    step "Lint the page" "Mend what it names." npm_in_page run lint
    step "Build the tests" "Mend what it names." build_project Orleans.sln
    run client ok npm_in_page exec -- vitest run --reporter=tap-flat
    run scripts ok bash "$BAYOU_ROOT/tests/scripts.sh"
    run terraform ok timeout 1800 bash "$BAYOU_ROOT/tests/terraform.sh" ${BAYOU_TEST_FULL:+--mutations}
    run rollout ok timeout 600 bash "$BAYOU_ROOT/tests/rollout.sh"
    for suite in "$BAYOU_ROOT"/tests/*.Tests; do
        # One that hangs is ended, and its test named.
        run "${suite##*/}" dotnet dotnet test "$suite" -c Release --no-build --results-directory "$BAYOU_STATE/test-results" \
            --blame-hang-timeout 10m --blame-hang-dump-type none
    done
    for torture in $tortures; do
        for trouble in "" $troubles; do
            run "torture ${trouble:-of two}, seed ${torture#*:}" right \
                dotnet "$(dll Torture)" --seconds "${torture%:*}" --seed "${torture#*:}" ${trouble:+"$trouble"}
        done
    done
    [ -z "${BAYOU_TEST_FULL:-}" ] || run image ok timeout 900 bash "$BAYOU_ROOT/tests/image.sh"
    [ -z "${BAYOU_TEST_FULL:-}" ] || run "beside the version before" right bash "$BAYOU_ROOT/tests/skew.sh" --seconds 120 --seed 1
    run "torture --fuzz, seed 42" right dotnet "$(dll Torture)" --fuzz $fuzz --seed 42
    say ""
    printf '%s\n' "${SUMMARY[@]}"
    say ""
    say "$PASSED passed, $FAILED failed$([ "$SKIPPED" -eq 0 ] || printf ', %s skipped' "$SKIPPED")"
    [ "$FAILED" -eq 0 ]
}

# run NAME KIND COMMAND...: runs a suite and counts as its kind reports; one that fails, or runs nothing, has failed. One that ends with 77 cannot be run
# here, as its last line says: that is told, and told again at the end.
run() {
    local name=$1 kind=$2 start=$EPOCHREALTIME log status=0 passed=0 failed=0 skipped=0
    shift 2
    log=$BAYOU_STATE/test-$(tr -cs 'a-zA-Z0-9.\n' '-' <<<"$name").log
    printf '  %s … ' "$name"
    "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -eq 77 ]; then
        printf 'NOT RUN: %s\n' "$(tail -n 1 "$log")"
        SKIPPED=$((SKIPPED + 1)) SUMMARY+=("$(printf '%-36s NOT RUN: %s' "$name" "$(tail -n 1 "$log")")")
        return
    fi
    case $kind in
        dotnet) read -r failed passed skipped < <(
            sed -nE 's/.*Failed: +([0-9]+), Passed: +([0-9]+), Skipped: +([0-9]+).*/\1 \2 \3/p' "$log" | tail -n 1) || true ;;
        ok) passed=$(grep -c '^ok' "$log" || true) failed=$(grep -c '^not ok' "$log" || true) ;;
        right) passed=$((status == 0)) ;;
    esac
    passed=${passed:-0} failed=${failed:-0}
    if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$passed" -eq 0 ]; }; then failed=1; fi
    printf '%s passed, %s failed, %s s\n' "$passed" "$failed" "$(seconds_since "$start")"
    [ "$kind" != right ] || grep -E '^(seed|Exactly)' "$log" | sed 's/^/    /' || true
    [ "$failed" -eq 0 ] || grep -vE '^\s*$' "$log" | tail -n 60 | sed 's/^/    /'
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
    SUMMARY+=("$(printf '%-36s %5d passed %5d failed' "$name" "$passed" "$failed")")
}
