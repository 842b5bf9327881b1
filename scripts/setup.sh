# shellcheck shell=bash
# Tools, grain runtime, packages and build.

# version_at_least HAVE WANTED
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_tools() {
    local dotnet node
    dotnet=$(dotnet --version 2>/dev/null || true) # fails where global.json's SDK is missing
    if [ -z "$dotnet" ] || ! version_at_least "$dotnet" 10.0.100; then
        die "the .NET SDK ${dotnet:-(missing)} will not do; install 10.0 with: curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 && export PATH=\$HOME/.dotnet:\$PATH"
    fi
    node=$(node --version 2>/dev/null | tr -d v || true)
    if [ -z "$node" ]; then
        die "Node is missing; install it with: sudo apt-get install -y npm && sudo npm install -g n && sudo n 22"
    elif ! version_at_least "$node" 20.19; then
        die "Node $node is too old; install 22 with: sudo npm install -g n && sudo n 22"
    fi
    command -v npm >/dev/null || die "npm is missing; install it with: sudo apt-get install -y npm"
}

# Sets RUNTIME to Orleans or Embedded, and RUNTIME_WHY.
choose_runtime() {
    local chosen=$BAYOU_STATE/runtime.props log=$BAYOU_STATE/orleans-restore.log
    case ${BAYOU_RUNTIME:-auto} in
        orleans) RUNTIME=Orleans RUNTIME_WHY="BAYOU_RUNTIME says so" ;;
        embedded) RUNTIME=Embedded RUNTIME_WHY="BAYOU_RUNTIME says so" ;;
        auto)
            # Chosen once; neither a network failure nor another day changes it. ./bayou setup asks again.
            if [ -f "$chosen" ]; then
                RUNTIME=$(sed -n 's:.*<GrainRuntime[^>]*>\(.*\)</GrainRuntime>.*:\1:p' "$chosen")
                RUNTIME_WHY=$(sed -n 's:.*<!-- \(.*\) -->.*:\1:p' "$chosen")
            elif restore_orleans >"$log" 2>&1; then
                record_runtime Orleans "its packages restore here"
            elif grep -qE 'NU110[1-3]' "$log"; then
                record_runtime Embedded "the package feed has no Orleans; ./bayou setup asks it again"
            else
                RUNTIME=Embedded RUNTIME_WHY="the package feed did not answer; the next start asks it again"
            fi
            ;;
        *) die "BAYOU_RUNTIME is '$BAYOU_RUNTIME'; it must be auto, orleans or embedded" ;;
    esac
}

restore_orleans() { (cd "$BAYOU_ROOT" && dotnet restore src/Silo -p:GrainRuntime=Orleans); }

record_runtime() {
    RUNTIME=$1 RUNTIME_WHY=$2
    cat >"$BAYOU_STATE/runtime.props" <<EOF
<Project>
  <!-- $2 -->
  <PropertyGroup>
    <GrainRuntime Condition="'\$(GrainRuntime)' == ''">$1</GrainRuntime>
  </PropertyGroup>
</Project>
EOF
}

# build_server: WebApi for $RUNTIME, into artifacts/.
build_server() {
    local print
    print=$(fingerprint src Directory.Build.props Directory.Build.targets Directory.Packages.props global.json)
    if ! is_done "server-$RUNTIME" "$print" || [ ! -f "$(server_dll)" ]; then
        step "Build the server ($RUNTIME)" "Mend what it names, or ask for help with these lines." build_project src/WebApi
        mark_done "server-$RUNTIME" "$print"
    fi
}

build_project() { (cd "$BAYOU_ROOT" && dotnet build "$1" -c Release -p:GrainRuntime="$RUNTIME" -nodeReuse:false); }

server_dll() { printf '%s' "$BAYOU_ROOT/artifacts/${RUNTIME,,}/bin/WebApi/release/WebApi.dll"; }

build_page() {
    local print
    print=$(fingerprint client-app/package-lock.json)
    if ! is_done npm "$print" || [ ! -d "$BAYOU_ROOT/client-app/node_modules" ]; then
        step "Install the page's packages" "npm needs its registry this once; check the network and try again." npm_ci
        mark_done npm "$print"
    fi
    print=$(fingerprint client-app)
    if ! is_done page "$print" || [ ! -f "$BAYOU_ROOT/client-app/dist/index.html" ]; then
        step "Build the page" "Mend what it names, or ask for help with these lines." npm_run build
        mark_done page "$print"
    fi
}

npm_ci() { (cd "$BAYOU_ROOT/client-app" && npm ci); }

npm_run() { (cd "$BAYOU_ROOT/client-app" && npm run "$@"); }

# prepare_build: what every command needs before it builds anything or starts a database.
prepare_build() {
    # shellcheck source=scripts/postgres.sh
    . "$BAYOU_ROOT/scripts/postgres.sh"
    check_tools
    choose_runtime
    say "Bayou on the $RUNTIME grain runtime ($RUNTIME_WHY)"
}

need_orleans() {
    [ "$RUNTIME" = Orleans ] || die "a cluster needs the Orleans build, and here it is $RUNTIME ($RUNTIME_WHY)"
}

# prepare: the same, and the page.
prepare() {
    prepare_build
    build_page
}

setup_main() {
    rm -f "$BAYOU_STATE/runtime.props"
    prepare
    build_server
    find_postgres
    say "Set up. ./bayou up starts it."
}
