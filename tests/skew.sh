#!/usr/bin/env bash
# Runs this version beside the one before, under load: silos go from that one to this, then web nodes, and back. The version before is what there was when
# Directory.Build.props got the number of this one; it is built from git. Takes the arguments of torture; ends with 77, and says why, where git has it not.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
before=$(git -C "$root" log -1 --format=%H -G'<Version>' -- Directory.Build.props 2>/dev/null || true)
if ! git -C "$root" rev-parse --verify --quiet "$before^" >/dev/null; then
    echo "git does not have the version before here: nothing was run beside it"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -C "$root" archive "$before^" | tar -x -C "$work"
(cd "$work" && dotnet build src/WebApi -c Release -nodeReuse:false) || exit 1
dotnet "$root/artifacts/bin/Torture/release/Torture.dll" --rolling --before "$work/artifacts/bin/WebApi/release" "$@"
