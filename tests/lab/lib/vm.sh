# VMs: what `vms` lists, as domains of libvirt.
# shellcheck shell=bash

# each_vm COMMAND...: with NAME UUID ADDRESS GROUP POLICY after it, for every VM.
each_vm() {
    local name uuid address group policy
    while read -r name uuid address group policy <&3; do
        "$@" "$name" "$uuid" "$address" "$group" "$policy"
    done 3< <(grep -v '^#' "$LAB_SOURCE/vms")
}

# file_disk FILE: as the element of a domain.
file_disk() {
    cat <<END
<disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='$1'/>
      <target dev='vda' bus='virtio'/>
    </disk>
END
}

# make_vm NAME UUID ADDRESS GROUP POLICY [DISK]: the domain. Its disk is where the storage keeps the group, or a file,
# or what the element `disk` says that was given.
make_vm() {
    local name="$1" uuid="$2" address="$3" group="$4" policy="$5" disk="${6:-$SHARED/groups/$4/$1.vda.img}"
    case "$disk" in "<disk "*) ;; *) disk="$(file_disk "$disk")" ;; esac
    cat <<END
<domain type='qemu'>
  <name>$name</name>
  <uuid>$uuid</uuid>
  <metadata>
    <muster:vm xmlns:muster='urn:muster:libvirt:1'>
      <muster:policy>$policy</muster:policy>
      <muster:tag name='app'>$group</muster:tag>
      <muster:port>7777</muster:port>
    </muster:vm>
  </metadata>
  <memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$LAB/guest/vmlinux</kernel>
    <initrd>$LAB/guest/initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable lpj=4000000 no_timer_check mlab.ip=$address/24 mlab.us=${MUSTER_LAB_US:-50000}</cmdline>
  </os>
  <features><acpi/><tcg><tb-cache unit='MiB'>16</tb-cache></tcg></features>
  <cpu mode='custom' match='exact'><model fallback='allow'>qemu64</model></cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    $disk
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <interface type='network'>
      <mac address='52:54:00:10:00:$(printf %02x "${address##*.}")'/>
      <source network='prod'/>
      <model type='virtio'/>
    </interface>
    <serial type='file'><source path='$LAB/vm/$name.serial.log' append='on'/><target port='0'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='file'>
      <source path='$LAB/vm/$name.ack.log' append='on'/>
      <target type='virtio' name='mlab.ack'/>
    </channel>
  </devices>
</domain>
END
}

# plain SITE NAME UUID ADDRESS GROUP POLICY: a VM with its disk on a plain file of one site, to try the lab itself.
plain() {
    local site="$1" disk="$SHARED/plain/$2.vda.img" file="$LAB/site-$1/$2.xml"
    at "$site" sh -ec "mkdir -p '$SHARED/plain'; truncate -s 64M '$disk'"
    make_vm "${@:2}" "$disk" >"$file"
    lab_virsh "$site" define "$file" >/dev/null
    lab_virsh "$site" start "$2" >/dev/null
}
