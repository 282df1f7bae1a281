//! Makes a leg writable.

use std::sync::Arc;

use muster_adapter_pair::decide::{self, Promotion, Wish};
use muster_adapter_pair::{Leg, Report};
use muster_contract::{Mode, OpContext, Receipt};
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;
use tokio::sync::OwnedMutexGuard;

use crate::disk;
use crate::error::{Error, Stop, not_now};
use crate::query::CURRENT;
use crate::store::{Cdp, Group};
use crate::users::{self, Open};

impl Cdp {
    pub(super) async fn promote(
        &self,
        ctx: &OpContext,
        group: &Group,
        wish: Wish<'_>,
    ) -> Result<Receipt, Stop> {
        let _turn = self.turn(ctx, group).await?;
        let peer = self.ask(ctx.mode, &group.id).await;
        // Data as it is now is the newest that there is, whatever became of the mirror meanwhile.
        let point = wish.point.filter(|point| point.as_str() != CURRENT);
        let wish = Wish { point, ..wish };
        let decided = {
            let leg = group.leg.lock().await;
            let decided = self.decided(group, &leg, peer.as_ref(), wish).await?;
            if decided == Promotion::Nothing {
                return Ok(self.already());
            }
            if ctx.dry_run {
                return Ok(self.done(note(&decided)));
            }
            if !matches!(decided, Promotion::From { .. }) {
                decided
            } else {
                // From here on the other site's guests write nothing here, whatever they are told.
                self.settle_mirror(group).await.map_err(Stop::unknown)?;
                self.decided(group, &leg, peer.as_ref(), wish).await.map_err(Stop::unsure)?
            }
        };
        // The leg is looked at by others while images are copied, which may take its time.
        let _still = match &decided {
            Promotion::From { point, .. } => Some(self.lay_out(group, point).await?),
            _ => None,
        };
        {
            let mut leg = group.leg.lock().await;
            let again =
                self.decided(group, &leg, peer.as_ref(), wish).await.map_err(Stop::unsure)?;
            if note(&again) != note(&decided) {
                return Err(Stop::unknown("something else was decided meanwhile; ask again"));
            }
            self.open_leg(group, &mut leg, again).await.map_err(Stop::unknown)?;
        }
        if ctx.mode != Mode::Unplanned && peer.is_some() {
            self.tell().await;
        }
        Ok(self.done(note(&decided)))
    }

    async fn decided(
        &self,
        group: &Group,
        leg: &Leg,
        peer: Option<&Report>,
        wish: Wish<'_>,
    ) -> Result<Promotion, Stop> {
        let look = self.look(&group.id).await?.with_mirror();
        let decided = decide::promote(&self.sight(group, leg, &look, peer), wish)?;
        let live = self.layout.live(&group.id)?;
        if matches!(decided, Promotion::From { .. })
            && let Some(user) = users::of(&live, Open::AtAll).await?
        {
            return Err(not_now(format!("{user} has files of {} open", group.id)).into());
        }
        Ok(decided)
    }

    /// Copies a point to where the next live files are made. Nothing comes in from here on.
    async fn lay_out(&self, group: &Group, point: &RecoveryPointId) -> Result<Still, Stop> {
        let mut still = Arc::clone(&group.incoming).lock_owned().await;
        *still = None;
        let (from, to) = (self.layout.point(&group.id, point)?, self.layout.new_live(&group.id)?);
        let copied = disk::blocking(move || {
            disk::remove_all(&to)?;
            disk::copy(&from, &to)?;
            Ok(still)
        });
        copied.await.map_err(Stop::unknown)
    }

    /// What is remembered is changed when the data is in place: cut off before, it is done again.
    async fn open_leg(
        &self,
        group: &Group,
        leg: &mut Leg,
        decided: Promotion,
    ) -> Result<(), Error> {
        let mut next = Leg { open: true, torn: false, sealed: None, ..leg.clone() };
        match decided {
            Promotion::Nothing => return Ok(()),
            Promotion::TakeBack { generation } => next.generation = generation,
            Promotion::GoOn { generation } => {
                next.generation = generation;
                // Where histories part must be said when replication is turned round.
                if leg.role != ReplicaRole::FailedOver || leg.promoted.is_none() {
                    next.promoted = Some(self.next_id(group, leg).await?);
                }
                (next.role, next.shipped) = (ReplicaRole::FailedOver, None);
            }
            Promotion::From { point, generation } => {
                // It may have been begun again meanwhile.
                self.settle_mirror(group).await?;
                self.begin_from(group).await?;
                next.generation = generation;
                (next.promoted, next.shipped) = (Some(point), None);
                next.role = ReplicaRole::FailedOver;
            }
        }
        self.save(group, leg, next)?;
        // By the word of a run, which knows more than what is remembered here.
        group.set_sure();
        self.enforce(group, leg).await?;
        disk::link(&self.layout.shown(&group.id)?, &self.layout.live(&group.id)?)
    }

    /// The live files become what was laid out; what they were is kept.
    async fn begin_from(&self, group: &Group) -> Result<(), Error> {
        let (live, new) = (self.layout.live(&group.id)?, self.layout.new_live(&group.id)?);
        self.keep_live(group).await?;
        std::fs::rename(&new, &live).map_err(Error::io("cannot rename", &new))?;
        disk::settle(&live)
    }
}

/// Nothing comes in and nothing is pruned while this is kept.
type Still = OwnedMutexGuard<Option<RecoveryPointId>>;

fn note(decided: &Promotion) -> String {
    match decided {
        Promotion::From { point, .. } => format!("from the point {point}"),
        _ => "with the data that is here".to_owned(),
    }
}
