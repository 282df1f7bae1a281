//! A link between two TAP devices: `muster-lab-relay TAP_A TAP_B CONTROL_FILE`. The machine's kernel has no
//! netem, so frames are held back here.
#![expect(clippy::disallowed_methods, reason = "frames are held back for real time")]

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use muster_lab::link::{CUT, Direction, Link};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// A link between two TAP devices with delay, rate, loss and cuts.
#[derive(Parser, Debug)]
struct Arguments {
    /// One end; it must exist.
    tap_a: String,
    /// The other end; it must exist.
    tap_b: String,
    /// A file of one line, read every 20 ms: `DELAY_US RATE_MBIT LOSS_PPM up|down`.
    control: PathBuf,
}

/// Frames on their way.
const ON_THE_WAY: usize = 20_000;

type Shared = Arc<Mutex<Link>>;

fn main() -> anyhow::Result<()> {
    let Arguments { tap_a, tap_b, control } = Arguments::parse();
    let open = |name: &str| -> anyhow::Result<Arc<SyncDevice>> {
        let device = DeviceBuilder::new().name(name).layer(Layer::L2).build_sync();
        Ok(Arc::new(device.with_context(|| format!("the TAP device {name} cannot be opened"))?))
    };
    let (a, b) = (open(&tap_a)?, open(&tap_b)?);
    let link: Shared = Arc::new(Mutex::new(CUT));
    let began = Instant::now();
    for (from, to) in [(Arc::clone(&a), Arc::clone(&b)), (b, a)] {
        let (sender, receiver) = sync_channel(ON_THE_WAY);
        let (heard, told) = (Arc::clone(&link), Arc::clone(&link));
        thread::spawn(move || hear(&from, &heard, began, &sender));
        thread::spawn(move || tell(&to, &told, began, receiver));
    }
    watch(&control, &link)
}

fn now(link: &Shared) -> Link {
    *link.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Decides about every frame that comes.
fn hear(from: &SyncDevice, link: &Shared, began: Instant, on: &SyncSender<(Duration, Vec<u8>)>) {
    let mut direction = Direction::default();
    let mut dice = fastrand::Rng::new();
    let mut frame = vec![0; 1 << 16];
    loop {
        let Ok(length) = from.recv(&mut frame) else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let arrival = direction.arrival(now(link), began.elapsed(), length, dice.u32(..1_000_000));
        if let Some(arrival) = arrival {
            // A frame too many is lost, as in a router.
            let _ = on.try_send((arrival, frame[..length].to_vec()));
        }
    }
}

/// Hands frames over when they arrive; those on the way when the link is cut are lost.
fn tell(to: &SyncDevice, link: &Shared, began: Instant, frames: Receiver<(Duration, Vec<u8>)>) {
    for (arrival, frame) in frames {
        thread::sleep(arrival.saturating_sub(began.elapsed()));
        if now(link).up {
            let _ = to.send(&frame);
        }
    }
}

/// Reads the control file for ever. A line that cannot be read leaves the link as it is: it is written while
/// it is read.
fn watch(control: &Path, link: &Shared) -> ! {
    loop {
        if let Ok(next) = std::fs::read_to_string(control).unwrap_or_default().parse::<Link>() {
            *link.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
