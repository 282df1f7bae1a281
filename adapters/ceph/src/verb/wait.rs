//! Waits for what `rbd-mirror` does by itself.

use std::time::Duration;

use muster_contract::{ErrorClass, OpContext, Reason};
use muster_plans::time::Span;

use crate::decide::pair::Sight;
use crate::error::Stop;
use crate::look::Indexed;
use crate::store::Ceph;

/// How often it is looked.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// What is left of the time when waiting ends: an answer takes some of it.
pub(super) const SPARE: Duration = Duration::from_secs(2);

/// How long it is waited for a daemon that says nothing of an image: of a new one it speaks half a minute later.
const PATIENCE: Span = Span::secs(45);

impl Ceph {
    /// Decides about a group, again after a pause where trying again may help. Answers with what was decided, and
    /// about what.
    pub(super) async fn settle<T: Send>(
        &self,
        ctx: &OpContext,
        mut sight: Sight,
        members: &[Indexed],
        decide: impl Fn(&Sight) -> Result<T, Reason> + Send,
    ) -> Result<(T, Sight), Stop> {
        let begun = self.now();
        loop {
            let reason = match decide(&sight) {
                Ok(decided) => return Ok((decided, sight)),
                Err(reason) => reason,
            };
            let over = ctx.dry_run || self.left(ctx) < PAUSE + SPARE;
            if reason.class != ErrorClass::Retry || over || self.now().since(begun) > PATIENCE {
                return Err(reason.into());
            }
            tokio::time::sleep(PAUSE).await;
            sight = self.pair(&sight.group, members).await?;
        }
    }

    /// Looks at a group until it is as wanted or the time is nearly over; whether it is as wanted.
    pub(super) async fn until(
        &self,
        ctx: &OpContext,
        sight: &Sight,
        members: &[Indexed],
        wanted: impl Fn(&Sight) -> bool + Send,
    ) -> Result<bool, Stop> {
        loop {
            match self.pair(&sight.group, members).await {
                Ok(now) if wanted(&now) => return Ok(true),
                Ok(_) => {}
                Err(stop) => tracing::info!(group = %sight.group, ?stop, "a look was in vain"),
            }
            if self.left(ctx) < PAUSE + SPARE {
                return Ok(false);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
