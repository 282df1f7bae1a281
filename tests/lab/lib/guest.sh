# The guest: a cloud kernel and an initramfs with its one program and the real guest agent.
# shellcheck shell=bash

MODULES=(virtio_pci virtio_blk virtio_net virtio_console evdev button)
APPLETS=(sh ash mount mkdir ln ls cat cut sed sleep echo insmod ip acpid poweroff reboot nc hostname ps date true false)

# The packages' files: what is unpacked once is kept.
unpacked() {
    [ -e "$LAB/guest/unpacked" ] && return
    say "unpacking a kernel and the guest agent"
    sources
    local kernel
    kernel="$(apt-cache -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$LAB/apt/sources" \
        -o "Dir::State::lists=$LAB/apt/lists" depends linux-image-cloud-amd64 |
        sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)"
    [ -n "$kernel" ] || die "apt knows no kernel for clouds"
    rm -rf "$LAB/guest/deb"
    unpack "$LAB/guest/deb" "$kernel"
    unpack "$LAB/guest/deb" qemu-guest-agent
    touch "$LAB/guest/unpacked"
}

# The kernel itself, which starts through PVH without decompressing; or as it was packed, where it is packed otherwise.
kernel() {
    local packed at
    packed="$(echo "$LAB"/guest/deb/boot/vmlinuz-*)"
    at="$(LC_ALL=C grep -abo -m1 -P '\x02\x21\x4c\x18' "$packed" | head -n 1 | cut -d: -f1 || true)"
    rm -f "$LAB/guest/vmlinux"
    if [ -n "$at" ]; then # lz4 ends with an error: more follows the kernel
        tail -c "+$((at + 1))" "$packed" | lz4 -d - "$LAB/guest/vmlinux" 2>/dev/null || true
    fi
    if [ "$(head -c 4 "$LAB/guest/vmlinux" 2>/dev/null | tr -d '\0')" != $'\x7fELF' ]; then cp "$packed" "$LAB/guest/vmlinux"; fi
}

# add ROOT PROGRAM [TO]: a program and the libraries that it names.
add() {
    local root="$1" program="$2" to="${3:-/bin/${2##*/}}" library
    install -D -m 755 "$program" "$root$to"
    ldd "$program" | grep -o '/[^ )]*' | while read -r library; do
        [ -e "$root$library" ] || install -D -m 755 "$library" "$root$library"
    done
}

# modules ROOT: those that are needed, in the order in which they are loaded.
modules() {
    local deb="$LAB/guest/deb" version module path
    version="$(ls "$deb/lib/modules" 2>/dev/null || ls "$deb/usr/lib/modules")"
    [ -d "$deb/lib/modules" ] || ln -sfn usr/lib "$deb/lib"
    depmod -b "$deb" "$version"
    mkdir -p "$1/mod"
    for module in "${MODULES[@]}"; do
        modprobe -d "$deb" -S "$version" --show-depends "$module" | sed -n 's/^insmod //p'
    done | while read -r path _; do
        module="${path##*/}"
        module="${module%.xz}"
        [ -e "$1/mod/$module" ] && continue
        case "$path" in
        *.xz) xz -dc "$path" >"$1/mod/$module" ;;
        *) cp "$path" "$1/mod/$module" ;;
        esac
        echo "$module" >>"$1/mod/order"
    done
}

guest() {
    local root="$LAB/guest/root" source="$LAB_SOURCE/guest" initrd="$LAB/guest/initrd" applet
    unpacked
    if [ -e "$LAB/guest/vmlinux" ] && [ "$initrd" -nt "$LAB/bin/muster-lab-workload" ] &&
        [ "$initrd" -nt "$source/init" ] && [ "$initrd" -nt "$LAB_SOURCE/lib/guest.sh" ]; then return; fi
    say "building the guest"
    kernel
    rm -rf "$root"
    mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,etc/acpi/PWRF}
    install -m 755 /bin/busybox "$root/bin/busybox"
    for applet in "${APPLETS[@]}"; do ln -s busybox "$root/bin/$applet"; done
    ln -s ../bin/busybox "$root/sbin/ip"
    install -m 755 "$source/init" "$root/init"
    install -m 755 "$source/shutdown" "$root/sbin/shutdown"
    ln -s /sbin/shutdown "$root/etc/acpi/PWRF/00000080"
    modules "$root"
    add "$root" "$LAB/bin/muster-lab-workload" /bin/workload
    add "$root" "$LAB/guest/deb/usr/sbin/qemu-ga"
    # Not compressed: an emulated processor would be the one to unpack it.
    (cd "$root" && find . | cpio -o -H newc --quiet) >"$initrd.next"
    mv "$initrd.next" "$initrd"
}
