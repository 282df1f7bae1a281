# A place: a network, mount and host name namespace of its own, held by a process that sleeps.
# shellcheck shell=bash

# hold PLACE: makes its namespaces. What the place sees of the machine is private to it from here on.
hold() {
    local place="$1" pid
    ip netns add "mlab-$place"
    mkdir -p "$LAB/site-$place"
    (cd / && shut && exec setsid nsenter "--net=/run/netns/mlab-$place" unshare --mount --uts --propagation private \
        sleep infinity) >/dev/null 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$LAB/site-$place/holder.pid"
    wait_for 5 "the namespaces of $place" grep -qx sleep "/proc/$pid/comm"
    at "$place" sh -ec "
        hostname mlab-$place
        umount -R -l /sys # the machine's cgroups, too
        mount -t sysfs sysfs /sys # of this network: libvirt looks there for bridges
        mount --bind '$LAB/hosts' /etc/hosts
        ip link set lo up"
}

# Names that are the same everywhere: libvirt resolves its own before it migrates.
hosts() {
    printf '%s\n' '127.0.0.1 localhost' '10.77.0.1 mlab-a' '10.77.0.2 mlab-b' '10.77.0.3 mlab-w' >"$LAB/hosts"
}

# Everything of a place stops, and its namespaces go with the last process. What it mounted goes with them.
release() {
    kill_members "$1"
    namespace_exists "$1" || return 0
    ip netns delete "mlab-$1"
    if namespace_exists "$1-m"; then ip netns delete "mlab-$1-m"; fi
}
