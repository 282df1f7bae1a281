//! Raising a fence: first here, then at the backend, then wait for what was faster.

use muster_contract::{ErrorClass, FenceDomain, OpId, Outcome, Token};

use super::Inner;
use super::ledger::Record;
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
        match tokio::time::timeout(self.settings.drain, self.drained(&domain, floor)).await {
            Ok(()) => Outcome::Done(floor),
            Err(_) => still_there(&self.state().below(&domain, floor)),
        }
    }

    async fn drained(&self, domain: &FenceDomain, floor: Token) {
        loop {
            // Registered before looking, so that no end is missed in between.
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.state().below(domain, floor).is_empty() {
                return;
            }
            ended.await;
        }
    }
}

fn still_there(ids: &[OpId]) -> Outcome<Token> {
    let ids = ids.iter().map(OpId::to_string).collect::<Vec<_>>().join(", ");
    Outcome::unknown(format!("the fence is raised, but older operations are at the backend: {ids}"))
}
