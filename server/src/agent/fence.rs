//! Raising a fence: first here, then at the backend, then wait for what was faster.

use muster_contract::{ErrorClass, FenceDomain, OpId, Outcome, Token};

use super::Inner;
use super::ledger::Record;
use super::open::{ASK_AGAIN, HELP, Left};
use super::perform::not_written;

impl Inner {
    /// After `Done` nothing older in the domain has an effect: new requests are refused, and none
    /// that was let through before is still at the backend.
    pub(super) async fn raise(&self, domain: FenceDomain, token: Token) -> Outcome<Token> {
        if let Err(reason) = self.of_this_site(&domain) {
            return Outcome::Refused(reason);
        }
        // In memory before it is on disk: refusing too early is safe.
        let floor = self.state().raise(domain.group.clone(), token);
        let record = Record::Floor { group: domain.group.clone(), token: floor };
        if self.ledger.append(record).await.is_err() {
            return not_written();
        }
        let floor = match self.backend.raise_fence(&domain, floor).await {
            Outcome::Done(theirs) => floor.max(theirs),
            // The backend knows no tokens. That is what this agent is for.
            Outcome::Refused(reason) if reason.class == ErrorClass::Unsupported => floor,
            other => return other,
        };
        let mut left = Vec::new();
        let drained = self.drained(&domain, floor, &mut left);
        // What counts is what is left, not whether there was time to ask.
        let _ = tokio::time::timeout(self.settings.drain, drained).await;
        let older = self.state().below(&domain, floor);
        match older.is_empty() {
            true => Outcome::Done(floor),
            false => still_there(&older, &left),
        }
    }

    /// Waits until nothing older is at the backend, or until it is clear that nobody will ever know.
    /// `left`: what nobody waits for any more, with what the backend says of it.
    async fn drained(&self, domain: &FenceDomain, floor: Token, left: &mut Vec<Left>) {
        loop {
            // Registered before looking, so that no end is missed in between.
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let older = self.state().below(domain, floor);
            left.clear();
            for id in older {
                // What is under way in this process says itself when it ends.
                if self.is_under_way(&id) {
                    continue;
                }
                left.extend(self.clear(id).await.err());
            }
            let for_ever = left.iter().any(|left| left.for_ever);
            if for_ever || self.state().below(domain, floor).is_empty() {
                return;
            }
            let _ = tokio::time::timeout(ASK_AGAIN, ended).await;
        }
    }
}

fn still_there(older: &[OpId], left: &[Left]) -> Outcome<Token> {
    let each = older.iter().map(|id| match left.iter().find(|left| left.id == *id) {
        Some(left) => format!("{id} ({})", left.why),
        None => id.to_string(),
    });
    let each = each.collect::<Vec<_>>().join(", ");
    let mut message =
        format!("the fence is raised, but older operations are at the backend: {each}");
    if !left.is_empty() {
        message.push_str(&format!(". {HELP}"));
    }
    Outcome::unknown(message)
}
