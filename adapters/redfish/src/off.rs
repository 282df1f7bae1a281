//! Switches one host off, by any way that leads to a proof.

use std::sync::atomic::{AtomicBool, Ordering};

use muster_contract::ErrorClass;
use muster_contract::stop::later;
use tokio::time::{Instant, sleep, timeout_at};

use crate::decide::Power;
use crate::decide::course::{Course, Next, Why};
use crate::decide::site::End;
use crate::error::{Error, reason};
use crate::host::Host;
use crate::way::{Look, Way};

/// Why one way led to no proof.
struct Failed {
    class: ErrorClass,
    why: String,
    /// It answered, so that its word counts.
    answered: bool,
    /// It is another machine's: the host's other way may lead there, too.
    stranger: bool,
}

impl Failed {
    fn of(error: &Error, answered: bool) -> Failed {
        let stranger = matches!(error, Error::Stranger { .. });
        Failed { class: error.class(), why: error.to_string(), answered, stranger }
    }
}

impl Host {
    /// Switches it off and proves it, until `end` at most.
    pub(crate) async fn off(&self, end: Instant) -> End {
        let told = AtomicBool::new(false);
        match timeout_at(end, self.by_any_way(&told)).await {
            Ok(end) => end,
            Err(_) if told.load(Ordering::Relaxed) => End::Unknown(
                "it was told to switch off, and not proven to be off in time".to_owned(),
            ),
            Err(_) => End::Refused(later("its BMC gave no answer in time, and was told nothing")),
        }
    }

    async fn by_any_way(&self, told: &AtomicBool) -> End {
        let mut failures = Vec::new();
        let mut class = None;
        let mut answered = Vec::new();
        for way in &self.ways {
            match self.by(way, told).await {
                Ok(()) => return self.unless_denied(&answered, told).await,
                Err(failed) => {
                    failures.push(format!("{way}: {}", failed.why));
                    class = class.or(Some(failed.class));
                    answered.extend(failed.answered.then_some(way));
                    if failed.stranger {
                        break;
                    }
                }
            }
        }
        not_off(told, class.unwrap_or(ErrorClass::Unsupported), failures.join("; "))
    }

    /// One way says that it is off. Where another one answered before and still says that it is on, nobody knows.
    async fn unless_denied(&self, others: &[&Way], told: &AtomicBool) -> End {
        for way in others {
            if way.look().await.is_ok_and(|look| look.power == Power::On) {
                let why = format!("its BMCs contradict each other: {way} says that it is on");
                return not_off(told, ErrorClass::Precondition, why);
            }
        }
        self.note(None);
        End::Off { already: !told.load(Ordering::Relaxed) }
    }

    /// Follows the course of one way to its end.
    async fn by(&self, way: &Way, told: &AtomicBool) -> Result<(), Failed> {
        let begun = Instant::now();
        let mut course = Course::new(self.limits.confirm, self.limits.land);
        let (mut answered, mut doubt) = (false, None);
        loop {
            let look = way.look().await;
            answered |= look.is_ok();
            let next = match &look {
                Ok(look) => course.saw(look.power, begun.elapsed()),
                Err(_) => course.unread(begun.elapsed()),
            };
            match (next, look) {
                (Next::Proven, _) => return Ok(()),
                (Next::Look(after), _) => sleep(after).await,
                (Next::Tell, Ok(look)) => {
                    let told = self.tell(way, look, told).await;
                    doubt = told.map_err(|error| Failed::of(&error, answered))?;
                    course.told(begun.elapsed());
                }
                (_, Err(error)) => return Err(Failed::of(&error, answered)),
                (Next::GiveUp(why), Ok(_)) => {
                    let why = given_up(why, doubt.as_ref());
                    return Err(Failed {
                        class: ErrorClass::Retry,
                        why,
                        answered,
                        stranger: false,
                    });
                }
            }
        }
    }

    /// Tells it; answers with what makes it doubtful whether it heard. One that refuses may be off by itself by now.
    async fn tell(&self, way: &Way, look: Look, told: &AtomicBool) -> Result<Option<Error>, Error> {
        let reset = look.reset?;
        let (before, noted) = (told.swap(true, Ordering::Relaxed), self.told_at());
        // Before it leaves: whoever asked may go away while it is on its way.
        self.note(Some((self.now)()));
        tracing::info!(host = %self.id, %way, "a host is told to switch off");
        match way.tell(&reset).await {
            Ok(()) => Ok(None),
            Err(error) if error.is_refusal() => {
                told.store(before, Ordering::Relaxed);
                self.note(noted);
                match way.look().await {
                    Ok(Look { power: Power::Off, .. }) => Ok(None),
                    _ => Err(error),
                }
            }
            // Whether it heard is read from the host's power.
            Err(error) => Ok(Some(error)),
        }
    }
}

/// A host that was told something may still go off.
fn not_off(told: &AtomicBool, class: ErrorClass, why: String) -> End {
    match told.load(Ordering::Relaxed) {
        true => End::Unknown(why),
        false => End::Refused(reason(class, why)),
    }
}

fn given_up(why: Why, doubt: Option<&Error>) -> String {
    match (why, doubt) {
        (Why::StaysOn, None) => "it took the command, and the host stays on".to_owned(),
        (Why::StaysOn, Some(doubt)) => format!("the host stays on; when it was told, {doubt}"),
        (Why::CameBack, _) => {
            "the host was off and is on again: somebody, a watchdog or its power policy does that"
                .to_owned()
        }
        (Why::Unread, _) => "it cannot be read".to_owned(),
    }
}
