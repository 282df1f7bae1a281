//! Two fences of one site: what its storage keeps out, and the power of its hosts.
//!
//! Either is enough where it is proven. The storage is asked first: what it records is where the other site looks when
//! it comes back, and power has no such place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, ErrorClass, FenceState, FencingAdapter, FencingOp, Observation, Observed,
    OpContext, Outcome, Query, Receipt,
};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long the power waits for the storage, which may be gone with the other site.
const FIRST: Duration = Duration::from_secs(5);

/// Both fences as one.
pub(super) fn both(
    storage: Arc<dyn FencingAdapter>,
    power: Arc<dyn FencingAdapter>,
) -> Arc<dyn FencingAdapter> {
    Arc::new(Fences { storage, power })
}

struct Fences {
    storage: Arc<dyn FencingAdapter>,
    power: Arc<dyn FencingAdapter>,
}

#[async_trait]
impl FencingAdapter for Fences {
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        match op {
            FencingOp::PowerOffHost { .. } => self.power.apply(ctx, op).await,
            FencingOp::FenceSite { .. } => self.keep_out(ctx, op).await,
            FencingOp::UnfenceSite { .. } => self.let_in(ctx, op).await,
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let (storage, power) = tokio::join!(self.storage.query(query), self.power.query(query));
        stronger(storage, power)
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        let power = self.power.is_idle(object).await?;
        // Storage knows no hosts.
        Ok(power && (!object.starts_with("fence/") || self.storage.is_idle(object).await?))
    }
}

impl Fences {
    async fn keep_out(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        let asked = Notify::new();
        let storage = async {
            let outcome = self.storage.apply(ctx, op).await;
            asked.notify_one();
            outcome
        };
        let power = async {
            let _ = timeout(FIRST, asked.notified()).await;
            self.power.apply(ctx, op).await
        };
        let (storage, power) = tokio::join!(storage, power);
        either(storage, power)
    }

