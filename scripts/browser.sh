#!/usr/bin/env bash
# What tests in a browser need: the page built, and a Chromium, whose path is printed.
set -euo pipefail
BAYOU_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/common.sh
. "$BAYOU_ROOT/scripts/common.sh"
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"
exec 3>&1 1>&2 # What is said of the steps is no answer.

find_chromium() { command -v "${BAYOU_CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; }

exec 9>"$BAYOU_STATE/browser.lock"
flock 9
check_tools
build_page
if ! find_chromium >/dev/null; then
    can_be_root ||
        die "the browser tests need Chromium; install it with: sudo apt-get install -y chromium (or set BAYOU_CHROMIUM to its path)"
    step "Install Chromium" "Install Chromium yourself, or set BAYOU_CHROMIUM to its path." apt_install chromium
fi
find_chromium >&3
