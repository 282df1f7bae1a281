//! What storage is asked to do: one file for each verb.

pub(crate) mod clone;
mod demote;
mod promote;
mod reverse;
mod sync;

use std::time::Duration;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, ErrorClass, Mode, Observed, OpContext, Operation, Outcome, Query, Reason,
    Receipt, StorageAdapter, StorageOp,
};
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::SiteInventory;
use tokio::sync::MutexGuard;

use crate::error::{Stop, later, not_now, outcome};
use crate::store::{Btrfs, Group};
use muster_adapter_pair::Report;
use muster_adapter_pair::decide::Wish;

#[async_trait]
impl StorageAdapter for Btrfs {
    async fn apply(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt> {
        let _under_way = self.under_way(Operation::Storage(op.clone()).object());
        outcome(self.storage(ctx, op).await)
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.observe(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        self.list(into).await
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        Ok(self.idle(object))
    }
}

impl Btrfs {
    async fn storage(&self, ctx: &OpContext, op: &StorageOp) -> Result<Receipt, Stop> {
        in_scope(ctx, op)?;
        match op {
            StorageOp::Sync { group } => self.sync(ctx, &*self.group(group)?).await,
            StorageOp::Demote { group } => self.demote(ctx, &*self.group(group)?).await,
            StorageOp::Promote { group, point, forced, above } => {
                let wish = Wish { point: point.as_ref(), forced: *forced, above: *above };
                self.promote(ctx, &*self.group(group)?, wish).await
            }
            StorageOp::Reverse { group } => self.reverse(ctx, &*self.group(group)?).await,
            StorageOp::SetPreference { group, .. } => {
                self.group(group)?;
                let message = format!("{group} is not stretched");
                Err(Reason { class: ErrorClass::Unsupported, message }.into())
            }
            StorageOp::SnapshotForTest { group, clone } => {
                self.make_clone(ctx, &*self.group(group)?, clone).await
            }
            StorageOp::DropTest { group, clone } => {
                self.drop_clone(ctx, &*self.group(group)?, clone).await
            }
        }
    }

    /// What the other site says of a group just now; `None`: nothing, or it must not be asked.
    pub(crate) async fn ask(&self, mode: Mode, id: &ConsistencyGroupId) -> Option<Report> {
        if mode == Mode::Unplanned {
            return None;
        }
        match self.exchange(false).await {
            Ok(mut answer) => answer.legs.remove(id),
            Err(error) => {
                tracing::info!(group = %id, %error, "the other site was asked in vain");
                None
            }
        }
    }

    /// Lets it know at once what it would hear in a few seconds anyway.
    pub(crate) async fn tell(&self) {
        if let Err(error) = self.exchange(false).await {
            tracing::info!(%error, "the other site does not know yet");
        }
    }

    /// Waits for the group's turn, until the deadline.
    async fn turn<'a>(
        &self,
        ctx: &OpContext,
        group: &'a Group,
    ) -> Result<MutexGuard<'a, ()>, Stop> {
        let turn = tokio::time::timeout(self.left(ctx), group.turn()).await;
        let late = || later(format!("something else is done with {} until the deadline", group.id));
        turn.map_err(|_| late().into())
    }

    /// How long an operation may still take.
    fn left(&self, ctx: &OpContext) -> Duration {
        Duration::from_millis(ctx.deadline.since(self.now()).0)
    }

    /// It was so already.
    fn already(&self) -> Receipt {
        Receipt { already: true, at: Some(self.now()), note: None }
    }

    fn done(&self, note: impl Into<Option<String>>) -> Receipt {
        Receipt { already: false, at: Some(self.now()), note: note.into() }
    }
}

/// A test touches nothing without its tag. Sending data takes nothing from production.
fn in_scope(ctx: &OpContext, op: &StorageOp) -> Result<(), Reason> {
    let test = matches!(ctx.mode, Mode::Test | Mode::Cleanup);
    match op {
        StorageOp::Sync { .. } | StorageOp::SnapshotForTest { .. } | StorageOp::DropTest { .. } => {
            Ok(())
        }
        _ if test => Err(not_now("a test does not touch production")),
        _ => Ok(()),
    }
}
