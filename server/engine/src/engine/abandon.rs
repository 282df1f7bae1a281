//! Giving up a run for good.

use std::sync::Arc;

use muster_plans::graph::Graph;
use muster_plans::id::RunId;

use super::{Engine, StartError};
use crate::event::{By, Ending, Event};
use crate::executor::Held;
use crate::ports::Append;
use crate::state::Course;

impl Engine {
    /// A person gives up a run that is not executed, as it stands: after this it is over, and whoever
    /// executed it elsewhere can write nothing more to its journal. The caller has made sure before that
    /// nothing of it can have an effect any more ([`muster_contract::FencingAdapter::raise_fence`]).
    /// Doing it twice does it once.
    ///
    /// # Errors
    /// [`StartError::Empty`] where it was never opened; [`StartError::Over`] where it came to another
    /// end; [`StartError::Held`] while another server has it.
    pub async fn abandon(
        &self,
        run: RunId,
        graph: &Arc<Graph>,
        by: By,
        reason: String,
    ) -> Result<(), StartError> {
        let held = self.take(run).await?;
        let written = self.write_off(&held, graph, by, reason).await;
        held.release().await;
        written
    }

    async fn write_off(
        &self,
        held: &Held,
        graph: &Arc<Graph>,
        by: By,
        reason: String,
    ) -> Result<(), StartError> {
        let mut state = self.replay(held.run(), graph).await?;
        match state.course() {
            Course::Ended(Ending::Abandoned) => return Ok(()),
            Course::Ended(Ending::Halted) | Course::Forward => {}
            Course::Unwinding | Course::Halting => {}
            Course::Ended(ending) => return Err(StartError::Over(ending)),
        }
        let mut records = Vec::new();
        for event in [Event::TakenOver, Event::Abandoned { by, reason }] {
            let record = self.record(&state, &held.fence, event);
            state.apply(&record)?;
            records.push(record);
        }
        let (run, fence) = (held.run(), held.fence.clone());
        self.0.core.writer.append(Append { run, fence, records }).await?;
        Ok(())
    }
}
