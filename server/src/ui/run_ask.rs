//! What a run asks of people.

use muster_engine::RunState;
use muster_plans::graph::render::step_title;
use muster_plans::graph::{Action, GateKind};
use muster_store::Run;
use muster_web::page::{Ask, AskHead, Ruling};
use muster_web::part::When;

use super::{MINUTES, words};
use crate::api::dto::{RunDto, WaitingDto};
use crate::auth::Privilege;
use crate::http::Who;
use crate::view::word;

/// Questions that are shown at most; the next ones follow when these are answered.
const MOST: usize = 20;

/// What waits for a person, oldest first.
pub(super) fn asks(state: &RunState, who: &Who, row: &Run, dto: &RunDto, now: i64) -> Vec<Ask> {
    let mut asks: Vec<Ask> =
        dto.waiting.iter().take(MOST).map(|waiting| ask(state, who, row, waiting, now)).collect();
    asks.sort_by_key(|ask| ask.head().since.at_ms);
    asks
}

fn ask(state: &RunState, who: &Who, row: &Run, waiting: &WaitingDto, now: i64) -> Ask {
    let graph = state.graph();
    let gate = match graph.step(waiting.step).action {
        Action::Gate(GateKind::EvidenceAgainst(site)) => Some(graph.site(site)),
        _ => None,
    };
    let privilege = match (waiting.kind.as_str(), gate) {
        ("prompt", _) => Privilege::RunAnswer,
        (_, Some(_)) => Privilege::RunAttest,
        _ => Privilege::RunRule,
    };
    let may = who.principal.may_steer(privilege, row.kind);
    let since = state.step_started_at(waiting.step).unwrap_or_else(|| state.started_at());
    let head = AskHead {
        step: waiting.step,
        title: step_title(graph, waiting.step),
        text: waiting.text.clone(),
        since: When::new(since.0, now),
        blocks: words::number(graph.edges.from(waiting.step).count()),
        refused: (!may).then(|| format!("It takes {privilege}.")),
    };
    let opening = state.opening();
    match (waiting.kind.as_str(), gate) {
        ("prompt", _) => Ask::Prompt { head, role: waiting.role.clone().unwrap_or_default() },
        (_, Some(site)) => Ask::Gate {
            head,
            site: site.to_string(),
            accepts: opening.map(|o| o.accepts.iter().map(word).collect()).unwrap_or_default(),
            seen: opening
                .map(|o| o.evidence.iter().filter(|e| e.against == *site))
                .map(|seen| seen.map(|evidence| evidence.source.to_string()).collect())
                .unwrap_or_default(),
            minutes: MINUTES,
        },
        _ => Ask::Step {
            head,
            rulings: vec![Ruling::Done, Ruling::Retry, Ruling::Skip, Ruling::Fail],
        },
    }
}
