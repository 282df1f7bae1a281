//! The newest journal records of a run, in words.

use muster_engine::{Answer, Ending, Event, Journal, Record, Verdict};
use muster_plans::graph::Graph;
use muster_plans::graph::render::step_title;
use muster_plans::id::RunId;
use muster_web::page::LogLine;
use muster_web::part::When;
use muster_web::state::Level;

use crate::app::App;
use crate::http::{Code, Problem};

/// Lines that are shown.
const LINES: u64 = 50;

/// The newest lines first; `records`: how many there are.
pub(super) async fn newest(
    app: &App,
    run: RunId,
    graph: &Graph,
    records: u64,
) -> Result<Vec<LogLine>, Problem> {
    let from = records.saturating_sub(LINES);
    let read = app.store.read(run, from).await.map_err(|error| {
        tracing::error!(run.id = %run, %error, "a journal cannot be read");
        Problem::new(Code::StoreUnavailable, "the journal cannot be read")
    })?;
    let now = app.now().0;
    // More may have been written since the state was looked at; the page shows one moment.
    let shown = read.iter().filter(|record| record.seq < records);
    let mut lines: Vec<LogLine> = shown.map(|record| line(graph, record, now)).collect();
    lines.reverse();
    Ok(lines)
}

fn line(graph: &Graph, record: &Record, now: i64) -> LogLine {
    let (level, text) = words(graph, &record.event);
    LogLine {
        seq: record.seq,
        at: When::new(record.at.0, now),
        by: by(&record.event).unwrap_or("muster").to_owned(),
        level,
        text,
    }
}

fn by(event: &Event) -> Option<&str> {
    match event {
        Event::Opened(opening) => Some(&opening.by.0),
        Event::Answered { by, .. }
        | Event::Ruled { by, .. }
        | Event::CancelRequested { by, .. }
        | Event::Resumed { by, .. }
        | Event::Abandoned { by, .. } => Some(&by.0),
        _ => None,
    }
}

fn words(graph: &Graph, event: &Event) -> (Level, String) {
    let step = |ix: u32, undo: bool| match undo {
        true => format!("Undo of: {}", step_title(graph, ix)),
        false => step_title(graph, ix),
    };
    match event {
        Event::Opened(opening) => (Level::Note, reason("Started", opening.reason.as_deref())),
        Event::TakenOver => (Level::Warning, "Another server goes on with it".to_owned()),
        Event::Intent { step: ix, attempt, undo } => {
            let again =
                if *attempt > 0 { format!(", attempt {}", attempt + 1) } else { String::new() };
            (Level::Note, format!("{}: begun{again}", step(*ix, *undo)))
        }
        Event::Withdrawn { step: ix } => (Level::Note, format!("{}: not begun", step(*ix, false))),
        Event::Done { step: ix, undo, receipt } => {
            let how = if receipt.already { "was so already" } else { "done" };
            let note = receipt.note.as_deref();
            (Level::Passed, reason(&format!("{}: {how}", step(*ix, *undo)), note))
        }
        Event::Refused { step: ix, undo, reason, last } => {
            let level = if *last { Level::Error } else { Level::Warning };
            (level, format!("{}: {}", step(*ix, *undo), reason.message))
        }
        Event::Unknown { step: ix, undo, hint } => {
            (Level::Unknown, format!("{}: nobody knows: {}", step(*ix, *undo), hint.message))
        }
        Event::GivenUp { step: ix, hint } => {
            (Level::Warning, format!("{}: given up: {}", step(*ix, false), hint.message))
        }
        Event::Answered { step: ix, answer, reason: why, .. } => {
            let said = match answer {
                Answer::Continue => "go on",
                Answer::Abort => "give up",
            };
            (Level::Note, reason(&format!("{}: {said}", step(*ix, false)), why.as_deref()))
        }
        Event::Ruled { step: ix, verdict, reason: why, .. } => {
            let said = match verdict {
                Verdict::Done => "it is done",
                Verdict::Skip => "not needed",
                Verdict::Retry => "try again",
                Verdict::Fail => "it failed",
            };
            (Level::Note, reason(&format!("{}: {said}", step(*ix, false)), Some(why)))
        }
        Event::EvidenceSeen(evidence) => {
            let text =
                format!("Evidence that {} cannot write: {}", evidence.against, evidence.source);
            (Level::Note, text)
        }
        Event::CancelRequested { reason: why, .. } => {
            (Level::Warning, reason("Cancel asked for", why.as_deref()))
        }
        Event::Unwinding(_) => (Level::Warning, "What was done is undone from now on".to_owned()),
        Event::Halting(_) => (Level::Warning, "Nothing more is started from now on".to_owned()),
        Event::Resumed { reason: why, .. } => (Level::Note, reason("Resumed", why.as_deref())),
        Event::Abandoned { reason: why, .. } => (Level::Error, reason("Given up", Some(why))),
        Event::Ended(ending) => ended(*ending),
    }
}

fn ended(ending: Ending) -> (Level, String) {
    let (level, text) = match ending {
        Ending::Succeeded => (Level::Passed, "It succeeded"),
        Ending::SucceededWithWarnings => (Level::Warning, "It succeeded, with warnings"),
        Ending::Halted => (Level::Error, "It halted"),
        Ending::Undone => (Level::Warning, "Everything was undone"),
        Ending::Abandoned => (Level::Error, "It was given up"),
    };
    (level, text.to_owned())
}

fn reason(text: &str, why: Option<&str>) -> String {
    match why.filter(|why| !why.is_empty()) {
        Some(why) => format!("{text}: {why}"),
        None => text.to_owned(),
    }
}
