# The storage that Muster works with in the lab: `files` on btrfs, sent every few seconds; `stretch`, one Ceph over both
# sites; `journal` or `snapshot`, two that rbd-mirror joins in that mode.
# shellcheck shell=bash

# What was chosen last, for commands that come later.
kind() { cat "$HERE/storage" 2>/dev/null || echo files; }

choose() {
    case "$1" in
    files | stretch | journal | snapshot) echo "$1" >"$HERE/storage" ;;
    *) die "files, stretch, journal or snapshot was expected, not \`$1\`" ;;
    esac
}

# cluster_of SITE: the Ceph that its VMs are on.
cluster_of() { if [ "$(kind)" = stretch ]; then echo metro; else echo "p$1"; fi; }

# as_muster SITE COMMAND...: `rbd` or `ceph`, as the agent of a site would ask.
as_muster() { at "$1-m" "$2" --cluster "$(cluster_of "$1")" --id "muster-$1" "${@:3}"; }

# signs_in SITE: how its hosts reach their images.
signs_in() {
    [ "$(kind)" != files ] || return 0
    local cluster
    cluster="$(cluster_of "$1")"
    echo "  rbd: {user: vm-$1, secret: $(secret_of "$cluster" "$1"), conf: /etc/ceph/$cluster.conf}"
}

# storage_settings SITE PEER
storage_settings() {
    case "$(kind)" in
    files) files_settings "$@" ;;
    *) ceph_settings "$@" ;;
    esac
}

files_settings() {
    local site="$1" peer="$2" protected=false
    [ "$site" = a ] && protected=true
    cat <<END
btrfs:
  root: $SHARED
  container: $site-files
  capabilities: {replication.mode: {mode: [async], rpoSeconds: [60]}}
  listen: $(address_of "$site"):7450
  tokenFile: $HERE/peer.token
  interval: 5s
  keep: 4
  peer: {site: site-$peer, url: "http://$(address_of "$peer"):7450", tokenFile: $HERE/peer.token}
  groups:
    - {id: shop, protected: $protected}
    - {id: mail, protected: $protected}
END
}

ceph_settings() {
    local site="$1" peer="$2" cluster
    cluster="$(cluster_of "$site")"
    cat <<END
ceph:
  conf: /etc/ceph/$cluster.conf
  user: muster-$site
  keyring: /etc/ceph/$cluster.client.muster-$site.keyring
  peer: site-$peer
  clients: {site-a: [10.77.0.1/32], site-b: [10.77.0.2/32]}
  state: ceph-$site
END
    if [ "$cluster" = metro ]; then
        cat <<END
  preferred: site-a
  mons: {site-a: [a], site-b: [b]}
  witness: {name: lab-witness, mon: w}
  patienceSeconds: 10
  pools:
    - {pool: metro, container: metro, mode: stretched, capabilities: {replication.mode: {mode: [stretched]}}}
END
    else
        cat <<END
  peerConf: /etc/ceph/p$peer.conf
  peerUser: muster-$peer
  peerKeyring: /etc/ceph/p$peer.client.muster-$peer.keyring
  pools:
    - pool: rbd
      container: $site-rbd
      mode: mirror-$(kind)
      intervalSeconds: 60
      capabilities: {replication.mode: {mode: [async], rpoSeconds: [60]}}
END
    fi
}

# vm_disk NAME UUID ADDRESS GROUP POLICY: its disk, in its group, at site a.
vm_disk() {
    local image
    case "$(kind)" in
    files) at a truncate -s 64M "$SHARED/groups/$4/$1.vda.img" ;;
    *)
        image="$(ceph_pool "$(cluster_of a)")/$1"
        as_muster a rbd create "$image" --size 64M
        as_muster a rbd image-meta set "$image" muster.group "$4" >/dev/null
        [ "$(kind)" = stretch ] || as_muster a rbd mirror image enable "$image" "$(kind)" >/dev/null
        [ "$(kind)" != snapshot ] || scheduled "$image"
        ;;
    esac
}

# scheduled IMAGE: mirror snapshots as often as Ceph can, and one now, so that its marks are at the other site.
scheduled() {
    as_muster a rbd mirror snapshot schedule add --pool "${1%/*}" --image "${1#*/}" 1m >/dev/null
    as_muster a rbd mirror image snapshot "$1" >/dev/null
}

# vm_source NAME GROUP: the disk for its domain.
vm_source() {
    case "$(kind)" in
    files) file_disk "$SHARED/groups/$2/$1.vda.img" ;;
    *) rbd_disk "$(cluster_of a)" a "$1" ;;
    esac
}

# disk_file SITE NAME GROUP: what is on its disk at a site, as a file that the site sees.
disk_file() {
    local file="$HERE/disks/$2"
    case "$(kind)" in
    files) echo "$SHARED/groups/$3/$2.vda.img" ;;
    *)
        mkdir -p "$HERE/disks"
        rm -f "$file"
        as_muster "$1" rbd export --no-progress "$(ceph_pool "$(cluster_of "$1")")/$2" "$file" >&2
        echo "$file"
        ;;
    esac
}
