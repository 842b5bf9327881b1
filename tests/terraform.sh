#!/usr/bin/env bash
# Looks at infra/terraform: its form, its types, and what it would make, in front of a provider that is none. With --mutations it shows too that each
# of those assertions can fail: a module that is changed into the opposite must not pass. Without network the provider is taken from
# BAYOU_TERRAFORM_PLUGINS, or from a folder of them where systems have such. Ends with 77, and says why, where it cannot be run.
set -uo pipefail

source=$(cd "$(dirname "$0")/../infra/terraform" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f "${TF_CLI_CONFIG_FILE:-/}" ] || unset TF_CLI_CONFIG_FILE
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1

report() {
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then echo "ok $name"; else
        echo "not ok $name"
        sed 's/^/    /' "$work/log"
    fi
}

if ! command -v terraform >/dev/null; then
    echo "there is no terraform here: nothing has looked at infra/terraform"
    exit 77
fi
cp -r "$source" "$work/whole"
cd "$work/whole" || exit 1
plugins=${BAYOU_TERRAFORM_PLUGINS:-}
if [ -z "$plugins" ]; then
    plugins=$(find /opt /usr/local/share /usr/share "$HOME/.terraform.d" -maxdepth 3 -type d -name registry.terraform.io 2>/dev/null | head -n 1)
    plugins=${plugins%/registry.terraform.io}
fi
if ! terraform init -no-color -input=false -backend=false ${plugins:+-plugin-dir="$plugins"} >"$work/init" 2>&1; then
    cat "$work/init"
    if ! grep -qE 'Failed to (query available|install) provider' "$work/init"; then
        echo "not ok it can be read"
        exit 1
    fi
    echo "its provider is not to be had, but by BAYOU_TERRAFORM_PLUGINS: nothing has looked at infra/terraform"
    exit 77
fi

report "its form is Terraform's" terraform fmt -no-color -check -recursive
report "it is valid" terraform validate -no-color
terraform test -no-color >"$work/test" 2>&1
sed -nE 's/^ *run "([^"]*)"\.\.\. pass$/ok \1/p; s/^ *run "([^"]*)"\.\.\. (fail|skip)$/not ok \1/p' "$work/test"
if ! grep -q '^Success' "$work/test"; then
    echo "not ok all of what it would make" # It may have ended before a test of it began.
    sed 's/^/    /' "$work/test"
fi

[ "${1:-}" = --mutations ] || exit 0

# FILE TEST WHAT SED: FILE, changed so, must fail TEST.
while read -r file test what change; do
    case $file in "" | "#"*) continue ;; esac
    name="caught: $file, ${what//-/ }"
    cp "$source/$file" "$work/original"
    sed -E "$change" "$work/original" >"$file"
    if cmp -s "$file" "$work/original"; then
        echo "not ok $name (nothing was changed)"
    elif terraform test -no-color -filter="tests/$test.tftest.hcl" >"$work/test" 2>&1; then
        echo "not ok $name"
    elif grep -q 'Test assertion failed\|did not produce\|Missing expected failure' "$work/test"; then
        echo "ok $name"
    else
        echo "not ok $name (by another error)"
        sed 's/^/    /' "$work/test"
    fi
    cp "$work/original" "$file"
done <"$(dirname "$source")/../tests/terraform-mutations.txt"
