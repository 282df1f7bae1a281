//! What people say to a run.

use std::sync::Arc;

use muster_engine::{Answer, By, Ending, Verdict};
use muster_plans::id::{RunId, SiteName};
use muster_plans::state::Event;

use super::evidence::attestation;
use super::{Asker, Refused, fences, load, not_on_hold, standing_of};
use crate::api::dto::{
    AnswerRequest, AttestRequest, CancelRequest, ResumeRequest, RuleRequest, StartKind, StartRun,
};
use crate::app::App;
use crate::http::Code;

/// Nothing is said to a run while the server holds. A server that has just started may not have come
/// round to a run that was left behind: it is taken up first, so that nobody is told that their run is
/// not there.
async fn reach(app: &Arc<App>, run: RunId) -> Result<(), Refused> {
    not_on_hold(app)?;
    if app.engine.view(run).is_none() {
        crate::tasks::runs::adopt(app).await;
    }
    Ok(())
}

/// Answers a prompt.
///
/// # Errors
/// Where the run does not wait for it.
pub async fn answer(
    app: &Arc<App>,
    asker: &Asker,
    run: RunId,
    request: &AnswerRequest,
) -> Result<(), Refused> {
    reach(app, run).await?;
    let answer = if request.go_on { Answer::Continue } else { Answer::Abort };
    app.engine
        .answer(run, request.step, By(asker.by.clone()), answer, request.reason.clone())
        .await
        .map_err(|error| not_now(run, error))
}

/// Says what became of a step.
///
/// # Errors
/// Where the verdict is none, or the step is not in question.
pub async fn rule(
    app: &Arc<App>,
    asker: &Asker,
    run: RunId,
    request: &RuleRequest,
) -> Result<(), Refused> {
    reach(app, run).await?;
    let verdict = match request.verdict.as_str() {
        "done" => Verdict::Done,
        "skip" => Verdict::Skip,
        "retry" => Verdict::Retry,
        "fail" => Verdict::Fail,
        other => {
            return Err(Refused::new(
                Code::BadValue,
                format!("`{other}` is no verdict"),
                "say done, skip, retry or fail",
            ));
        }
    };
    needs_reason(&request.reason)?;
    app.engine
        .rule(run, request.step, By(asker.by.clone()), verdict, request.reason.clone())
        .await
        .map_err(|error| not_now(run, error))?;
    let detail = serde_json::json!({"step": request.step, "verdict": request.verdict, "reason": request.reason});
    app.store
        .audit()
        .append(vec![asker.audit(app.now(), "run.rule", format!("run/{run}"), detail)])
        .await?;
    Ok(())
}

/// Gives a named person's word to a gate.
///
/// # Errors
/// Where the run does not wait for it, or no reason is given.
pub async fn attest(
    app: &Arc<App>,
    asker: &Asker,
    run: RunId,
    request: &AttestRequest,
) -> Result<(), Refused> {
    reach(app, run).await?;
    needs_reason(&request.reason)?;
    let site = SiteName::from(request.site.as_str());
    let evidence = attestation(app, &site, &asker.by, &request.reason);
    app.engine.attest(run, evidence).await.map_err(|error| not_now(run, error))?;
    let detail = serde_json::json!({"site": request.site, "reason": request.reason});
    app.store
        .audit()
        .append(vec![asker.audit(app.now(), "run.attest", format!("run/{run}"), detail)])
        .await?;
    Ok(())
}

/// Asks a run to stop.
///
/// # Errors
/// Where it has ended.
pub async fn cancel(
    app: &Arc<App>,
    asker: &Asker,
    run: RunId,
    request: &CancelRequest,
) -> Result<(), Refused> {
    reach(app, run).await?;
    app.engine
        .cancel(run, By(asker.by.clone()), request.reason.clone())
        .await
        .map_err(|error| not_now(run, error))
}

/// Lets a halted run go on; after a failover that owes steps, starts what is owed. Answers with the
/// run that goes on.
///
/// # Errors
/// Where neither is the case.
pub async fn resume(
    app: &Arc<App>,
    asker: &Asker,
    id: RunId,
    request: &ResumeRequest,
) -> Result<RunId, Refused> {
    not_on_hold(app)?;
    let (run, graph) = load::row(app, id).await?;
    let standing = standing_of(app, &run.plan).await?;
    if run.ending != Some(Ending::Halted) {
        if standing.failover == Some(id) && standing.state.owes() {
            return owed(app, asker, run.plan.as_str(), request).await;
        }
        return Err(Refused::new(
            Code::NotAllowedNow,
            format!("run {id} has not halted and owes nothing"),
            "only a halted run can be resumed, or a failover that owes steps to a site",
        ));
    }
    let _one_at_a_time = app.starting.lock().await;
    let mut next = standing.after(&Event::RunResumed)?;
    fences::still_may_lift(app, &run.plan, &graph).await?;
    fences::not_crossed(app, &run.plan, &graph).await?;
    next.active = Some(id);
    let detail = serde_json::json!({"run": id.to_string(), "reason": request.reason});
    let audit = asker.audit(app.now(), "run.resume", format!("plan/{}", run.plan), detail);
    let change = next.change(&run.plan);
    app.store.runs().reopen(id, "running", Some(change), vec![audit]).await?;
    app.engine
        .resume_halted(id, graph, By(asker.by.clone()), request.reason.clone())
        .await
        .map_err(|error| not_now(id, error))?;
    crate::tasks::runs::watch(app, id);
    Ok(id)
}

async fn owed(
    app: &Arc<App>,
    asker: &Asker,
    plan: &str,
    request: &ResumeRequest,
) -> Result<RunId, Refused> {
    let wish =
        StartRun { reason: request.reason.clone(), ..StartRun::of(plan, StartKind::Failover) };
    Ok(super::start(app, asker, &wish).await?.id)
}

pub(super) fn needs_reason(reason: &str) -> Result<(), Refused> {
    if reason.trim().is_empty() {
        return Err(Refused::new(
            Code::ReasonNeeded,
            "this needs a reason",
            "say how you know; it stands in the journal beside your name",
        ));
    }
    Ok(())
}

fn not_now(run: RunId, error: impl std::fmt::Display) -> Refused {
    Refused::new(
        Code::NotAllowedNow,
        format!("run {run}: {error}"),
        format!("look at what it waits for: muster run show {run}"),
    )
}
