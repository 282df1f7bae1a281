//! Makes a leg writable.

use muster_contract::{Mode, OpContext, Receipt};
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use crate::error::{Error, Stop, not_now};
use crate::store::{Btrfs, Group};
use crate::users::{self, Open};
use crate::{btrfs, file};
use muster_adapter_pair::Leg;
use muster_adapter_pair::decide::{self, Promotion, Wish};

impl Btrfs {
    pub(super) async fn promote(
        &self,
        ctx: &OpContext,
        group: &Group,
        wish: Wish<'_>,
    ) -> Result<Receipt, Stop> {
        let _turn = self.turn(ctx, group).await?;
        let peer = self.ask(ctx.mode, &group.id).await;
        let note = {
            let mut leg = group.leg.lock().await;
            let look = self.look(&group.id).await?;
            let decided = decide::promote(&self.sight(group, &leg, &look, peer.as_ref()), wish)?;
            if decided == Promotion::Nothing {
                return Ok(self.already());
            }
            let live = self.layout.live(&group.id)?;
            if matches!(decided, Promotion::From { .. })
                && let Some(user) = users::of(&live, Open::AtAll).await?
            {
                return Err(not_now(format!("{user} has files of {} open", group.id)).into());
            }
            let note = match &decided {
                Promotion::From { point, .. } => format!("from the point {point}"),
                _ => "with the data that is here".to_owned(),
            };
            if ctx.dry_run {
                return Ok(self.done(note));
            }
            self.open_leg(group, &mut leg, decided).await.map_err(Stop::unknown)?;
            note
        };
        if ctx.mode != Mode::Unplanned && peer.is_some() {
            self.tell().await;
        }
        Ok(self.done(note))
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
                    next.promoted = Some(self.take(group, leg).await?);
                }
                (next.role, next.shipped) = (ReplicaRole::FailedOver, None);
            }
            Promotion::From { point, generation } => {
                self.begin_from(group, &point).await?;
                next.generation = generation;
                (next.promoted, next.shipped) = (Some(point), None);
                next.role = ReplicaRole::FailedOver;
            }
        }
        self.save(group, leg, next)?;
        // By the word of a run, which knows more than what is remembered here.
        group.set_sure();
        self.enforce(group, leg).await?;
        file::link(&self.layout.shown(&group.id)?, &self.layout.live(&group.id)?)
    }

    /// The live subvolume becomes what a point holds; what it was is kept. There is always one of the
    /// two under its name.
    async fn begin_from(&self, group: &Group, point: &RecoveryPointId) -> Result<(), Error> {
        let (live, new) = (self.layout.live(&group.id)?, self.layout.new_live(&group.id)?);
        btrfs::delete(&new).await?;
        btrfs::snapshot(&self.layout.point(&group.id, point)?, &new).await?;
        self.keep_live(group).await?;
        if btrfs::is_subvolume(&live) {
            file::exchange(&new, &live)?;
            btrfs::delete(&new).await
        } else {
            std::fs::rename(&new, &live).map_err(Error::io("cannot rename", &new))
        }
    }
}
