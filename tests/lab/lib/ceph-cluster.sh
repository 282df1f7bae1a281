# Ceph: its clusters, their settings and their daemons.
# shellcheck shell=bash

CEPH="$LAB/ceph"
# Read by the files that source this one.
# shellcheck disable=SC2034
CLUSTERS=(metro pa pb)
# shellcheck disable=SC2034
CEPH_NEEDED=(
    ceph-mon:ceph-mon
    ceph-mgr:ceph-mgr
    ceph-osd:ceph-osd
    ceph:ceph-common
    rbd-mirror:rbd-mirror
    /usr/lib/x86_64-linux-gnu/qemu/block-rbd.so:qemu-block-extra
)

# CLUSTER PLACE KIND NAME of every daemon, in the order in which they start.
CEPH_DAEMONS="
metro a mon a
metro b mon b
metro w mon w
metro a mgr a
metro b mgr b
metro a osd 0
metro a osd 1
metro b osd 2
metro b osd 3
pa a mon a
pa a mgr a
pa a osd 0
pa a rbd-mirror a
pb b mon b
pb b mgr b
pb b osd 0
pb b rbd-mirror b"

# each_daemon CLUSTER PLACE KIND COMMAND...: with CLUSTER PLACE KIND NAME after it. The first three are patterns.
each_daemon() {
    local row
    while read -r -a row <&3; do
        "${@:4}" "${row[@]}"
    done 3< <(grep -E "^($1) ($2) ($3) " <<<"$CEPH_DAEMONS" || true)
}

ceph_address() { case "$1" in a) echo 10.77.0.1 ;; b) echo 10.77.0.2 ;; *) echo 10.77.0.3 ;; esac; }

# The port of its monitors: both kinds of cluster may be up at once.
ceph_port() { [ "$1" = metro ] && echo 3300 || echo 3310; }

ceph_pool() { [ "$1" = metro ] && echo metro || echo rbd; }

# ceph_places CLUSTER: where it has a monitor.
ceph_places() { awk -v c="$1" '$1 == c && $3 == "mon" { print $2 }' <<<"$CEPH_DAEMONS"; }

ceph_made() { [ -e "$CEPH/$1/made" ]; }

# lives CLUSTER: whether any of its monitors runs. None does after the lab was down.
lives() { ceph_made "$1" && [ -n "$(each_daemon "$1" . mon pid_of_row)" ]; }
pid_of_row() { pid_of_daemon "$2" "$1" "$3" "$4"; }

# host_settings CLUSTER: what a host is told that uses the cluster.
host_settings() {
    local hosts="" place
    for place in $(ceph_places "$1"); do hosts+="[v2:$(ceph_address "$place"):$(ceph_port "$1")],"; done
    cat <<END
[global]
fsid = $(cat "$CEPH/$1/fsid")
mon_host = ${hosts%,}
public_network = 10.77.0.0/24
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = /etc/ceph/$1.\$name.keyring
END
}

# daemon_settings CLUSTER: what its daemons are told, besides. Small, and quick to notice a loss.
daemon_settings() {
    local at="$CEPH/$1" size=1 watch=10
    [ "$1" = metro ] && size=2 watch=30
    cat <<END
ms_bind_msgr1 = false
auth_allow_insecure_global_id_reclaim = false
run_dir = $at/run
admin_socket = $at/run/\$name.\$cctid.asok
log_file = $at/log/\$name.log
crash_dir = $at/crash
osd_pool_default_size = $size
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_allow_pool_delete = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
osd_heartbeat_interval = 1
osd_heartbeat_grace = 4
osd_client_watch_timeout = $watch
[mon]
mon_data = $at/mon/\$id
keyring = $at/mon/\$id/keyring
mon_osd_min_down_reporters = 1
mon_osd_down_out_interval = 3600
mon_lease = 2
mon_election_timeout = 2
mon_mgr_beacon_grace = 8
mon_rocksdb_options = write_buffer_size=4194304,compression=kNoCompression
[mgr]
mgr_data = $at/mgr/\$id
keyring = $at/mgr/\$id/keyring
mgr_module_path = /usr/share/ceph/mgr
[osd]
osd_data = $at/osd/\$id
keyring = $at/osd/\$id/keyring
osd_objectstore = bluestore
bluestore_block_size = 2147483648
bluestore_cache_autotune = false
bluestore_cache_size = 33554432
bluestore_rocksdb_options = compression=kNoCompression,write_buffer_size=8388608,max_write_buffer_number=4,max_total_wal_size=67108864
osd_memory_target = 939524096
osd_mon_report_interval = 1
osd_op_num_shards = 1
osd_op_num_threads_per_shard = 2
osd_numa_auto_affinity = false
osd_class_load_list = *
osd_class_default_list = *
END
    [ "$1" != metro ] || each_daemon metro '.' osd osd_settings
}

