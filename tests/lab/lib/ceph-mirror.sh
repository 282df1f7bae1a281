# Two clusters, `pa` and `pb`, each in one site; rbd-mirror copies images from one to the other.
# shellcheck shell=bash

# mirror_settings CLUSTER: rbd-mirror looks only every half minute for much of what it does. For each pool it reads
# /etc/ceph/CLUSTER.conf once more, whatever it was told to read, so that they must be there.
mirror_settings() {
    [ "$1" != metro ] && [ "${CEPH_MIRROR_TUNED:-yes}" = yes ] || return 0
    cat <<END
[client.rbd-mirror.${1#p}]
rbd_mirror_pool_replayers_refresh_interval = 1
rbd_mirror_image_state_check_interval = 1
rbd_mirror_leader_heartbeat_interval = 1
rbd_mirror_delete_retry_interval = 1
rbd_mirror_journal_poll_age = 1
rbd_mirror_journal_commit_age = 1
rbd_mirror_sync_point_update_age = 5
END
}

# peers: each cluster knows the other, and images are mirrored that are chosen.
peers() {
    local token="$CEPH/pa/peer-token"
    as_admin pa rbd mirror pool enable rbd image --site-name pa
    as_admin pb rbd mirror pool enable rbd image --site-name pb
    (umask 077 && as_admin pa rbd mirror pool peer bootstrap create rbd --site-name pa >"$token")
    as_admin pb rbd mirror pool peer bootstrap import rbd "$token" --site-name pb --direction rx-tx
    rm -f "$token"
}

# neighbours: each site's agent may ask the other cluster, as the agent there.
neighbours() {
    new_etc a pb
    new_etc b pa
    hand_out pb client.muster-b a
    hand_out pa client.muster-a b
}
