//! A line to a daemon that many ask over at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::codec::Framed;

use super::error::{CallError, refusal};
use super::frame::{Frame, HEADER, KEEPALIVE, Kind, LONGEST, REMOTE, Status, codec};
use super::line::Line;
use super::procedure::{Call, LIFECYCLE_EVENT, LifecycleMessage};

/// How many calls are under way at once. A daemon stops reading from a client that has five
/// (`max_client_requests`), keepalive messages included, and would then be taken for dead.
const AT_ONCE: usize = 4;

/// How often the daemon is asked whether it is there, and how often in vain before the line counts as
/// dead; libvirt's own figures.
const INTERVAL: Duration = Duration::from_secs(5);
const TRIES: u32 = 5;

const PING: u32 = 1;
const PONG: u32 = 2;

/// What became of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// Which.
    pub uuid: uuid::Uuid,
    /// Its name.
    pub name: String,
    /// What (`virDomainEventType`).
    pub event: i32,
    /// Why; what it means depends on `event`.
    pub detail: i32,
}

/// What a daemon tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A domain's life changed.
    Lifecycle(Lifecycle),
    /// The line is gone: whatever happens from now on is not told.
    Ended,
}

struct Outgoing {
    program: u32,
    procedure: u32,
    body: Vec<u8>,
    answer: Answer,
}

/// Where an answer goes, and the place that the call has at the daemon until it is there, whoever still
/// waits for it.
struct Answer {
    to: oneshot::Sender<Result<Bytes, CallError>>,
    _slot: OwnedSemaphorePermit,
}

impl Answer {
    fn give(self, answer: Result<Bytes, CallError>) {
        // Nobody waits any more: the caller has given up.
        let _ = self.to.send(answer);
    }
}

/// A line to a daemon. Ends when it is dropped.
pub struct Connection {
    calls: mpsc::Sender<Outgoing>,
    /// Weak, so that it is closed when nobody reads the line any more.
    told: broadcast::WeakSender<Told>,
    slots: Arc<Semaphore>,
    keepalive: Arc<AtomicBool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Connection {
    /// Speaks over a line.
    pub fn over(line: Line) -> Connection {
        let (calls, taken) = mpsc::channel(AT_ONCE);
        let (told, _) = broadcast::channel(1024);
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let keepalive = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let weak = told.downgrade();
        let desk = Desk {
            line: Framed::new(line, codec()),
            taken,
            told,
            waiting: HashMap::new(),
            serial: 0,
            in_vain: 0,
            keepalive: Arc::clone(&keepalive),
        };
        tasks.spawn(desk.run());
        Connection { calls, told: weak, slots, keepalive, tasks: Mutex::new(tasks) }
    }

    /// Whether the line is there, as far as it is known.
    pub fn is_open(&self) -> bool {
        !self.calls.is_closed()
    }

    /// Whether all that was asked is answered, also what nobody waits for any more.
    pub fn is_quiet(&self) -> bool {
        self.slots.available_permits() == AT_ONCE
    }

    /// Does something for as long as the line is kept.
    pub fn attend(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(work);
    }

    /// Asks now and then whether the daemon is still there, from now on; it has to know of that.
    pub fn keep_alive(&self) {
        self.keepalive.store(true, Ordering::Relaxed);
    }

    /// What the daemon tells from now on, up to [`Told::Ended`]; after that the channel is closed. Who is
    /// slower than 1,024 of it is told how much was missed.
    pub fn listen(&self) -> broadcast::Receiver<Told> {
        let told = self.told.upgrade();
        told.map_or_else(|| broadcast::channel(1).1, |told| told.subscribe())
    }

    /// Asks for something, and waits for as long.
    ///
    /// # Errors
    /// With what is known of whether it had an effect.
    pub async fn call<C: Call>(&self, call: &C, patience: Duration) -> Result<C::Answer, CallError>
    where
        C::Answer: DeserializeOwned,
    {
        let body = libvirt_xdr::to_bytes(call)
            .map_err(|error| CallError::NotSent(format!("it cannot be written: {error}")))?;
        let procedure = C::PROCEDURE;
        if body.len() + HEADER + 4 > LONGEST {
            return Err(CallError::NotSent(format!("{} bytes are too many", body.len())));
        }
        let gone = || CallError::NotSent("the line to the daemon is gone".to_owned());
        let until = tokio::time::Instant::now() + patience;
        let slot = Arc::clone(&self.slots).acquire_owned();
        let slot = match tokio::time::timeout_at(until, slot).await {
            Ok(slot) => slot.map_err(|_| gone())?,
            Err(_) => return Err(CallError::NotSent("the daemon is busy with others".to_owned())),
        };
        let asked = async {
            let (to, came) = oneshot::channel();
            let answer = Answer { to, _slot: slot };
            let outgoing = Outgoing { program: C::PROGRAM, procedure, body, answer };
            self.calls.send(outgoing).await.map_err(|_| gone())?;
            // Who is dropped without an answer was never taken from the queue.
            came.await.map_err(|_| gone())?
        };
        let body = match tokio::time::timeout_at(until, asked).await {
            Ok(answer) => answer?,
            Err(_) => {
                let seconds = patience.as_secs_f32();
                return Err(CallError::Lost(format!("none within {seconds} s")));
            }
        };
        libvirt_xdr::from_bytes(&body)
            .map_err(|error| CallError::Nonsense(format!("of procedure {procedure}: {error}")))
    }
}

/// The one who reads and writes.
struct Desk {
    line: Framed<Line, tokio_util::codec::LengthDelimitedCodec>,
    taken: mpsc::Receiver<Outgoing>,
    told: broadcast::Sender<Told>,
    /// By serial number.
    waiting: HashMap<u32, Answer>,
    serial: u32,
    /// How often the daemon was asked whether it is there since it was heard last.
    in_vain: u32,
    keepalive: Arc<AtomicBool>,
}

impl Desk {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let why = loop {
            let ended = tokio::select! {
                call = self.taken.recv() => match call {
                    Some(call) => self.send(call).await,
                    None => break "it was closed".to_owned(),
                },
                received = self.line.next() => match received {
                    Some(Ok(bytes)) => self.received(bytes.freeze()).await,
                    Some(Err(error)) => Err(error.to_string()),
                    None => Err("the daemon has closed the line".to_owned()),
                },
                _ = ticks.tick() => self.ask().await,
            };
            if let Err(why) = ended {
                break why;
            }
        };
        tracing::debug!(why, "the line to a libvirt daemon has ended");
        for (_, answer) in self.waiting.drain() {
            answer.give(Err(CallError::Lost(why.clone())));
        }
        let _ = self.told.send(Told::Ended);
    }

