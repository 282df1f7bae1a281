//! Every operation of the contract, every fault, before, while and after it is carried out.

use std::collections::BTreeMap;

use muster_adapter_sim::{Fault, FaultId, Moment};
use muster_contract::OperationKind;
use muster_plans::id::SiteName;

use super::{Ahead, Fate, options};
use crate::cue::{Act, Plot, Trouble};
use crate::example::Setting;
use crate::play::{Report, play};

/// Operations that no graph asks for, forward or back. Any other one must be met in some workflow.
fn unasked(kind: OperationKind) -> Option<&'static str> {
    match kind {
        OperationKind::PowerOffHost => Some("no step asks for it: fencing a site is asked instead"),
        OperationKind::Rescan => Some("`compile` lays no such step: mounting finds its storage"),
        _ => None,
    }
}

/// A workflow, and what is refused in it.
type Way = (Act, Option<OperationKind>);

/// Where operations are looked for, in this order. Refused demotes let a planned migration take back
/// what it did.
fn ways() -> impl Iterator<Item = Way> {
    let acts = Act::ALL.into_iter().filter(|act| *act != Act::Split);
    acts.map(|act| (act, None)).chain([(Act::Planned, Some(OperationKind::Demote))])
}

/// Where an operation is met: in the first workflow, at the site of its first effect.
fn met(seed: u64) -> anyhow::Result<BTreeMap<OperationKind, (Way, SiteName)>> {
    let mut met = BTreeMap::new();
    for (act, refused) in ways() {
        let plot = Plot { setting: Setting::Everything, whole: false, act, refused, trouble: None };
        let report = play(seed, &options(plot, false))?;
        anyhow::ensure!(report.broken.is_none(), "{act:?} without faults: {:?}", report.broken);
        for effect in report.told.effects {
            met.entry(effect.kind).or_insert(((act, refused), effect.site));
        }
    }
    Ok(met)
}

/// All operations, as the type itself lists them: a new one is a new row.
fn kinds() -> anyhow::Result<Vec<OperationKind>> {
    let schema = schemars::schema_for!(OperationKind);
    let names = schema.get("enum").and_then(|names| names.as_array()).cloned();
    let kinds = names.unwrap_or_default().into_iter().map(serde_json::from_value);
    let kinds: Vec<OperationKind> = kinds.collect::<Result<_, _>>()?;
    anyhow::ensure!(!kinds.is_empty(), "the schema of operations lists none: {schema:?}");
    Ok(kinds)
}

fn word(of: impl serde::Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default()
}

pub(super) fn cells(seed: u64) -> anyhow::Result<Vec<Ahead>> {
    let met = met(seed)?;
    let mut cells = Vec::new();
    for kind in kinds()? {
        for fault in FaultId::ALL {
            for moment in Moment::ALL {
                let reason = unasked(kind)
                    .or_else(|| fault.never_at(moment))
                    .or_else(|| fault.never_on(kind));
                let what = match (reason, met.get(&kind)) {
                    (Some(_), Some(((act, _), _))) if unasked(kind).is_some() => {
                        Err(Fate::Missed(format!("{act:?} asks for it by now")))
                    }
                    (Some(reason), _) => Err(Fate::NotApplicable(reason)),
                    (None, None) => Err(Fate::Missed(String::from("no workflow does it"))),
                    (None, Some(((act, refused), site))) => {
                        let fault = Fault::at(fault, site.clone()).on(kind).times(1).moment(moment);
                        let trouble = Some(Trouble::Fault(fault));
                        Ok(Plot {
                            setting: Setting::Everything,
                            whole: false,
                            act: *act,
                            refused: *refused,
                            trouble,
                        })
                    }
                };
                let (row, column) = (word(kind), format!("{fault:?}"));
                let name = format!("{row}/{column}/{}", word(moment));
                cells.push(Ahead { row, column, name, what, hit: Box::new(hit) });
            }
        }
    }
    Ok(cells)
}

/// Exactly this fault, once, at this operation of the target, at this moment.
fn hit(plot: &Plot, report: &Report) -> Result<Fate, String> {
    let Some(Trouble::Fault(fault)) = &plot.trouble else { return Ok(Fate::Passed) };
    match report.told.hits.as_slice() {
        [hit]
            if hit.fault == fault.id
                && Some(hit.kind) == fault.kind
                && Some(hit.moment) == fault.moment
                && Some(hit.op.run) == report.told.target =>
        {
            Ok(Fate::Passed)
        }
        [] if !report.told.started => Err(String::from("the run was not started")),
        hits => Err(format!("{hits:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_lists_every_operation() {
        assert_eq!(kinds().unwrap(), OperationKind::ALL);
    }
}