# osd_settings CLUSTER PLACE KIND NAME: each OSD is a host of its own to CRUSH.
osd_settings() { printf '[osd.%s]\ncrush_location = root=default datacenter=site-%s host=%s%s\n' "$4" "$2" "$2" "$4"; }

# new_cluster CLUSTER: everything that is on disk before its first monitor starts.
new_cluster() {
    local cluster="$1" at="$CEPH/$1" place maps=() making=() pid
    for place in $(ceph_places "$cluster"); do stop_ceph "$place" "$cluster"; done # of a start that failed
    rm -rf "$at"
    mkdir -p "$at"/{run,log,crash,mon,mgr,osd}
    cat /proc/sys/kernel/random/uuid >"$at/fsid"
    { host_settings "$cluster"; daemon_settings "$cluster"; mirror_settings "$cluster"; } >"$at/daemons.conf"
    for place in $(ceph_places "$cluster"); do
        maps+=(--addv "$place" "[v2:$(ceph_address "$place"):$(ceph_port "$cluster")]")
    done
    monmaptool --create --fsid "$(cat "$at/fsid")" "${maps[@]}" "$at/monmap" >/dev/null
    keys "$cluster"
    making=()
    each_daemon "$cluster" . 'mon|osd' new_daemon
    for pid in "${making[@]}"; do wait "$pid" || die "a daemon of $cluster was not made; see $at/log"; done
}

# new_daemon CLUSTER PLACE KIND NAME: makes its files, in the background.
new_daemon() {
    local at="$CEPH/$1" more=()
    if [ "$3" = osd ]; then
        cat /proc/sys/kernel/random/uuid >"$at/osd/$4.uuid"
        more=(--osd-uuid "$(cat "$at/osd/$4.uuid")" --no-mon-config)
    else
        mkdir -p "$at/mon/$4"
        more=(--keyring "$at/keyring")
    fi
    at "$2" "ceph-$3" --cluster "$1" -c "$at/daemons.conf" --mkfs -i "$4" --monmap "$at/monmap" "${more[@]}" \
        >"$at/log/mkfs.$3.$4" 2>&1 9>&- &
    making+=($!)
}

new_osd() { as_admin "$1" ceph osd new "$(cat "$CEPH/$1/osd/$4.uuid")" "$4" >/dev/null; }

# command_of CLUSTER KIND NAME: the words that start a daemon.
command_of() {
    case "$2" in
    rbd-mirror) COMMAND=(rbd-mirror -f --cluster "$1" -c "$CEPH/$1/daemons.conf" -n "client.rbd-mirror.$3") ;;
    *) COMMAND=("ceph-$2" -f --cluster "$1" -c "$CEPH/$1/daemons.conf" -i "$3") ;;
    esac
}

# start_daemon CLUSTER PLACE KIND NAME: unless it runs.
start_daemon() {
    [ -z "$(pid_of_daemon "$2" "$1" "$3" "$4")" ] || return 0
    command_of "$1" "$3" "$4"
    local place="$2"
    # What replicates is not among the hosts that a fence keeps out.
    [ "$3" != rbd-mirror ] || place="$2-m"
    start "$place" "$CEPH/$1/log/$3.$4.out" "${COMMAND[@]}"
}

words_of() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || true; }

# pid_of_daemon PLACE CLUSTER KIND NAME: the process in a place that was started with just these words.
pid_of_daemon() {
    local pid
    command_of "$2" "$3" "$4"
    for pid in $(members "$1"); do
        if [ "$(words_of "$pid")" = "${COMMAND[*]} " ]; then echo "$pid"; fi
    done
}

# ceph_members PLACE [CLUSTER]: Ceph's daemons there, by the settings that they were given.
ceph_members() {
    local pid
    for pid in $(members "$1"); do
        if grep -qE " -c $CEPH/${2:-[a-z]+}/daemons.conf -[in] " <<<"$(words_of "$pid")"; then echo "$pid"; fi
    done
}

# stop_ceph PLACE [CLUSTER]: none of Ceph's daemons is left there. A VM that uses them waits from then on.
stop_ceph() {
    local pid
    for pid in $(ceph_members "$@"); do kill -s KILL "$pid" 2>/dev/null || true; done
    wait_for 20 "the end of Ceph's daemons at $1" no_ceph "$@"
}
no_ceph() { [ -z "$(ceph_members "$@")" ]; }

# home CLUSTER: a place that can ask it.
home() { case "$1" in metro) echo w ;; *) echo "${1#p}" ;; esac; }

# as_admin CLUSTER COMMAND...: `ceph` or `rbd` as the administrator, where the cluster is.
as_admin() {
    at "$(home "$1")" timeout 60 "$2" --cluster "$1" "${@:3}"
}

# answers CLUSTER: whether its monitors agree.
answers() { as_admin "$1" ceph -s; }
