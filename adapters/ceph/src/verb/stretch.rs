//! Verbs of stretched groups: each leaves a record, and the cluster does the rest.

use muster_contract::{ErrorClass, Mode, OpContext, Reason, Receipt, StorageOp};
use muster_plans::id::ConsistencyGroupId;

use super::wait::{PAUSE, SPARE};
use crate::decide::Wish;
use crate::decide::stretch::{self, Sight};
use crate::error::{Stop, later, not_now, unsupported};
use crate::state::Shared;
use crate::store::Ceph;

impl Ceph {
    pub(super) async fn stretched(
        &self,
        ctx: &OpContext,
        group: &ConsistencyGroupId,
        op: &StorageOp,
    ) -> Result<Receipt, Stop> {
        let mut sight = self.stretch(group).await?;
        if matches!(op, StorageOp::Sync { .. }) {
            return self.catch_up(ctx, sight).await;
        }
        let next = loop {
            let reason = match decide(&sight, ctx, op) {
                Ok(next) => break next,
                Err(reason) => reason,
            };
            // A site that is back takes Ceph half a minute and longer.
            let over = ctx.dry_run || self.left(ctx) < PAUSE + SPARE;
            if reason.class != ErrorClass::Retry || over {
                return Err(reason.into());
            }
            tokio::time::sleep(PAUSE).await;
            sight = self.stretch(group).await?;
        };
        let Some(next) = next else { return Ok(self.already()) };
        if ctx.dry_run {
            return Ok(self.done("it would be noted".to_owned()));
        }
        self.leave(&sight, &next).await?;
        if matches!(op, StorageOp::Promote { .. }) {
            self.note(group, |local| local.mounted = Some(true)).map_err(Stop::unknown)?;
        }
        Ok(self.done(None))
    }

    /// Nothing is sent that Ceph would not send anyway.
    async fn catch_up(&self, ctx: &OpContext, mut sight: Sight) -> Result<Receipt, Stop> {
        if !sight.shared.replicating {
            let text = format!("{} does not replicate; reverse it first", sight.group);
            return Err(not_now(text).into());
        }
        if sight.in_sync() {
            return Ok(self.already());
        }
        if !sight.cluster.contact && ctx.mode != Mode::Unplanned {
            return Err(later(format!("{} is not in the cluster", sight.peer)).into());
        }
        while !ctx.dry_run && self.left(ctx) > PAUSE + SPARE {
            tokio::time::sleep(PAUSE).await;
            sight = self.stretch(&sight.group).await?;
            if sight.in_sync() {
                return Ok(self.done(None));
            }
        }
        Err(later(format!("{} is catching up", sight.group)).into())
    }
}

/// What is to be left as the group's record; `None`: it is there.
fn decide(sight: &Sight, ctx: &OpContext, op: &StorageOp) -> Result<Option<Shared>, Reason> {
    match op {
        StorageOp::Demote { .. } => stretch::demote(sight),
        StorageOp::Promote { point, forced, above, .. } => {
            let wish = Wish { point: point.as_ref(), forced: *forced, above: *above };
            stretch::promote(sight, wish)
        }
        StorageOp::Reverse { .. } => stretch::reverse(sight, ctx.mode),
        StorageOp::SetPreference { site, .. } => stretch::prefer(sight, site),
        _ => Err(unsupported("no verb of groups")),
    }
}
