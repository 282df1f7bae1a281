//! A guest that writes numbered records, and what it was told was written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use muster_lab::record::{self, Record};
use uuid::Uuid;

use crate::daemon::Daemon;

/// Larger than the ring that it writes.
pub(crate) const SIZE: u64 = 20 << 20;

/// A guest at a site.
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    acknowledged: PathBuf,
}

impl Guest {
    /// Defines it and starts it; it has written something.
    pub(crate) async fn start(
        daemon: &Daemon,
        boot: &Path,
        name: &str,
        disk: &Path,
        format: &str,
    ) -> Guest {
        let uuid = Uuid::from_u128(0x77 + name.bytes().map(u128::from).sum::<u128>());
        let guest = Guest {
            name: name.to_owned(),
            uuid,
            acknowledged: daemon.path("vm").join(format!("{name}.ack")),
        };
        let xml = daemon.path("vm").join(format!("{name}.xml"));
        let serial = daemon.path("vm").join(format!("{name}.log"));
        std::fs::write(&xml, domain(&guest, boot, disk, format, &serial)).unwrap();
        daemon.virsh(&["define", xml.to_str().unwrap()]).unwrap();
        guest.power_on(daemon).await;
        guest
    }

    pub(crate) async fn power_on(&self, daemon: &Daemon) {
        let before = self.last();
        daemon.virsh(&["start", &self.name]).unwrap();
        self.writes_after(before).await;
    }

    /// The number of the last record that it was told was written.
    pub(crate) fn last(&self) -> u64 {
        self.all().last().map_or(0, |record| record.n)
    }

    pub(crate) fn all(&self) -> Vec<Record> {
        record::log(&std::fs::read_to_string(&self.acknowledged).unwrap_or_default())
    }

    /// Waits until it has written more.
    pub(crate) async fn writes_after(&self, n: u64) {
        for _ in 0..600 {
            if self.last() > n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} writes nothing after {n}", self.name);
    }

    pub(crate) async fn power_off(&self, daemon: &Daemon) {
        daemon.virsh(&["destroy", &self.name]).unwrap();
    }
}

/// What a disk holds: the number in its header, and whether each record of the ring up to it is there.
pub(crate) fn written(disk: &Path) -> u64 {
    let (header, ring) = record::disk(&std::fs::read(disk).unwrap());
    let n = header.map_or(0, |record| record.n);
    let from = n.saturating_sub(record::SLOTS - 1).max(1);
    for number in from..=n {
        assert!(ring.iter().any(|record| record.n == number), "record {number} of {n} is missing");
    }
    n
}

fn domain(guest: &Guest, boot: &Path, disk: &Path, format: &str, serial: &Path) -> String {
    let (boot, disk, serial) = (boot.display(), disk.display(), serial.display());
    let Guest { name, uuid, acknowledged } = guest;
    let acknowledged = acknowledged.display();
    format!(
        "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid>
        <memory unit='MiB'>96</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='pc'>hvm</type>
        <kernel>{boot}/vmlinux</kernel><initrd>{boot}/initrd</initrd>
        <cmdline>console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable lpj=4000000 \
          no_timer_check mlab.us=20000</cmdline></os>
        <features><acpi/><tcg><tb-cache unit='MiB'>16</tb-cache></tcg></features>
        <cpu mode='custom' match='exact'><model fallback='allow'>qemu64</model></cpu>
        <on_poweroff>destroy</on_poweroff><on_crash>destroy</on_crash><devices>
        <emulator>/usr/bin/qemu-system-x86_64</emulator>
        <disk type='file' device='disk'><driver name='qemu' type='{format}' cache='none'/>
          <source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
        <controller type='usb' model='none'/><memballoon model='none'/>
        <serial type='file'><source path='{serial}' append='on'/><target port='0'/></serial>
        <channel type='file'><source path='{acknowledged}' append='on'/>
          <target type='virtio' name='mlab.ack'/></channel>
        </devices></domain>"
    )
}
