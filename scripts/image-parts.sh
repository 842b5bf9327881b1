#!/usr/bin/env bash
# image-parts.sh PART: one step of ./bayou image, in its order: debian, dotnet, bayou, pack, list.
# The format: https://github.com/opencontainers/image-spec/blob/v1.1.0/spec.md
set -euo pipefail
image=$BAYOU_ROOT/artifacts/image
work=$image/work
version=$(sed -nE 's,.*<Version>(.*)</Version>.*,\1,p' "$BAYOU_ROOT/Directory.Build.props")
layers=(debian dotnet bayou)

# What .NET needs, certificates, time zones; busybox is the shell, and asks for health.
packages=(base-files netbase libc6 libgcc-s1 libstdc++6 ca-certificates tzdata busybox-static)

# newest NAMES: of packages whose names have a number.
newest() { apt-cache search --names-only "$1" | sort -V | tail -n 1 | cut -d' ' -f1 | grep .; }

debian() {
    local root=$work/debian package
    rm -rf "$image"
    mkdir -p "$work/packages" "$root"/{app,dev,etc/ssl/certs,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,var/lib/dpkg/status.d}
    cd "$work/packages"
    apt-get download "${packages[@]}" "$(newest '^libssl3(t64)?$')" "$(newest '^libicu[0-9]+$')"
    ln -s usr/bin usr/lib usr/lib64 usr/sbin "$root"
    for package in ./*.deb; do
        # Documents, and what only iconv and those who write programs need, stay behind.
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --no-same-owner --exclude='./usr/share/doc/*' \
            --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/lintian/*' --exclude='*/gconv/*' \
            --exclude='./usr/share/zoneinfo/right/*' --exclude='./usr/share/zoneinfo/posix/*' --exclude='*/libicu'{test,tu,io}'.so*'
        dpkg-deb -f "$package" >"$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)" # By which scanners know them.
    done
    cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
    for package in sh wget; do ln -s busybox "$root/usr/bin/$package"; done
    printf '%s\n' root:x:0:0::/root:/bin/sh app:x:1654:1654::/app:/bin/sh nobody:x:65534:65534::/:/bin/false >"$root/etc/passwd"
    printf '%s\n' root:x:0: app:x:1654: nogroup:x:65534: >"$root/etc/group"
}

# Without what debuggers and dumps need: diagnostics are off in the image.
dotnet() {
    local from to=$work/dotnet/usr/share/dotnet runtime
    from=$(dirname "$(readlink -f "$(type -P dotnet)")")
    runtime=$(command dotnet --list-runtimes | sed -nE 's/^Microsoft.AspNetCore.App (10\.[0-9.]+) .*/\1/p' | tail -n 1)
    mkdir -p "$to/host/fxr" "$to/shared/Microsoft.NETCore.App" "$to/shared/Microsoft.AspNetCore.App" "$work/dotnet/usr/bin"
    cp "$from/dotnet" "$from/LICENSE.txt" "$from/ThirdPartyNotices.txt" "$to"
    cp -r "$from/host/fxr/$runtime" "$to/host/fxr"
    cp -r "$from/shared/Microsoft.NETCore.App/$runtime" "$to/shared/Microsoft.NETCore.App"
    cp -r "$from/shared/Microsoft.AspNetCore.App/$runtime" "$to/shared/Microsoft.AspNetCore.App"
    rm -f "$to"/shared/Microsoft.NETCore.App/*/{createdump,libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so}
    ln -s ../share/dotnet/dotnet "$work/dotnet/usr/bin/dotnet"
}

bayou() { cd "$BAYOU_ROOT" && command dotnet publish src/WebApi -c Release -o "$work/bayou/app" -nodeReuse:false; }

# blob FILE: takes it in by its digest; prints digest and size as the format has them.
blob() {
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    printf '"digest":"sha256:%s","size":%s' "$digest" "$(stat -c %s "$1")"
    mv "$1" "$work/oci/blobs/sha256/$digest"
}

pack() {
    local epoch made layer diffs="" packed="" arch kind=application/vnd.oci.image
    epoch=$(git -C "$BAYOU_ROOT" log -1 --format=%ct 2>/dev/null || echo 0) # No file tells when it was made.
    made=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
    arch=$(dpkg --print-architecture)
    [[ $arch = amd64 || $arch = arm64 ]]
    mkdir -p "$work/oci/blobs/sha256"
    archive() { tar -C "$1" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf "$2" .; }
    for layer in "${layers[@]}"; do
        chmod -R u=rwX,go=rX,a-s "$work/$layer"
        [ ! -d "$work/$layer/tmp" ] || chmod 1777 "$work/$layer/tmp"
        archive "$work/$layer" "$work/layer"
        diffs+="${diffs:+,}\"sha256:$(sha256sum "$work/layer" | cut -d' ' -f1)\""
        gzip -n "$work/layer"
        packed+="${packed:+,}{\"mediaType\":\"$kind.layer.v1.tar+gzip\",$(blob "$work/layer.gz")}"
    done
    cat >"$work/config" <<END
{"created":"$made","architecture":"$arch","os":"linux","config":{"User":"1654","WorkingDir":"/app","Entrypoint":["dotnet","WebApi.dll"],
"Env":["PATH=/usr/bin","ASPNETCORE_HTTP_PORTS=8080","DOTNET_EnableDiagnostics=0","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
"ExposedPorts":{"8080/tcp":{},"11111/tcp":{},"30000/tcp":{}},"Volumes":{"/tmp":{}},
"Labels":{"org.opencontainers.image.title":"Bayou","org.opencontainers.image.version":"$version","org.opencontainers.image.licenses":"MIT"}},
"rootfs":{"type":"layers","diff_ids":[$diffs]}}
END
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[%s]}' \
        "$kind" "$kind" "$(blob "$work/config")" "$packed" >"$work/manifest"
    printf '{"schemaVersion":2,"mediaType":"%s.index.v1+json","manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{%s}}]}' \
        "$kind" "$kind" "$(blob "$work/manifest")" "\"org.opencontainers.image.ref.name\":\"bayou:$version\"" >"$work/oci/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
    archive "$work/oci" "$image/bayou-$version.oci.tar"
    rm -rf "$work"
}

# Of NuGet's packages and of npm's.
list() {
    cd "$BAYOU_ROOT"
    command dotnet tool restore
    command dotnet CycloneDX src/WebApi/WebApi.csproj -o "$image" -fn "bayou-$version.nuget.cdx.json" -F Json --exclude-test-projects
    cd client-app && npm sbom --sbom-format=cyclonedx --omit=dev >"$image/bayou-$version.npm.cdx.json"
}

"$1"
