//! A daemon of libvirt of its own: its folders are private to a mount namespace.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use muster_adapter_libvirt::{LibvirtConfig, Replicator};
use tempfile::TempDir;

#[expect(clippy::disallowed_methods, reason = "tests start daemons and guests")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

pub(crate) fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let out =
        command(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&out.stderr).trim()))
}

/// What the guest starts from, where this machine can run it.
pub(crate) fn boot() -> Option<PathBuf> {
    let lab = std::env::var_os("MUSTER_LAB").unwrap_or_else(|| "/tmp/muster-lab".into());
    let boot = Path::new(&lab).join("guest");
    let there = |program: &str| run("sh", &["-c", &format!("command -v {program}")]).is_ok();
    let why = if !rustix::process::geteuid().is_root() {
        "only root can start a daemon of libvirt of its own"
    } else if !["libvirtd", "virsh", "qemu-nbd", "qemu-img", "unshare"].into_iter().all(there) {
        "libvirt and QEMU are not installed"
    } else if !boot.join("vmlinux").exists() || !boot.join("initrd").exists() {
        "there is no guest; `tests/lab/up` builds it"
    } else {
        return Some(boot);
    };
    assert!(std::env::var_os("MUSTER_NEEDS_LIBVIRT").is_none(), "{why}");
    eprintln!("skipped: {why}");
    None
}

/// A site's daemon. Its guests end with it.
pub(crate) struct Daemon {
    pub(crate) dir: TempDir,
    process: Child,
}

const START: &str = "
    mount --bind \"$1/run\" /run/libvirt 2>/dev/null || { mount -t tmpfs tmpfs /run; mkdir /run/libvirt; mount --bind \"$1/run\" /run/libvirt; }
    for folder in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
        mkdir -p \"${folder#*:}\"; mount --bind \"$1/${folder%%:*}\" \"${folder#*:}\"
    done
    exec libvirtd -f \"$1/etc/libvirtd.conf\" --pid-file \"$1/run/libvirtd.pid\"";

impl Daemon {
    pub(crate) async fn start(nr: u8) -> Daemon {
        let dir = tempfile::Builder::new().prefix("cdp-").tempdir().unwrap();
        for folder in ["etc", "lib", "run", "log", "cache", "root", "vm"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let libvirtd = format!(
            "listen_tls = 0\nauth_unix_rw = \"none\"\nunix_sock_dir = \"/run/libvirt\"\n\
             host_uuid = \"0000000{nr}-1ab0-4000-8000-00000000000{nr}\"\n"
        );
        let qemu = "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\n\
                    security_driver = \"none\"\ncgroup_controllers = [ ]\nnamespaces = [ ]\n\
                    stdio_handler = \"file\"\nmax_core = 0\n";
        std::fs::write(dir.path().join("etc/libvirtd.conf"), libvirtd).unwrap();
        std::fs::write(dir.path().join("etc/qemu.conf"), qemu).unwrap();
        let log = std::fs::File::create(dir.path().join("log/out")).unwrap();
        let mut unshare = command("unshare");
        unshare.args(["--mount", "--propagation", "private", "sh", "-ec", START, "sh"]);
        unshare.arg(dir.path()).stdin(Stdio::null());
        let process = unshare.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let daemon = Daemon { dir, process };
        for _ in 0..100 {
            if daemon.virsh(&["list"]).is_ok() {
                return daemon;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{}", std::fs::read_to_string(daemon.path("log/out")).unwrap());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.path("run/libvirt-sock").display())
    }

    pub(crate) fn virsh(&self, args: &[&str]) -> Result<String, String> {
        let uri = self.uri();
        run("virsh", &[&["-q", "-c", uri.as_str()], args].concat())
    }

    pub(crate) fn replicator(&self) -> Replicator {
        let config = serde_json::json!({
            "cluster": "kvm", "hosts": [{"id": "kvm-1", "uri": self.uri()}],
        });
        let config: LibvirtConfig = serde_json::from_value(config).unwrap();
        Replicator::new(&config).unwrap()
    }

    /// The emulator of a guest.
    fn emulator(&self, name: &str) -> Option<i32> {
        let file = self.path("run/qemu").join(format!("{name}.pid"));
        std::fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    /// The power of a guest goes.
    pub(crate) fn kill(&self, name: &str) {
        let pid = self.emulator(name).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        for name in self.virsh(&["list", "--name"]).unwrap_or_default().split_whitespace() {
            let _ = self.virsh(&["destroy", name]);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