    async fn send(&mut self, call: Outgoing) -> Result<(), String> {
        if call.answer.to.is_closed() {
            return Ok(()); // nobody waits any more, and it has not left
        }
        self.serial = self.serial.wrapping_add(1);
        self.waiting.insert(self.serial, call.answer);
        let frame = Frame::call(call.program, call.procedure, self.serial, call.body);
        self.write(frame).await
    }

    /// A daemon that does not read for so long is taken for gone: nothing else goes on meanwhile.
    async fn write(&mut self, frame: Frame) -> Result<(), String> {
        match tokio::time::timeout(INTERVAL * TRIES, self.line.send(frame.encode())).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err("the daemon does not read".to_owned()),
        }
    }

    async fn ask(&mut self) -> Result<(), String> {
        if !self.keepalive.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.in_vain >= TRIES {
            let silence = INTERVAL * TRIES;
            return Err(format!("nothing was heard for {} s", silence.as_secs()));
        }
        self.in_vain += 1;
        self.write(Frame::keepalive(PING)).await
    }

    async fn received(&mut self, bytes: Bytes) -> Result<(), String> {
        self.in_vain = 0;
        let frame = Frame::decode(bytes).map_err(|bad| bad.to_string())?;
        match (frame.program, frame.kind) {
            (KEEPALIVE, _) if frame.procedure == PING => {
                return self.write(Frame::keepalive(PONG)).await;
            }
            (_, Kind::Reply) => {
                if let Some(answer) = self.waiting.remove(&frame.serial) {
                    answer.give(match frame.status {
                        Status::Ok => Ok(frame.body),
                        Status::Error => Err(refusal(&frame.body)),
                        Status::Continue => Err(CallError::Nonsense("it goes on".to_owned())),
                    });
                }
            }
            (REMOTE, Kind::Event) if frame.procedure == LIFECYCLE_EVENT => {
                match libvirt_xdr::from_bytes::<LifecycleMessage>(&frame.body) {
                    Ok(message) => {
                        let _ = self.told.send(Told::Lifecycle(message.into()));
                    }
                    Err(error) => return Err(format!("an event that makes no sense: {error}")),
                }
            }
            _ => {}
        }
        Ok(())
    }
}
