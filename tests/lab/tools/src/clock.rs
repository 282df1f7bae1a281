//! The lab's clock. A guest under emulation reads its hardware clock in whole seconds, so it asks the machine
//! for the time and keeps what its own clock is off by.

use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the time is told, by UDP.
pub const PORT: u16 = 7123;

/// An answer that took longer says too little.
const LONGEST: i64 = 50_000;

/// The machine's clock in microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the lab measures; nothing of the product is compiled from this"
)]
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Tells the time to everyone who asks, for ever.
///
/// # Errors
/// If the port is taken.
pub fn serve() -> io::Result<()> {
    let socket = UdpSocket::bind(("0.0.0.0", PORT))?;
    let mut asked = [0; 64];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut asked) else { continue };
        let mut answer = asked[..length].to_vec();
        answer.extend(format!(" {}", now_us()).bytes());
        // Whoever hears no answer asks again.
        let _ = socket.send_to(&answer, from);
    }
}

/// A clock that is off by something.
#[derive(Debug, Default)]
pub struct Clock {
    off: AtomicI64,
}

impl Clock {
    /// The lab's time, as well as it is known.
    pub fn now_us(&self) -> i64 {
        now_us() + self.off.load(Relaxed)
    }

    /// Asks whoever hears it on the network, once; says whether there was an answer that says enough.
    ///
    /// # Errors
    /// If nothing can be sent, or nobody answered.
    pub fn ask(&self, patience: Duration) -> io::Result<bool> {
        let socket = UdpSocket::bind(("0.0.0.0", 0))?;
        socket.set_broadcast(true)?;
        socket.set_read_timeout(Some(patience))?;
        let asked = now_us();
        socket.send_to(asked.to_string().as_bytes(), ("255.255.255.255", PORT))?;
        let mut answer = [0; 128];
        let length = socket.recv(&mut answer)?;
        let heard = now_us();
        let told = std::str::from_utf8(&answer[..length])
            .ok()
            .and_then(|text| text.strip_prefix(&asked.to_string())?.trim().parse::<i64>().ok());
        let good = heard - asked <= LONGEST;
        if let (Some(told), true) = (told, good) {
            self.off.store(told - (asked + heard) / 2, Relaxed);
        }
        Ok(told.is_some() && good)
    }
}
