# shellcheck shell=bash
# Tools, packages and build.

# version_at_least HAVE WANTED
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_tools() {
    local dotnet node
    dotnet=$(dotnet --version 2>/dev/null || true) # fails where global.json's SDK is missing
    if [ -z "$dotnet" ] || ! version_at_least "$dotnet" 10.0.100; then
        die "the .NET SDK ${dotnet:-(missing)} will not do; install 10.0 with:" \
            "curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 && export PATH=\$HOME/.dotnet:\$PATH"
    fi
    node=$(node --version 2>/dev/null | tr -d v || true)
    if [ -z "$node" ]; then
        die "Node is missing; install it with: sudo apt-get install -y npm && sudo npm install -g n && sudo n 22"
    elif ! version_at_least "$node" 20.19; then
        die "Node $node is too old; install 22 with: sudo npm install -g n && sudo n 22"
    fi
    command -v npm >/dev/null || die "npm is missing; install it with: sudo apt-get install -y npm"
}

# build WHAT PROJECT PATH...: unless nothing under the paths has changed since.
build() {
    local name=${2##*/} print
    print=$(fingerprint "${@:3}" Directory.Build.props Directory.Build.targets Directory.Packages.props global.json)
    if ! is_done "$name" "$print" || [ ! -f "$(dll "$name")" ]; then
        step "Build $1" "Mend what it names, or ask for help with these lines." build_project "$2"
        mark_done "$name" "$print"
    fi
}

build_project() { (cd "$BAYOU_ROOT" && dotnet build "$1" -c Release -nodeReuse:false); }
build_server() { build "the server" src/WebApi src; }

# dll PROJECT: what the build made of it.
dll() { printf '%s' "$BAYOU_ROOT/artifacts/bin/$1/release/$1.dll"; }

# install_page: its packages.
install_page() {
    local print
    print=$(fingerprint client-app/package-lock.json)
    if ! is_done npm "$print" || [ ! -d "$BAYOU_ROOT/client-app/node_modules" ]; then
        step "Install the page's packages" "npm needs its registry this once; check the network and try again." npm_in_page ci
        mark_done npm "$print"
    fi
}

build_page() {
    local print
    install_page
    print=$(fingerprint client-app)
    if ! is_done page "$print" || [ ! -f "$BAYOU_ROOT/client-app/dist/index.html" ]; then
        step "Build the page" "Mend what it names, or ask for help with these lines." npm_in_page run build
        mark_done page "$print"
    fi
}

npm_in_page() { (cd "$BAYOU_ROOT/client-app" && npm "$@"); }
