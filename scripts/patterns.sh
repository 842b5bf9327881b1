# shellcheck shell=bash
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

# The pattern of each line of a file, or of what comes in. What is said of the build goes beside it.
patterns_main() {
    {
        prepare_build
        build_server
    } >&2
    exec dotnet "$(server_dll)" patterns "$@"
}
