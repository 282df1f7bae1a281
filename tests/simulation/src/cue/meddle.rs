//! What a plot does to a server and to its calls, beside faults of the world.

use muster_contract::{ErrorClass, OpContext, OperationKind, Outcome, Receipt};
use muster_engine::Append;
use muster_plans::graph::StepIx;
use muster_plans::id::RunId;

use super::trouble::{Part, Spot, Trouble, parts};
use super::{Cue, State};

/// A new attempt has a number that no real one has.
const ANOTHER: u32 = 1000;

impl Cue {
    /// Records are going to be written, or were. `true`: the server dies here.
    pub(crate) fn dies_at_append(&self, batch: &[Append], after: bool) -> bool {
        let mut state = self.state();
        let Some(target) = state.target else { return false };
        let ours = batch.iter().filter(|append| append.run == target);
        let spots = ours.flat_map(parts).map(|(step, part)| Spot { step, part, after });
        self.passes(&mut state, spots.collect())
    }

    /// An operation is going to be sent, or its answer has come. `true`: the server dies here.
    pub(crate) fn dies_at_call(&self, ctx: &OpContext, after: bool) -> bool {
        let mut state = self.state();
        if state.target != Some(ctx.op_id.run) || ctx.op_id.undo {
            return false;
        }
        let spot = Spot { step: Some(ctx.op_id.step), part: Part::Call, after };
        self.passes(&mut state, vec![spot])
    }

    fn passes(&self, state: &mut State, spots: Vec<Spot>) -> bool {
        if spots.is_empty() {
            return false;
        }
        state.told.spots.extend(spots.iter().copied());
        let ends = spots.iter().filter(|spot| spot.part == Part::End && spot.after);
        state.told.done.extend(ends.filter_map(|spot| spot.step));
        let Some(Trouble::Crash { spot, again }) = self.plot.trouble else { return false };
        let dies = match (state.told.deaths, again) {
            (0, _) => spots.contains(&spot),
            (1, Some(again)) => state.told.visits == again,
            _ => false,
        };
        state.told.visits += u64::from(state.told.deaths > 0);
        state.told.deaths += u32::from(dies);
        dies
    }

    /// What is answered instead of doing it.
    pub(crate) fn refuses(&self, ctx: &OpContext) -> Option<Outcome<Receipt>> {
        let mut state = self.state();
        let Some(Trouble::Refuse(step)) = self.plot.trouble else { return None };
        let its = state.target == Some(ctx.op_id.run) && ctx.op_id.step == step;
        if !its || ctx.op_id.undo || state.over {
            return None;
        }
        state.told.refusals += 1;
        Some(Outcome::refused(ErrorClass::Precondition, "refused by the plot"))
    }

    /// A person is asked by a step that is to be refused.
    pub(crate) fn says_no(&self, run: RunId, step: StepIx) -> bool {
        let mut state = self.state();
        let wanted = matches!(self.plot.trouble, Some(Trouble::Refuse(no)) if no == step);
        let no = wanted && state.target == Some(run) && !state.over;
        state.told.refusals += u32::from(no);
        no
    }

    /// A step is under way at which a person cancels its run.
    pub(crate) fn says_stop(&self, run: RunId) -> bool {
        let mut state = self.state();
        let Some(Trouble::Cancel(step)) = self.plot.trouble else { return false };
        let begun = Spot { step: Some(step), part: Part::Intent, after: true };
        let its = state.target == Some(run) && state.told.spots.contains(&begun);
        let stop = its && !state.over && state.told.refusals == 0;
        state.told.refusals += u32::from(stop);
        stop
    }

    /// The target has come to an end once: from here on nothing is refused.
    pub(crate) fn target_ended(&self) {
        self.state().over = true;
    }

    /// A second delivery, and a new attempt, of something that was done; `None`: once is enough.
    pub(crate) fn doubles(&self, ctx: &OpContext) -> Option<[OpContext; 2]> {
        let state = self.state();
        let id = ctx.op_id;
        if state.target != Some(id.run) {
            return None;
        }
        let wanted = match self.plot.trouble {
            Some(Trouble::Double(step)) => id.step == step && !id.undo,
            Some(Trouble::Refuse(_) | Trouble::Cancel(_)) => id.undo,
            _ => false,
        };
        let mut another = ctx.clone();
        another.op_id.attempt += ANOTHER;
        another.token.seq += 1;
        wanted.then(|| [ctx.clone(), another])
    }

    /// How a second time went.
    pub(crate) fn doubled(
        &self,
        first: &OpContext,
        kind: OperationKind,
        answers: &[Outcome<Receipt>; 2],
    ) {
        let mut state = self.state();
        let id = first.op_id;
        let steps = if id.undo { &mut state.told.twice.1 } else { &mut state.told.twice.0 };
        steps.insert(id.step);
        let [same, another] = answers;
        let harmless = match another {
            // There is always more to send: doing it again is what it is for.
            Outcome::Done(receipt) => receipt.already || kind == OperationKind::Sync,
            Outcome::Refused(_) => true,
            Outcome::Unknown(_) => false,
        };
        if !matches!(same, Outcome::Done(_)) || !harmless {
            state.told.harm.push(format!("{id}: {same:?}, then {another:?}"));
        }
    }
}
