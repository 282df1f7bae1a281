# Debian packages: what is missing is installed, from the machine's own sources and the backports of its release.
# shellcheck shell=bash

# The program that shows that a package is there, and the package; a path where there is no program.
NEEDED=(
    qemu-system-x86_64:qemu-system-x86
    qemu-img:qemu-utils
    libvirtd:libvirt-daemon
    /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so:libvirt-daemon-driver-qemu
    /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_network.so:libvirt-daemon-driver-network
    /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_secret.so:libvirt-daemon-driver-secret
    dnsmasq:dnsmasq-base
    iptables:iptables
    virsh:libvirt-clients
    mkfs.btrfs:btrfs-progs
    /bin/busybox:busybox-static
    cpio:cpio
    depmod:kmod
    lz4:lz4
    tcpdump:tcpdump
    jq:jq
    openssl:openssl
    ping:iputils-ping
    ip:iproute2
)

apt_lab() { apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$LAB/apt/sources" \
    -o "Dir::State::lists=$LAB/apt/lists" -o "Dir::Etc::preferences=$LAB/apt/preferences" \
    -o DPkg::Lock::Timeout=300 "$@"; }

# The machine's own sources with one suite more. QEMU and libvirt come from there, and nothing else does
# unless they ask for it.
sources() {
    [ -e "$LAB/apt/updated" ] && return
    local release file
    # shellcheck source=/dev/null
    release="$(. /etc/os-release && echo "$VERSION_CODENAME")"
    rm -rf "$LAB/apt"
    mkdir -p "$LAB/apt/sources" "$LAB/apt/lists/partial"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        # A stanza or line of the release's `-updates` is of the archive that also has the backports.
        sed -E -e "/^Suites:/ s/(^|[[:space:]])$release-updates([[:space:]]|\$)/\1$release-updates $release-backports\2/" \
            -e "/^deb .* $release-updates / { p; s/ $release-updates / $release-backports / }" \
            "$file" >"$LAB/apt/sources/${file##*/}"
    done
    [ -e "$LAB/apt/sources/sources.list" ] && mv "$LAB/apt/sources/sources.list" "$LAB/apt/sources/machine.list"
    printf 'Package: src:qemu src:libvirt src:seabios src:ipxe\nPin: release n=%s-backports\nPin-Priority: 900\n' "$release" >"$LAB/apt/preferences"
    apt_lab update
    touch "$LAB/apt/updated"
}

# Nothing that a package brings is started on the machine itself, whatever its own policy is.
without_services() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then "$@"; return; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    "$@" || status=$?
    rm -f "$policy"
    return "$status"
}

# packages [PROBE:PACKAGE...]: those that the lab itself needs, if none are named.
packages() {
    local entry probe missing=()
    [ $# -gt 0 ] || set -- "${NEEDED[@]}"
    for entry in "$@"; do
        probe="${entry%%:*}"
        case "$probe" in
        /*) [ -e "$probe" ] || missing+=("${entry#*:}") ;;
        *) command -v "$probe" >/dev/null || missing+=("${entry#*:}") ;;
        esac
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    sources
    DEBIAN_FRONTEND=noninteractive without_services apt_lab install -y --no-install-recommends "${missing[@]}"
}

# unpack FOLDER PACKAGE: a package's files, without installing it.
unpack() {
    local folder="$1" package="$2"
    sources
    mkdir -p "$folder"
    (cd "$folder" && apt_lab download "$package" && dpkg-deb -x "$package"_*.deb . && rm -f "$package"_*.deb)
}
