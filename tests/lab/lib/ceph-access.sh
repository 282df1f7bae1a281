# Who may do what in Ceph: users, their keys in /etc/ceph of each place, and QEMU's key as a secret of libvirt.
# shellcheck shell=bash

# keys CLUSTER: a key for every daemon and user, and the keyring with all their rights that a new monitor starts from.
keys() {
    local at="$CEPH/$1" place
    for place in $(ceph_places "$1"); do new_etc "$place" "$1"; done
    user "$1" mon. "mon allow *"
    user "$1" client.admin "mon allow *" "osd allow *" "mgr allow *" "mds allow *"
    each_daemon "$1" . 'mgr|osd' daemon_user
    each_daemon "$1" 'a|b' mon site_users
    chmod 600 "$at/keyring"
    for place in $(ceph_places "$1"); do hand_out "$1" client.admin "$place"; done
}

# user CLUSTER NAME "DAEMON RIGHTS"...
user() {
    local file="$CEPH/$1/keyring" right rights
    printf '[%s]\n\tkey = %s\n' "$2" "$(ceph-authtool --gen-print-key)" >>"$file"
    for right in "${@:3}"; do
        rights="${right#* }"
        printf '\tcaps %s = "%s"\n' "${right%% *}" "${rights//\"/\\\"}" >>"$file"
    done
}

# key_of CLUSTER NAME
key_of() { ceph-authtool -p -n "$2" "$CEPH/$1/keyring"; }

# daemon_user CLUSTER PLACE KIND NAME: an OSD's or a manager's, its key in the folder of its data.
daemon_user() {
    local folder="$CEPH/$1/$3/$4"
    mkdir -p "$folder"
    if [ "$3" = osd ]; then
        user "$1" "osd.$4" "mon allow profile osd" "mgr allow profile osd" "osd allow *"
    else
        user "$1" "mgr.$4" "mon allow profile mgr" "osd allow *" "mds allow *"
    fi
    key_file "$1" "$3.$4" "$folder/keyring"
}

# site_users CLUSTER SITE ...: those that the file `ceph-caps` lists.
site_users() {
    local cluster="$1" site="$2" name rights
    while read -r name <&4; do
        mapfile -t rights < <(awk -v n="$name" '$1 == n { sub(/^[^ ]+ +/, ""); sub(/ +/, " "); print }' "$LAB_SOURCE/ceph-caps" |
            sed "s/POOL/$(ceph_pool "$cluster")/")
        user "$cluster" "client.${name/SITE/$site}" "${rights[@]}"
        hand_out "$cluster" "client.${name/SITE/$site}" "$site"
    done 4< <(awk -v c="$cluster" '!/^#/ && !(c == "metro" && /^rbd-mirror/) { print $1 }' "$LAB_SOURCE/ceph-caps" | uniq)
}

# key_file CLUSTER NAME FILE: without the rights, which the monitors know.
key_file() {
    (umask 077 && printf '[%s]\n\tkey = %s\n' "$2" "$(key_of "$1" "$2")" >"$3")
}

# hand_out CLUSTER NAME PLACE
hand_out() { key_file "$1" "$2" "$CEPH/etc-$3/$1.$2.keyring"; }

# new_etc PLACE CLUSTER
new_etc() {
    mkdir -p "$CEPH/etc-$1"
    rm -f "$CEPH/etc-$1/$2".*
    { host_settings "$2"; mirror_settings "$2"; } >"$CEPH/etc-$1/$2.conf"
}

# mount_etc PLACE: its /etc/ceph, if it is not there yet.
mount_etc() {
    at "$1" mountpoint -q /etc/ceph || at "$1" mount --bind "$CEPH/etc-$1" /etc/ceph
}

# secret_of CLUSTER SITE: the identity of the secret with the key of QEMU's user there.
secret_of() {
    local kind=1
    [ "$1" = metro ] || kind=2
    echo "cef00000-1ab0-4000-8000-0000000000$2$kind"
}

# secrets_at CLUSTER SITE ...: for libvirt. In the cluster of both sites each has both keys: a VM may come from the other.
secrets_at() {
    case "$1 $2" in
    *" w") ;;
    metro*)
        secret metro a "$2"
        secret metro b "$2"
        ;;
    *) secret "$1" "$2" "$2" ;;
    esac
}

# secret CLUSTER SITE HOST: the key of a site's QEMU, at a host.
secret() {
    local file="$CEPH/$1/secret-$2" uuid
    uuid="$(secret_of "$1" "$2")"
    cat >"$file.xml" <<END
<secret ephemeral='no' private='yes'>
  <uuid>$uuid</uuid>
  <description>client.vm-$2 of the Ceph cluster $1</description>
  <usage type='ceph'><name>$1 client.vm-$2</name></usage>
</secret>
END
    lab_virsh "$3" secret-define "$file.xml" >/dev/null
    (umask 077 && key_of "$1" "client.vm-$2" >"$file.key")
    lab_virsh "$3" secret-set-value "$uuid" --file "$file.key" >/dev/null # in Ceph's own base64
    rm -f "$file.key"
}

# rbd_disk CLUSTER SITE IMAGE: as the element of a domain, for `make_vm`.
rbd_disk() {
    cat <<END
<disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source protocol='rbd' name='$(ceph_pool "$1")/$3'><config file='/etc/ceph/$1.conf'/></source>
      <auth username='vm-$2'><secret type='ceph' uuid='$(secret_of "$1" "$2")'/></auth>
      <target dev='vda' bus='virtio'/>
    </disk>
END
}
