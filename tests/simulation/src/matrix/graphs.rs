//! The compiled graphs of all examples, one for each workflow.

use std::sync::Arc;

use clap::ValueEnum;
use muster_contract::OperationKind;
use muster_plans::graph::{Graph, StepIx};

use super::{Ahead, Ask, Fate, options, spread};
use crate::cue::{Act, Plot, Told};
use crate::example::Setting;
use crate::play::{Report, play};

/// A graph, and what happens when nothing goes wrong.
pub(super) struct Played {
    pub(super) setting: Setting,
    pub(super) act: Act,
    pub(super) graph: Arc<Graph>,
    pub(super) told: Told,
    /// The same, where every live migration is refused: VMs are restarted then.
    pub(super) restarted: Told,
}

impl Played {
    /// What has to be refused so that the run comes by a step.
    pub(super) fn refused_for(&self, step: StepIx) -> Option<OperationKind> {
        let comes_by = |told: &Told| told.spots.iter().any(|spot| spot.step == Some(step));
        let only_restarted = !comes_by(&self.told) && comes_by(&self.restarted);
        only_restarted.then_some(OperationKind::Migrate)
    }
}

/// An example without a workflow, and why.
type Without = (Setting, Act, &'static str);

/// Everything that is compiled from the examples, as far as `only` may name it.
pub(super) fn all(ask: &Ask<'_>) -> anyhow::Result<(Vec<Played>, Vec<Without>)> {
    let acts = Act::ALL.into_iter().filter(|act| *act != Act::Split);
    let acts: Vec<Act> = acts.collect();
    let pairs = Setting::EXAMPLES.into_iter().flat_map(|s| acts.iter().map(move |act| (s, *act)));
    let wanted = |setting: Setting, act: Act| {
        ask.only.is_none_or(|only| {
            let row = row(setting, act);
            row.starts_with(only) || only.starts_with(&row)
        })
    };
    let (mut some, mut none) = (Vec::new(), Vec::new());
    for (setting, act) in pairs.filter(|(setting, act)| wanted(*setting, *act)) {
        match setting.never_plays(act) {
            Some(reason) => none.push((setting, act, reason)),
            None => some.push((setting, act)),
        }
    }
    let played = spread(&some, ask.jobs, |(setting, act)| {
        let (setting, act) = (*setting, *act);
        let play = |refused| {
            let plot = Plot { setting, whole: ask.whole, act, refused, trouble: None };
            let report = play(ask.seed, &options(plot, true))?;
            anyhow::ensure!(report.broken.is_none(), "{setting:?} {act:?}: {:?}", report.broken);
            anyhow::Ok(report)
        };
        let report = play(None)?;
        let told = report.told;
        let graph = told.graph.clone();
        let story = || report.story.join("\n");
        let graph =
            graph.ok_or_else(|| anyhow::anyhow!("{}\n{setting:?} never does {act:?}", story()))?;
        let restarted = play(Some(OperationKind::Migrate))?.told;
        Ok(Played { setting, act, graph, told, restarted })
    })?;
    Ok((played, none))
}

/// The row of an example's workflow.
pub(super) fn row(setting: Setting, act: Act) -> String {
    fn word<T: ValueEnum>(of: T) -> String {
        of.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
    format!("{}.{}", word(setting), word(act))
}

/// The cell of a workflow that an example does not have.
pub(super) fn without((setting, act, reason): Without) -> Ahead {
    let row = row(setting, act);
    Ahead {
        column: String::from("-"),
        name: row.clone(),
        row,
        what: Err(Fate::NotApplicable(reason)),
        hit: Box::new(|_: &Plot, _: &Report| Ok(Fate::Passed)),
    }
}
