# libvirt: a daemon of each site, with folders of its own.
# shellcheck shell=bash

# settings SITE NUMBER
settings() {
    local etc="$LAB/site-$1/etc"
    mkdir -p "$etc"
    cat >"$etc/libvirtd.conf" <<END
listen_tls = 0
listen_tcp = 1
listen_addr = "10.77.0.$2"
auth_tcp = "none"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_dir = "/run/libvirt"
host_uuid = "0000000$2-1ab0-4000-8000-00000000000$2"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
END
    # No cgroups, labels or log daemon: what they need is the machine's.
    cat >"$etc/qemu.conf" <<END
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
max_core = 0
migration_address = "10.77.0.$2"
migration_host = "10.77.0.$2"
END
    # With nftables, libvirt wants checksums from `tc`, which not every kernel can give.
    echo 'firewall_backend = "iptables"' >"$etc/network.conf"
}

# hypervisor SITE NUMBER: prepares a site's folders and starts its daemon.
hypervisor() {
    local site="$LAB/site-$1" folder
    settings "$1" "$2"
    mkdir -p "$site"/{lib,run,log,cache}
    ln -sfn run/libvirt-sock "$site/libvirt-sock"
    at "$1" sh -ec "
        mount -t tmpfs -o size=64m,mode=755 tmpfs /run
        mkdir -p /run/libvirt"
    for folder in etc:/etc/libvirt lib:/var/lib/libvirt run:/run/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
        at "$1" mount --bind "$site/${folder%%:*}" "${folder#*:}"
    done
    daemon "$1"
}

# daemon SITE: starts libvirt's daemon. VMs that run go on running without it.
daemon() {
    start "$1" "$LAB/site-$1/log/out" libvirtd --listen --pid-file /run/libvirt/libvirtd.pid
}

lab_virsh() {
    local site="$1"
    shift
    at "$site" virsh -q -c qemu:///system "$@"
}

# network SITE NAME BRIDGE: a bridged network, as production networks are.
network() {
    local file="$LAB/site-$1/$2.xml"
    echo "<network><name>$2</name><forward mode='bridge'/><bridge name='$3'/></network>" >"$file"
    lab_virsh "$1" net-define "$file" >/dev/null
    lab_virsh "$1" net-autostart "$2" >/dev/null
    lab_virsh "$1" net-start "$2" >/dev/null
}

hypervisors() {
    hypervisor a 1
    hypervisor b 2
    local site
    for site in "${SITES[@]}"; do wait_for 20 "libvirt of $site" lab_virsh "$site" list; done
    network a prod br-prod
    network b prod br-prod
    network b alt br-alt
}
