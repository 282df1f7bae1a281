//! Holding a run: its lease is taken, kept and given back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muster_plans::id::RunId;
use muster_plans::time::Span;

use super::shop::Shop;
use crate::engine::{Core, StartError};
use crate::ports::{Fence, JournalError, chain};

/// A run's place in the registry while it is opened; free again when this goes.
struct Place {
    core: Arc<Core>,
    run: RunId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.core.registry.free(self.run);
    }
}

/// A run that this engine holds.
pub(crate) struct Held {
    place: Place,
    pub(crate) fence: Fence,
}

impl Held {
    /// Takes the lease of a run that nobody holds, or whose holder has deserted it.
    pub(crate) async fn take(core: &Arc<Core>, run: RunId) -> Result<Held, StartError> {
        if !core.registry.reserve(run) {
            return Err(StartError::AlreadyLive);
        }
        let place = Place { core: Arc::clone(core), run };
        let now = core.ports.clock.now();
        let acquire = || core.ports.leases.acquire(run, &core.owner, now, core.limits.lease);
        let mut lease = acquire().await?;
        if lease.is_none() && end_deserted(core, run).await? {
            lease = acquire().await?;
        }
        let held = Held { place, fence: lease.ok_or(StartError::Held)? };
        let (journal, engine) = (held.fence.incarnation, core.incarnation.load(Ordering::SeqCst));
        if journal != engine {
            held.release().await;
            return Err(StartError::OtherLife { journal, engine });
        }
        Ok(held)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.place.core
    }

    pub(crate) fn run(&self) -> RunId {
        self.place.run
    }

    /// Gives the lease back, so that the next owner need not wait for it to run out.
    pub(crate) async fn release(self) {
        let (core, run) = (&self.place.core, self.place.run);
        if let Err(error) = core.ports.leases.release(run, &self.fence).await {
            let words = chain(&error);
            tracing::warn!(run.id = %run, store.error = words, "a lease was not given back");
        }
    }
}

/// Ends the lease of a run if its holder has not renewed it for twice its length, by this server's steady
/// clock: until when it holds is the holder's word, and a clock that was hours ahead would keep everybody
/// away for hours.
async fn end_deserted(core: &Core, run: RunId) -> Result<bool, JournalError> {
    let Some(sight) = core.ports.leases.held(run).await? else { return Ok(false) };
    let patience = Span(core.limits.lease.0 * 2);
    if !core.strangers.is_deserted(run, &sight, core.ports.clock.steady(), patience) {
        return Ok(false);
    }
    tracing::warn!(run.id = %run, lease.owner = %sight.fence.owner.0, "a lease was not renewed, and is ended");
    core.ports.leases.end(run, &sight).await
}

/// Keeps the lease. Comes back only when it is lost, or when the store has been silent for so long
/// that it must be taken for lost. Safety does not hang on this: every append and every operation
/// carries the fence.
pub(super) async fn keep(shop: Arc<Shop>) {
    let (ports, ttl) = (&shop.core.ports, shop.core.limits.lease);
    let mut held_until = ports.clock.now() + ttl;
    loop {
        ports.clock.sleep(Span(ttl.0 / 3)).await;
        let now = ports.clock.now();
        match ports.leases.renew(shop.run, &shop.fence, now, ttl).await {
            Ok(true) => held_until = now + ttl,
            Ok(false) => return,
            Err(error) if now >= held_until => {
                let words = chain(&error);
                tracing::error!(run.id = %shop.run, store.error = words, "a lease ran out");
                return;
            }
            Err(_) => {}
        }
    }
}
