# What every command of the lab shares: where things are, who belongs to a site, how it is stopped.
# shellcheck shell=bash

LAB="$(realpath -m "${MUSTER_LAB:-/tmp/muster-lab}")"
LAB_SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# Read by the files that are sourced after this one.
# shellcheck disable=SC2034
{
    REPO="$(cd "$LAB_SOURCE/../.." && pwd)"
    SITES=(a b)            # with storage and a hypervisor
    PLACES=(a b w wan)     # and the witness, and what joins them
    SHARED=/srv/muster-lab # the storage, at the same path in both sites
}

say() { printf '[lab %s] %s\n' "$(date +%H:%M:%S)" "$*"; }
die() { printf 'lab: %s\n' "$*" >&2; exit 1; }

need_root() { [ "$(id -u)" -eq 0 ] || die "namespaces, mounts and TAP devices need root"; }

# One command at a time builds or tears down; the lock goes with the process.
alone() {
    mkdir -p "$LAB"
    exec 9>"$LAB/lock"
    flock -w 60 9 || die "another command of the lab has been at work in $LAB for a minute"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1)) what="$2"
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || die "waited in vain for $what"
        sleep 0.05
    done
}

namespace_exists() { [ -e "/run/netns/mlab-$1" ]; }

# All processes in a place's network namespaces. A namespace is pinned by its name, so its number means
# no other one; a process that forks meanwhile is found by the next round.
members() {
    local name number
    for name in "$1" "$1-m"; do
        namespace_exists "$name" || continue
        number="$(stat -L -c %i "/run/netns/mlab-$name")"
        find /proc/[0-9]*/ns/net -maxdepth 0 -lname "net:\\[$number\\]" 2>/dev/null | cut -d/ -f3
    done
}

# kill_members PLACE [SPARED]: as a power cut does it: all stand still, then none is left.
kill_members() {
    local place="$1" spared="${2:-0}" round pid pids
    for round in {1..400}; do
        pids="$(members "$place" | grep -vx "$spared" || true)"
        [ -n "$pids" ] || return 0
        for pid in $pids; do kill -STOP "$pid" 2>/dev/null || true; done
        for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
        # One that is in the kernel ends when that lets it go: btrfs may take as long as its commit interval.
        [ "$round" -eq 1 ] || sleep 0.1
    done
    die "processes of $place are still there: $pids"
}

holder() { cat "$LAB/site-$1/holder.pid" 2>/dev/null || echo 0; }

# Whether the process that holds a place's namespaces lives, and is ours.
holds() {
    local pid
    pid="$(holder "$1")"
    [ "$pid" -gt 0 ] && namespace_exists "$1" &&
        [ "$(readlink "/proc/$pid/ns/net" 2>/dev/null)" = "net:[$(stat -L -c %i "/run/netns/mlab-$1")]" ]
}

# The words that run a command in a place, before the command itself. SITE-m is the site's second machine, for its
# management, with an address of its own.
inside() {
    case "$1" in
    *-m) ENTER=(nsenter -t "$(holder "${1%-m}")" "--net=/run/netns/mlab-$1" --mount --uts --) ;;
    *) ENTER=(nsenter -t "$(holder "$1")" --net --mount --uts --) ;;
    esac
}

# at PLACE COMMAND...
at() {
    inside "$1"
    shift
    "${ENTER[@]}" "$@"
}

# shut: nothing of ours stays open for what is started, whatever the caller's caller had open: a lock is held as long
# as anybody has it.
shut() {
    local file
    for file in "/proc/$BASHPID/fd"/*; do
        [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"
    done
}

# start PLACE LOG COMMAND...: in the background, with nothing of ours open, in a session of its own.
start() {
    local log="$2"
    inside "$1"
    shift 2
    (shut && exec setsid "${ENTER[@]}" "$@") >>"$log" 2>&1 </dev/null &
}