    /// Whoever is let in by only one of them is still kept out.
    async fn let_in(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt> {
        let storage = match self.storage.apply(ctx, op).await {
            Outcome::Done(receipt) => receipt,
            other => return other,
        };
        match self.power.apply(ctx, op).await {
            Outcome::Done(power) => Outcome::Done(joined(storage, power)),
            Outcome::Refused(reason) if !storage.already && !ctx.dry_run => {
                Outcome::unknown(format!("storage lets it in, and power: {}", reason.message))
            }
            other => other,
        }
    }
}

fn joined(storage: Receipt, power: Receipt) -> Receipt {
    let notes: Vec<String> = storage.note.into_iter().chain(power.note).collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Receipt { already: storage.already && power.already, at: storage.at.max(power.at), note }
}

/// One that is done is a fence, whatever the other says. What may still land keeps the whole open: it is read back.
fn either(storage: Outcome<Receipt>, power: Outcome<Receipt>) -> Outcome<Receipt> {
    let words = |outcome: &Outcome<Receipt>| match outcome {
        Outcome::Done(receipt) => receipt.note.clone().unwrap_or_else(|| "done".to_owned()),
        Outcome::Refused(reason) => format!("refused: {}", reason.message),
        Outcome::Unknown(hint) => format!("not known: {}", hint.message),
    };
    let both = format!("storage: {}; power: {}", words(&storage), words(&power));
    match (storage, power) {
        (Outcome::Done(storage), Outcome::Done(power)) => Outcome::Done(joined(storage, power)),
        (Outcome::Unknown(_), _) | (_, Outcome::Unknown(_)) => Outcome::unknown(both),
        (Outcome::Done(one), Outcome::Refused(_)) | (Outcome::Refused(_), Outcome::Done(one)) => {
            Outcome::Done(Receipt { note: Some(both), ..one })
        }
        (Outcome::Refused(one), Outcome::Refused(other)) => {
            let retry = other.class == ErrorClass::Retry;
            Outcome::refused(if retry { other.class } else { one.class }, both)
        }
    }
}

type Seen = Result<Observed, AdapterError>;

/// The stronger of two words. An error hides no fence, but whoever says `Unfenced` alone does not speak for both.
fn stronger(storage: Seen, power: Seen) -> Seen {
    let rank = |seen: &Seen| match seen.as_ref().map(|seen| &seen.state) {
        Ok(Observation::Fence(FenceState::Fenced)) => 3,
        Ok(Observation::Fence(FenceState::Asked)) => 2,
        Err(_) => 1,
        Ok(_) => 0,
    };
    let (mut first, mut second) =
        if rank(&power) > rank(&storage) { (power, storage) } else { (storage, power) };
    if let (Ok(first), Ok(second)) = (&mut first, &mut second) {
        first.pending.append(&mut second.pending);
    }
    first
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use muster_contract::{FenceDomain, Mode, OpId, Token};
    use muster_plans::id::RunId;
    use muster_plans::time::Time;

    use super::*;

    /// Says what it was told to say, and notes when it is asked, in a list of both.
    struct Fake {
        name: &'static str,
        outcome: Outcome<Receipt>,
        seen: Seen,
        hangs: bool,
        asked: Arc<Mutex<Vec<&'static str>>>,
    }

    #[async_trait]
    impl FencingAdapter for Fake {
        async fn apply(&self, _: &OpContext, _: &FencingOp) -> Outcome<Receipt> {
            self.asked.lock().unwrap().push(self.name);
            if self.hangs {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            self.outcome.clone()
        }
        async fn query(&self, _: &Query) -> Result<Observed, AdapterError> {
            self.seen.clone()
        }
        async fn is_idle(&self, _: &str) -> Result<bool, AdapterError> {
            Ok(!self.hangs)
        }
    }

    fn done(already: bool, note: &str) -> Outcome<Receipt> {
        let note = Some(note.to_owned());
        Outcome::Done(Receipt { already, at: None, note })
    }

    fn no() -> Outcome<Receipt> {
        Outcome::refused(ErrorClass::Retry, "no")
    }

    fn seen(state: FenceState) -> Seen {
        let state = Observation::Fence(state);
        Ok(Observed { as_of: Time(1), pending: Vec::new(), state })
    }

    fn silent() -> Seen {
        Err(AdapterError::new(ErrorClass::Retry, "silent"))
    }

    type Side = (Outcome<Receipt>, Seen, bool);

    fn fences(storage: Side, power: Side) -> (Fences, Arc<Mutex<Vec<&'static str>>>) {
        let asked = Arc::<Mutex<Vec<&'static str>>>::default();
        let fake = |name, (outcome, seen, hangs): Side| {
            Arc::new(Fake { name, outcome, seen, hangs, asked: asked.clone() })
        };
        (Fences { storage: fake("storage", storage), power: fake("power", power) }, asked)
    }

    fn of(
        storage: Outcome<Receipt>,
        power: Outcome<Receipt>,
    ) -> (Fences, Arc<Mutex<Vec<&'static str>>>) {
        fences((storage, silent(), false), (power, silent(), false))
    }

    fn context() -> OpContext {
        OpContext {
            op_id: OpId { run: RunId(uuid::Uuid::from_u128(7)), step: 0, attempt: 0, undo: false },
            token: Token::default(),
            domain: FenceDomain { site: "paris".into(), group: None },
            deadline: Time(0),
            dry_run: false,
            mode: Mode::Unplanned,
            run_tag: None,
        }
    }

    async fn fence(fences: &Fences) -> Outcome<Receipt> {
        fences.apply(&context(), &FencingOp::FenceSite { site: "lyon".into() }).await
    }

    async fn unfence(fences: &Fences) -> Outcome<Receipt> {
        fences.apply(&context(), &FencingOp::UnfenceSite { site: "lyon".into() }).await
    }

    #[tokio::test]
    async fn one_that_is_done_is_a_fence_and_the_storage_is_asked_first() {
        let (both, asked) = of(done(true, "s"), done(false, "p"));
        assert_eq!(fence(&both).await, done(false, "s; p"));
        assert_eq!(*asked.lock().unwrap(), ["storage", "power"]);
        let (both, asked) = of(no(), done(false, "p"));
        assert_eq!(fence(&both).await, done(false, "storage: refused: no; power: p"));
        assert_eq!(*asked.lock().unwrap(), ["storage", "power"]);
        let (both, _) = of(done(true, "s"), no());
        assert_eq!(fence(&both).await, done(true, "storage: s; power: refused: no"));
        let (both, _) = of(no(), no());
        assert!(matches!(fence(&both).await, Outcome::Refused(_)));
        for (storage, power) in
            [(done(true, "s"), Outcome::unknown("?")), (Outcome::unknown("?"), no())]
        {
            assert!(matches!(fence(&of(storage, power).0).await, Outcome::Unknown(_)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_storage_that_hangs_does_not_keep_the_power_on() {
        let (both, asked) =
            fences((done(true, "s"), silent(), true), (done(true, "p"), silent(), false));
        let asked_in_time = async {
            tokio::time::sleep(FIRST + Duration::from_millis(1)).await;
            asked.lock().unwrap().clone()
        };
        let (outcome, asked) = tokio::join!(fence(&both), asked_in_time);
        assert_eq!((outcome, asked), (done(true, "s; p"), vec!["storage", "power"]));
        assert!(!both.is_idle("fence/lyon").await.unwrap());
        assert!(both.is_idle("host/h1").await.unwrap(), "storage knows no hosts");
    }

    #[tokio::test]
    async fn a_site_is_let_in_by_both_or_not_at_all() {
        assert_eq!(unfence(&of(done(true, "s"), done(true, "p")).0).await, done(true, "s; p"));
        let (both, asked) = of(no(), done(true, "p"));
        assert!(matches!(unfence(&both).await, Outcome::Refused(_)));
        assert_eq!(*asked.lock().unwrap(), ["storage"], "power still holds it");
        assert!(matches!(unfence(&of(done(false, "s"), no()).0).await, Outcome::Unknown(_)));
        assert!(matches!(unfence(&of(done(true, "s"), no()).0).await, Outcome::Refused(_)));
    }

    #[tokio::test]
    async fn hosts_are_a_matter_of_power_alone() {
        let (both, asked) = of(done(true, "s"), done(false, "p"));
        let op = FencingOp::PowerOffHost { host: "h1".into() };
        assert_eq!(both.apply(&context(), &op).await, done(false, "p"));
        assert_eq!(*asked.lock().unwrap(), ["power"]);
    }

    #[tokio::test]
    async fn the_stronger_word_counts_and_an_error_hides_no_fence() {
        use FenceState::{Asked, Fenced, Unfenced};
        let said = async |storage: Seen, power: Seen| {
            let (both, _) = fences((no(), storage, false), (no(), power, false));
            both.query(&Query::Fence("lyon".into())).await
        };
        for (one, other, both) in [
            (seen(Fenced), seen(Unfenced), seen(Fenced)),
            (seen(Asked), seen(Fenced), seen(Fenced)),
            (seen(Asked), seen(Unfenced), seen(Asked)),
            (seen(Unfenced), seen(Unfenced), seen(Unfenced)),
            (seen(Fenced), silent(), seen(Fenced)),
            (seen(Asked), silent(), seen(Asked)),
            (seen(Unfenced), silent(), silent()),
            (silent(), silent(), silent()),
        ] {
            assert_eq!(said(one.clone(), other.clone()).await, both);
            assert_eq!(said(other, one).await, both);
        }
    }
}
