# shellcheck shell=bash
# The image that the Dockerfile describes, without a container engine: an OCI archive of three layers (Debian's packages, the .NET runtime of this machine,
# Bayou), and beside it what is in them (CycloneDX). Needs Debian or Ubuntu, for apt and dpkg; nothing is installed, and nobody need be root.
# shellcheck source=scripts/setup.sh
. "$BAYOU_ROOT/scripts/setup.sh"

image_main() {
    [ $# -eq 0 ] || die "image takes no arguments; what it makes is in artifacts/image"
    command -v apt-get dpkg-deb >/dev/null || die "image needs Debian or Ubuntu; elsewhere: docker build -t bayou ."
    check_tools
    build_page
    local parts=(bash "$BAYOU_ROOT/scripts/image-parts.sh") # Of its own, so that the first command that fails is the last.
    step "Get Debian's packages" "apt must know them: apt-get update." "${parts[@]}" debian
    step "Take the .NET runtime" "It must be where dotnet is." "${parts[@]}" dotnet
    step "Publish Bayou" "Mend what it names." "${parts[@]}" bayou
    step "Pack the image" "See whether the disk is full." "${parts[@]}" pack
    step "List what is in it" "npm 10 or newer and NuGet's registry are needed." "${parts[@]}" list
    say "$(cd "$BAYOU_ROOT/artifacts/image" && du -h -- *)"
}
