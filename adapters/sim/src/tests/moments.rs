//! Each fault at each moment that it can have, and the moments that it cannot have.

use muster_contract::{OpStatus, OperationKind, Outcome, StorageOp};
use muster_plans::time::Span;

use super::rig::{GOLD, Rig, site};
use crate::control::{Command, Thing};
use crate::world::Settings;
use crate::{Fault, FaultId, Moment};

fn prefer(to: &str) -> StorageOp {
    StorageOp::SetPreference { group: GOLD.into(), site: site(to) }
}

fn preferred(rig: &mut Rig) -> String {
    rig.group("paris", GOLD).preferred.unwrap().to_string()
}

/// What a caller hears, and what is so three seconds later, when everything is healed.
fn one(id: FaultId, moment: Moment) -> String {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    rig.world.hits = Some(Vec::new());
    rig.fault(Fault::at(id, "paris").on(OperationKind::SetPreference).times(1).moment(moment));
    let (ctx, began) = (rig.ctx("paris"), rig.world.now());
    let answer = match rig.run_as(&ctx, prefer("lyon")) {
        Outcome::Done(_) => String::from("done"),
        Outcome::Refused(reason) => format!("refused, {}", reason.message),
        Outcome::Unknown(hint) => format!("unknown, {}", hint.message),
    };
    let after = rig.world.now().since(began);
    rig.control(Command::HealAll);
    let now = preferred(&mut rig);
    rig.pass(Span::mins(20));
    let later = preferred(&mut rig);
    let status = match rig.world.status(&site("paris"), &ctx.op_id).unwrap() {
        OpStatus::Ended(_) => "ended",
        OpStatus::Pending => "pending",
        OpStatus::NotKnown => "not known",
    };
    let hits = rig.world.hits.take().unwrap();
    assert_eq!(hits.len(), 1, "{id:?} {moment:?}: {hits:?}");
    assert_eq!((hits[0].fault, hits[0].moment, hits[0].op), (id, moment, ctx.op_id));
    // Once it has struck it is over, unless it lasts.
    rig.done("paris", prefer("paris"));
    format!("{id:?} {moment:?}: {answer} after {} ms; {now}, later {later}; {status}", after.0)
}

#[test]
fn every_fault_at_every_moment_that_it_can_have() {
    let mut table = String::new();
    for id in FaultId::ALL {
        for moment in Moment::ALL {
            let line = match id.never_at(moment) {
                Some(reason) => format!("{id:?} {moment:?}: never, {reason}"),
                None => one(id, moment),
            };
            table.push_str(&line);
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_moment_that_a_fault_cannot_have_is_refused() {
    let mut rig = Rig::instant();
    let fault = Fault::at(FaultId::F3, "paris").moment(Moment::Before);
    let refused = rig.world.control(&Command::Break(Thing::Backend(fault))).unwrap_err();
    assert_eq!(refused.to_string(), "only an answer can be lost without the effect");
}
