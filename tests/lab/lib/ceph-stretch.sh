# The stretched cluster `metro`: one cluster over both sites, with a monitor at the witness as tiebreaker.
# shellcheck shell=bash

# stretch: from running monitors to a pool that is in both sites.
stretch() {
    local map="$CEPH/metro/crush"
    as_admin metro ceph mon set election_strategy connectivity
    as_admin metro ceph mon set_location a datacenter=site-a
    as_admin metro ceph mon set_location b datacenter=site-b
    as_admin metro ceph mon set_location w datacenter=witness
    wait_for 60 "the OSDs of metro" osds_up metro 4
    as_admin metro ceph osd getcrushmap -o "$map"
    crushtool -d "$map" -o "$map.txt"
    cat >>"$map.txt" <<END
rule stretch_rule {
    id 1
    type replicated
    min_size 1
    max_size 10
    step take default
    step choose firstn 0 type datacenter
    step chooseleaf firstn 2 type host
    step emit
}
END
    crushtool -c "$map.txt" -o "$map"
    as_admin metro ceph osd setcrushmap -i "$map"
    as_admin metro ceph mon enable_stretch_mode w stretch_rule datacenter
    pool metro stretch_rule
}

# osds_up CLUSTER NUMBER
osds_up() { as_admin "$1" ceph osd stat | grep -q "$2 up"; }

# pool CLUSTER [RULE]: its pool for RBD, ready.
pool() {
    local name
    name="$(ceph_pool "$1")"
    as_admin "$1" ceph osd pool create "$name" 8 8 replicated ${2:+"$2"}
    as_admin "$1" rbd pool init "$name"
    wait_for 120 "the pool $name of $1" clean "$1"
}

# clean CLUSTER: whether all that the pool stores is there as often as it must be.
clean() {
    as_admin "$1" ceph pg ls-by-pool "$(ceph_pool "$1")" --format json |
        jq -e '[.pg_stats[] | select(.state == "active+clean")] | length == 8'
}
