# Storage: a btrfs file system of each site, at the same path in both, that nobody sees from outside.
# shellcheck shell=bash

# store SITE: the file system is made anew. Its loop device goes when the site's namespaces go.
store() {
    local image="$LAB/store-$1.img"
    rm -f "$image"
    truncate -s 1G "$image"
    mkfs.btrfs -q -L "mlab-$1" "$image" >/dev/null
    at "$1" sh -ec "
        mount -t tmpfs -o size=1m,mode=755 tmpfs /srv
        mkdir '$SHARED'
        mount -o loop,noatime,commit=5 '$image' '$SHARED'"
    # The way there from outside, for whoever looks at a disk while the lab is up.
    ln -sfn "/proc/$(holder "$1")/root$SHARED" "$LAB/site-$1/store"
}

# What a site writes about its VMs, at the same path in both: serial consoles and acknowledged records.
logs() {
    mkdir -p "$LAB/vm" "$LAB/site-$1/vm"
    at "$1" mount --bind "$LAB/site-$1/vm" "$LAB/vm"
}

# Loop devices that the namespaces left behind, if the kernel has not freed them by itself.
free_store() {
    local image device
    for image in "$LAB"/store-*.img; do
        [ -e "$image" ] || continue
        for device in $(losetup -n -O NAME -j "$image"); do losetup -d "$device" || true; done
        wait_for 10 "the loop device of $image" sh -c "[ -z \"\$(losetup -n -j '$image')\" ]"
        rm -f "$image"
    done
}
