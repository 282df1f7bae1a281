//! ATK-13, 14 and 32: answers that do not come, or cannot be read, are never a guess.

use std::sync::Arc;

use muster_plans::time::Span;

use super::bench::{Bench, said};
use super::hand::{Aim, Hook, Line};
use super::{Finding, Stop, ensure, failed};
use crate::agent::SiteAdapter;
use crate::context::OpContext;
use crate::error::ErrorClass;
use crate::outcome::Outcome;

/// How long an operation may take at the end of a line on which no answer comes back.
const SHORT: Span = Span(500);

/// Bodies that are no answer.
const GARBAGE: [&[u8]; 5] = [b"", b"{", b"null", b"{\"done\": 7}", b"\xff\x00it is going well"];

pub(super) async fn timeout(bench: &Bench<'_>) -> Finding {
    let mut shown = Vec::new();
    for how in [Hook::Lost, Hook::AnswerLost] {
        shown.extend(at_the_backend(bench, how).await?);
    }
    shown.extend(on_the_line(bench, Line::Silent).await?);
    shown_at(&shown, &[Hook::Lost, Hook::AnswerLost, Hook::Line])
}

pub(super) async fn reset(bench: &Bench<'_>) -> Finding {
    shown_at(on_the_line(bench, Line::Reset).await?.as_slice(), &[Hook::Line])
}

pub(super) async fn garbage(bench: &Bench<'_>) -> Finding {
    let mut shown = Vec::new();
    shown.extend(at_the_backend(bench, Hook::Garble).await?);
    if !shown.is_empty() {
        bench.harm(Hook::Garble, Aim::default()).await?;
        let pet = bench.pet()?;
        let seen = bench.adapter.query(&pet.query(&bench.name("garbled"))).await;
        bench.heal().await?;
        let apt = seen.as_ref().is_err_and(|error| error.class == ErrorClass::Bug);
        ensure(apt, || format!("a query of a backend that talks nonsense is {seen:?}"))?;
        bench.see(&bench.name("garbled"), false).await?;
    }
    for bytes in GARBAGE {
        shown.extend(on_the_line(bench, Line::Garbage(bytes)).await?);
    }
    shown.dedup();
    shown_at(&shown, &[Hook::Garble, Hook::Line])
}

fn shown_at(places: &[&'static str], hooks: &[Hook]) -> Finding {
    if places.is_empty() {
        let hooks: Vec<_> = hooks.iter().map(|hook| format!("`{hook}`")).collect();
        return Err(Stop::NotApplicable(format!("needs the hook {}", hooks.join(" or "))));
    }
    let mut places = places.to_vec();
    places.dedup();
    Ok(places.join(" and "))
}

/// The agent's own answer, whatever it is, must agree with what is there.
async fn at_the_backend(bench: &Bench<'_>, how: Hook) -> Result<Option<&'static str>, Stop> {
    if bench.hand(how).is_err() {
        return Ok(None);
    }
    let pet = bench.pet()?;
    let name = bench.name(&format!("backend-{how}"));
    let (ctx, op) = (bench.ctx(), pet.make(&name));
    let aim = Aim { object: Some(op.object()), times: Some(1), delay: None };
    bench.harm(how, aim).await?;
    let answer = bench.execute(&ctx, &op).await;
    bench.heal().await?;
    let there = bench.owner(&name).await?.is_some();
    let apt = match &answer {
        Outcome::Done(_) => there,
        Outcome::Refused(_) => !there,
        Outcome::Unknown(_) => true,
    };
    ensure(apt, || {
        let what = if there { "there" } else { "not there" };
        format!(
            "the backend's answer was {how}: the agent says {}, and it is {what}",
            said(&answer)
        )
    })?;
    let ended = bench.converged(&ctx.op_id).await?;
    let done = matches!(ended, Some(Outcome::Done(_)));
    ensure(done == there, || {
        format!("the object is there: {there}; the agent says {:?}", ended.as_ref().map(said))
    })?;
    Ok(Some("at the backend"))
}

/// Every mutation at the end of such a line is unknown, every question an error.
async fn on_the_line(bench: &Bench<'_>, line: Line) -> Result<Option<&'static str>, Stop> {
    let Ok(hand) = bench.hand(Hook::Line) else { return Ok(None) };
    let pet = bench.pet()?;
    let name = bench.name(&format!("line-{}", bench.token().seq));
    let far: Arc<dyn SiteAdapter> = hand.line(line.clone()).await.map_err(failed)?;
    let ctx = OpContext { deadline: bench.now() + SHORT, ..bench.ctx() };
    let cut = |what: &str, said: String| failed(format!("{what}, over {line:?}: {said}"));
    match bench.execute_at(&*far, &ctx, &pet.make(&name)).await {
        Outcome::Unknown(_) => {}
        other => return Err(cut("an operation", said(&other))),
    }
    match far.raise_fence(&bench.domain(), crate::Token::default()).await {
        Outcome::Unknown(_) => {}
        other => return Err(cut("a fence", format!("{other:?}"))),
    }
    let never = bench.ctx().op_id;
    match far.cancel(&never).await {
        Outcome::Unknown(_) => {}
        other => return Err(cut("a cancel", format!("{other:?}"))),
    }
    match far.query(&pet.query(&name)).await {
        Err(error) if [ErrorClass::Retry, ErrorClass::Bug].contains(&error.class) => {}
        other => return Err(cut("a query", format!("{other:?}"))),
    }
    // What became of it is found out over a line that works.
    let ended = bench.converged(&ctx.op_id).await?;
    bench.see(&name, matches!(ended, Some(Outcome::Done(_)))).await?;
    Ok(Some("on the line"))
}
