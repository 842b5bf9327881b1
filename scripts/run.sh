#!/usr/bin/env bash
# run.sh COMMAND...: what `dotnet run` runs. Under ./bayou dev the command alone, else with what it needs beside it.
set -euo pipefail
[ -z "${BAYOU_PAGE_URL:-}" ] || exec "$@"
BAYOU_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/common.sh
. "$BAYOU_ROOT/scripts/common.sh"
# shellcheck source=scripts/dev.sh
. "$BAYOU_ROOT/scripts/dev.sh"
serve_in_development "$@"
