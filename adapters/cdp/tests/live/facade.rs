//! What the hypervisor does, asked through libvirt's protocol.

use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::time::Duration;

use muster_adapter_libvirt::replicate::{BackupDisk, BackupState};

use crate::daemon::{Daemon, boot, command, run};
use crate::guest::{Guest, SIZE, written};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_disk_is_mirrored_and_nothing_acknowledged_is_missing() {
    let Some(boot) = boot() else { return };
    let daemon = Daemon::start(1).await;
    let (disk, copy) = (daemon.path("vm/db.vda.img"), daemon.path("vm/copy.img"));
    for file in [&disk, &copy] {
        std::fs::File::create(file).unwrap().set_len(SIZE).unwrap();
    }
    let guest = Guest::start(&daemon, &boot, "db", &disk, "raw").await;
    let socket = daemon.path("vm/nbd.sock");
    let mut server = command("qemu-nbd")
        .args(["--persistent", "--format=raw", "--cache=writethrough", "--export-name=db.vda.img"])
        .arg(format!("--socket={}", socket.display()))
        .arg(&copy)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..50 {
        if socket.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let hosts = daemon.replicator();
    let socket = socket.to_str().unwrap();
    hosts.mirror(guest.uuid, "vda", socket, "db.vda.img").await.unwrap();
    let mut ready = false;
    for _ in 0..100 {
        let disks = hosts.disks().await.unwrap();
        let mirror = disks[0].mirror.clone().unwrap();
        assert_eq!(mirror.socket.as_deref(), Some(socket));
        ready = mirror.ready;
        if ready {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(ready);
    assert_eq!(hosts.block_job(guest.uuid, "vda").await.unwrap().unwrap().kind, 2);
    let n = guest.last();
    guest.writes_after(n + 50).await;
    daemon.kill("db");
    let acknowledged = guest.last();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let copied = written(&copy);
    eprintln!("acknowledged {acknowledged}, on the copy {copied}, on the disk {}", written(&disk));
    assert!(copied >= acknowledged);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_whose_other_end_is_gone_ends_and_the_guest_goes_on() {
    let Some(boot) = boot() else { return };
    let daemon = Daemon::start(2).await;
    let (disk, copy) = (daemon.path("vm/web.vda.img"), daemon.path("vm/copy.img"));
    for file in [&disk, &copy] {
        std::fs::File::create(file).unwrap().set_len(SIZE).unwrap();
    }
    let guest = Guest::start(&daemon, &boot, "web", &disk, "raw").await;
    let socket = daemon.path("vm/nbd.sock");
    let mut server = command("qemu-nbd")
        .args(["--persistent", "--format=raw", "--cache=writethrough", "--export-name=x"])
        .arg(format!("--socket={}", socket.display()))
        .arg(&copy)
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let hosts = daemon.replicator();
    hosts.mirror(guest.uuid, "vda", socket.to_str().unwrap(), "x").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.kill().unwrap();
    server.wait().unwrap();
    let n = guest.last();
    guest.writes_after(n + 20).await;
    assert_eq!(hosts.block_job(guest.uuid, "vda").await.unwrap(), None);
    assert_eq!(hosts.disks().await.unwrap()[0].mirror, None);
    hosts.end_mirror(guest.uuid, "vda").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_a_checkpoint_is_less_than_everything() {
    let Some(boot) = boot() else { return };
    let daemon = Daemon::start(3).await;
    let (raw, disk) = (daemon.path("vm/app.raw"), daemon.path("vm/app.vda.qcow2"));
    let file = std::fs::File::create(&raw).unwrap();
    file.set_len(SIZE).unwrap();
    // Behind what the guest writes to: it is in the first backup only.
    file.write_all_at(&vec![7; 2 << 20], 17 << 20).unwrap();
    let (from, to) = (raw.to_str().unwrap(), disk.to_str().unwrap());
    run("qemu-img", &["convert", "-O", "qcow2", from, to]).unwrap();
    let guest = Guest::start(&daemon, &boot, "app", &disk, "qcow2").await;
    let hosts = daemon.replicator();
    let mut sizes = Vec::new();
    for (nr, since) in [(1, None), (2, Some("p1"))] {
        guest.writes_after(guest.last() + 20).await;
        let to = daemon.path(&format!("vm/{nr}.qcow2"));
        let disks = [BackupDisk {
            target: "vda".to_owned(),
            to: to.display().to_string(),
            format: "qcow2",
        }];
        hosts.backup(guest.uuid, &disks, since, Some(&format!("p{nr}"))).await.unwrap();
        let mut state = BackupState::Running;
        for _ in 0..100 {
            state = hosts.backup_state(guest.uuid).await.unwrap();
            if state != BackupState::Running {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(state, BackupState::Done);
        sizes.push(std::fs::metadata(&to).unwrap().len());
    }
    assert_eq!(hosts.checkpoints(guest.uuid).await.unwrap(), ["p1", "p2"]);
    hosts.drop_checkpoint(guest.uuid, "p1").await.unwrap();
    assert_eq!(hosts.checkpoints(guest.uuid).await.unwrap(), ["p2"]);
    eprintln!("everything {}, what changed {}", sizes[0], sizes[1]);
    assert!(sizes[1] + (1 << 20) < sizes[0], "{sizes:?}");
    let why = hosts.checkpoints(uuid::Uuid::nil()).await.unwrap_err();
    assert!(why.message.contains("does not run"), "{why}");
}
