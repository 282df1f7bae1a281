//! A BMC of one system on loopback that does what a test wants, right or wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What was asked of it so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) reads: usize,
    pub(crate) told: usize,
    at: Option<Instant>,
}

impl Seen {
    /// How long ago it was told to switch off first.
    pub(crate) fn since(&self) -> Option<Duration> {
        self.at.map(|at| at.elapsed())
    }

    /// Whether it was told so long ago.
    pub(crate) fn told_for(&self, time: Duration) -> bool {
        self.since().is_some_and(|since| since >= time)
    }
}

/// How it answers.
pub(crate) enum Reply {
    Power(&'static str),
    Status(u16, String),
    /// For so many seconds.
    Hang(u64),
    Drop,
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Status(status, String::new())
}

/// `Reset`: it was told to switch off; else the system is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Read,
    Reset,
}

type Behaviour = Box<dyn FnMut(Ask, &Seen) -> Reply + Send>;
pub(crate) type Conversation = Box<dyn FnMut(TcpStream, &mut dyn FnMut(&mut dyn Both)) + Send>;

/// Something to read from and to write to.
pub(crate) trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Stub {
    pub(crate) fn new(behaviour: impl FnMut(Ask, &Seen) -> Reply + Send + 'static) -> Stub {
        Stub::speaking(Box::new(|mut stream, talk| talk(&mut stream)), behaviour)
    }

    /// The same behind TLS, for instance.
    pub(crate) fn speaking(
        mut speak: Conversation,
        behaviour: impl FnMut(Ask, &Seen) -> Reply + Send + 'static,
    ) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Seen>>::default());
        let (notes, mut behaviour) = (seen.clone(), Box::new(behaviour) as Behaviour);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                speak(stream, &mut |stream| {
                    let _ = answer(stream, &notes, &mut behaviour);
                });
            }
        });
        Stub { address, seen }
    }

    pub(crate) fn told(&self) -> usize {
        self.seen.lock().unwrap().told
    }

    pub(crate) fn reads(&self) -> usize {
        self.seen.lock().unwrap().reads
    }
}

#[expect(clippy::disallowed_methods, reason = "a real clock, for what lands later")]
fn answer(
    stream: &mut dyn Both,
    seen: &Mutex<Seen>,
    behaviour: &mut Behaviour,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length, mut line) = (String::new(), 0, String::new());
    reader.read_line(&mut first)?;
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let ask = if first.starts_with("POST") { Ask::Reset } else { Ask::Read };
    let reply = {
        let mut seen = seen.lock().unwrap();
        match ask {
            Ask::Read => seen.reads += 1,
            Ask::Reset => {
                assert_eq!(body, br#"{"ResetType":"ForceOff"}"#);
                seen.told += 1;
                seen.at.get_or_insert_with(Instant::now);
            }
        }
        behaviour(ask, &seen)
    };
    let (status, body) = match reply {
        Reply::Power(power) => (200, system(power)),
        Reply::Status(status, body) => (status, body),
        Reply::Hang(seconds) => {
            std::thread::sleep(Duration::from_secs(seconds));
            return Ok(());
        }
        Reply::Drop => return Ok(()),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    let stream = reader.into_inner();
    // Where a redirect would lead to a host that is off.
    stream
        .write_all(format!("{head}Location: /off\r\nConnection: close\r\n\r\n{body}").as_bytes())?;
    stream.flush()
}

pub(crate) fn system(power: &str) -> String {
    let reset = r#"{"target": "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"}"#;
    format!(r##"{{"PowerState": "{power}", "Actions": {{"#ComputerSystem.Reset": {reset}}}}}"##)
}
