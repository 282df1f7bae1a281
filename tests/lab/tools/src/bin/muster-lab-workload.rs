//! The program of the lab's guests: `muster-lab-workload DISK [INTERVAL_US]`. It writes a numbered record to
//! a slot of a ring and then to the header, says that it is acknowledged, and goes on, for ever.
#![expect(clippy::disallowed_methods, reason = "gaps between records are measured in real time")]

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use muster_lab::clock::Clock;
use muster_lab::record::{BLOCK, Record};
use rustix::fs::OFlags;

/// Writes numbered records to a disk.
#[derive(Parser, Debug)]
struct Arguments {
    /// The disk; it is written without the page cache.
    disk: PathBuf,
    /// Between two records, in microseconds.
    #[arg(default_value_t = 50_000)]
    interval_us: u64,
    /// Each acknowledged record is a line here; the host keeps it in a file.
    #[arg(long, default_value = "/dev/virtio-ports/mlab.ack")]
    acknowledged: PathBuf,
    /// Health checks are answered here once a record has been acknowledged.
    #[arg(long, default_value_t = 7777)]
    port: u16,
    /// How often the lab's time is asked for at first; every answer takes up to 100 ms.
    #[arg(long, default_value_t = 3)]
    asks: u32,
}

/// Memory that the disk can be written from directly: a block that starts at a multiple of its size.
struct Block {
    memory: Vec<u8>,
    start: usize,
}

impl Block {
    fn new() -> Block {
        let memory = vec![0; 2 * BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK);
        Block { memory, start }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + BLOCK]
    }
}

struct Disk {
    file: File,
    block: Block,
}

impl Disk {
    fn open(path: &PathBuf) -> anyhow::Result<Disk> {
        let flags = OFlags::SYNC | OFlags::DIRECT;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(i32::try_from(flags.bits())?)
            .open(path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok(Disk { file, block: Block::new() })
    }

    fn header(&mut self) -> io::Result<Option<Record>> {
        self.file.read_exact_at(self.block.bytes(), 0)?;
        Ok(Record::from_block(self.block.bytes()))
    }

    /// The slot first: a header never names a record that is not there.
    fn write(&mut self, record: &Record) -> io::Result<()> {
        record.fill(self.block.bytes());
        self.file.write_all_at(self.block.bytes(), Record::slot(record.n) * BLOCK as u64)?;
        self.file.write_all_at(self.block.bytes(), 0)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut disk = Disk::open(&arguments.disk)?;
    let mut port = OpenOptions::new().write(true).open(&arguments.acknowledged).ok();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().to_owned();
    let clock = Arc::new(Clock::default());
    let told = (0..arguments.asks).any(|_| clock.ask(Duration::from_millis(100)).unwrap_or(false));
    let kept = Arc::clone(&clock);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            let _ = kept.ask(Duration::from_millis(500));
        }
    });

    let mut n = disk.header()?.map_or(0, |record| record.n);
    let clock_is = if told { "lab" } else { "own" };
    say(&format!("start from {n} boot={boot} clock={clock_is} port={}", port.is_some()));
    let last = Arc::new(AtomicU64::new(0));
    let mut before = Instant::now();
    let mut printed = before;
    let mut largest = Duration::ZERO;
    loop {
        let record = Record { n: n + 1, wall_us: clock.now_us(), boot: boot.clone() };
        if let Err(error) = disk.write(&record) {
            say(&format!("ERR n={} wall={} {error}", record.n, record.wall_us));
            thread::sleep(Duration::from_millis(500));
            continue;
        }
        n = record.n;
        if let Some(port) = &mut port {
            let _ = port.write_all(format!("{record}\n").as_bytes());
        }
        if last.swap(n, Relaxed) == 0 {
            answer(arguments.port, Arc::clone(&last));
        }
        let gap = before.elapsed();
        before = Instant::now();
        largest = largest.max(gap);
        let long = gap > Duration::from_millis(250);
        if long || printed.elapsed() > Duration::from_secs(1) {
            let word = if long { "GAP " } else { "" };
            say(&format!("{word}n={n} wall={} gap={}ms", record.wall_us, largest.as_millis()));
            printed = before;
            largest = Duration::ZERO;
        }
        thread::sleep(Duration::from_micros(arguments.interval_us));
    }
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "MLAB {line}").and_then(|()| out.flush());
}

/// Answers health checks from now on.
fn answer(port: u16, last: Arc<AtomicU64>) {
    thread::spawn(move || {
        let listener = match TcpListener::bind(("0.0.0.0", port)) {
            Ok(listener) => listener,
            Err(error) => return say(&format!("ERR port {port}: {error}")),
        };
        for mut peer in listener.incoming().flatten() {
            let _ = writeln!(peer, "n={}", last.load(Relaxed));
        }
    });
}
