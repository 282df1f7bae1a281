//! What storage is asked to do: one file for each kind of group, and one for tests.

mod clone;
mod pair;
mod reverse;
mod stretch;
mod wait;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Mode, Observed, OpContext, Operation, Outcome, Query, Reason, Receipt,
    StorageAdapter, StorageOp,
};
use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::{SiteInventory, Witness};

use crate::decide::Wish;
use crate::error::{Stop, not_now, outcome, unsupported};
use crate::look::{Indexed, NEW};
use crate::store::Ceph;

#[async_trait]
impl StorageAdapter for Ceph {
    async fn apply(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt> {
        let object = Operation::Storage(op.clone()).object();
        let _under_way = self.under_way(object.clone());
        let result = async {
            in_scope(ctx, op)?;
            let _turn = self.turn(ctx, &object).await?;
            // The answer is there by the deadline, and what is under way then is ended.
            match tokio::time::timeout(self.left(ctx), self.storage(ctx, op)).await {
                Ok(result) => result,
                Err(_) => Err(Stop::unknown("it was not over at the deadline")),
            }
        };
        outcome(result.await)
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.observe(query).await
    }

    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        self.list(into).await
    }

    async fn witnesses(&self) -> Result<Vec<Witness>, AdapterError> {
        Ok(self.tiebreaker().await)
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        Ok(self.idle(object))
    }
}

/// The group that an operation is about.
fn group(op: &StorageOp) -> &ConsistencyGroupId {
    match op {
        StorageOp::Sync { group }
        | StorageOp::Demote { group }
        | StorageOp::Promote { group, .. }
        | StorageOp::Reverse { group }
        | StorageOp::SetPreference { group, .. }
        | StorageOp::SnapshotForTest { group, .. }
        | StorageOp::DropTest { group, .. } => group,
    }
}

impl Ceph {
    async fn storage(&self, ctx: &OpContext, op: &StorageOp) -> Result<Receipt, Stop> {
        let group = group(op);
        match op {
            StorageOp::SnapshotForTest { clone, .. } => {
                let members = self.members(group, NEW).await?;
                return self.make_clone(ctx, group, &members, clone).await;
            }
            // What is dropped needs no group any more.
            StorageOp::DropTest { clone, .. } => return self.drop_clone(ctx, group, clone).await,
            _ => {}
        }
        let members: Vec<Indexed> = self.members(group, NEW).await?;
        if self.config.is_stretched() {
            return self.stretched(ctx, group, op).await;
        }
        let sight = self.pair(group, &members).await?;
        match op {
            StorageOp::Sync { .. } => self.sync(ctx, sight, &members).await,
            StorageOp::Demote { .. } => self.demote(ctx, sight, &members).await,
            StorageOp::Promote { point, forced, above, .. } => {
                let wish = Wish { point: point.as_ref(), forced: *forced, above: *above };
                self.promote(ctx, sight, &members, wish).await
            }
            StorageOp::Reverse { .. } => self.reverse(ctx, sight, &members).await,
            _ => Err(unsupported(format!("{group} is not stretched")).into()),
        }
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
