# Networks: sites and witness are joined through the place `wan`, each by a link of its own that can be cut.
# shellcheck shell=bash

# join PLACE NUMBER: its access link, from its card `wan0` to the core. Frames pass the relay between two TAP devices.
join() {
    local place="$1" address="10.77.0.$2/24" ctl="$LAB/link/$1"
    at wan sh -ec "
        ip link add edge-$place type bridge
        ip link add port-$place type veth peer name wan0 netns /run/netns/mlab-$place
        ip tuntap add dev near-$place mode tap
        ip tuntap add dev far-$place mode tap
        ip link set port-$place master edge-$place
        ip link set near-$place master edge-$place
        ip link set far-$place master core
        for card in edge port near far; do ip link set \$card-$place up; done"
    at "$place" sh -ec "ip address add $address dev wan0; ip link set wan0 up"
    echo '0 0 0 up' >"$ctl"
    start wan "$LAB/link/$place.log" "$LAB/bin/muster-lab-relay" "near-$place" "far-$place" "$ctl"
}

# bridge SITE NAME ADDRESS: a network of VMs, with the site's host in it.
bridge() { at "$1" sh -ec "ip link add $2 type bridge; ip address add $3 dev $2; ip link set $2 up"; }

# management SITE NUMBER: the address of its second machine, behind the site's own: what manages a site is not among
# the hosts that a fence keeps out.
management() {
    local name="$1-m" address="10.77.0.1$2" subnet
    ip netns add "mlab-$name" # which the site itself does not see: its mounts are its own
    ip -n "mlab-$1" link add mgmt0 type veth peer name eth0 netns "mlab-$name"
    at "$1" sh -ec "
        ip link set mgmt0 up
        ip route add $address dev mgmt0
        for what in conf.all.forwarding conf.wan0.proxy_arp conf.mgmt0.proxy_arp; do
            echo 1 >/proc/sys/net/ipv4/\$(echo \$what | tr . /)
        done"
    ip -n "mlab-$name" link set lo up
    ip -n "mlab-$name" address add "$address/24" dev eth0
    ip -n "mlab-$name" link set eth0 up
    # It sees the VMs too, as the site's host does: they know no way to it.
    for subnet in 10.10.0.0/24 10.20.0.0/24; do ip -n "mlab-$name" route add "$subnet" via "10.77.0.$2"; done
    at "$1" iptables -w -t nat -A POSTROUTING -s "$address" -o br-+ -j MASQUERADE
}

# clock SITE: tells its guests the time, which they cannot read from their own clocks better than to a second.
clock() { start "$1" "$LAB/site-$1/clock.log" "$LAB/bin/muster-lab-clock"; }

networks() {
    mkdir -p "$LAB/link"
    at wan sh -ec "ip link add core type bridge; ip link set core up"
    join a 1
    join b 2
    join w 3
    management a 1
    management b 2
    bridge a br-prod 10.10.0.1/24
    bridge b br-prod 10.10.0.1/24
    bridge b br-alt 10.20.0.1/24
    local site
    for site in "${SITES[@]}"; do clock "$site"; done
    wait_for 5 "the link between the sites" at a ping -c 1 -W 1 10.77.0.2
    wait_for 5 "the site's own management" at a ping -c 1 -W 1 10.77.0.11
    wait_for 5 "the other site's management" at a-m ping -c 1 -W 1 10.77.0.12
    wait_for 5 "the link to the witness" at a ping -c 1 -W 1 10.77.0.3
}

# set_link PLACE up|down|DELAY_MS [RATE_MBIT [LOSS_PPM]]: what is not named stays as it is.
set_link() {
    local ctl="$LAB/link/$1" delay rate loss state
    [ -e "$ctl" ] || die "there is no link of $1; is the lab up?"
    read -r delay rate loss state <"$ctl"
    case "$2" in
    up | down) state="$2" ;;
    *[!0-9.]* | "") die "up, down or a delay in ms was expected, not \`$2\`" ;;
    *) delay="$(awk -v ms="$2" 'BEGIN { printf "%d", ms * 1000 }')" ;;
    esac
    echo "$delay ${3:-$rate} ${4:-$loss} $state" >"$ctl.next"
    mv "$ctl.next" "$ctl"
    sleep 0.05 # the relay looks every 20 ms
}
