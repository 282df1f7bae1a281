//! Approvals: a failover that several persons must agree to.
//!
//! What is approved is one graph, by its digest. Whoever starts it is none of those who approve, and
//! an approval starts one run.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_plans::compile;
use muster_plans::document::PlanSpec;
use muster_plans::id::PlanName;
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};
use muster_store::{Approval, UseApproval};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::insist::as_expected;
use super::proof::out_of_reach;
use super::start::{not_refused, spec_of, wanted_by};
use super::{Asker, Refused, compile_now, not_on_hold, standing_of};
use crate::api::dto::{ApprovalDto, ApproveRequest, GivenDto, StartRun, instant};
use crate::app::App;
use crate::auth::{Privilege, Role};
use crate::http::Code;
use crate::ids;
use crate::landscape::Landscape;
use crate::tasks::inventory;

/// What nobody has started after this long must be approved again.
const LASTS: Span = Span::mins(8 * 60);
/// Approvals that a list shows.
const SHOWN: u64 = 200;

/// What is kept with an approval.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    wish: StartRun,
    by: String,
    expires_at: Time,
    given: Vec<Given>,
}

/// A person agrees.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Given {
    by: String,
    at: Time,
    reason: Option<String>,
}

/// What lets a start pass.
#[derive(Debug, Default)]
pub(super) struct Approved {
    /// Who agreed.
    pub(super) by: Vec<String>,
    /// The approval, which the run uses up.
    pub(super) used: Option<UseApproval>,
}

/// How many persons a plan asks for.
fn needed(spec: &PlanSpec) -> usize {
    spec.on.failover.as_ref().map_or(0, |options| usize::from(options.approvals))
}

/// Whether enough persons other than the starter have approved exactly this graph. Doing what an
/// approved failover owes is a part of what was approved, and does not come here.
pub(super) async fn approved(
    app: &App,
    asker: &Asker,
    plan: &PlanName,
    spec: &PlanSpec,
    digest: &str,
) -> Result<Approved, Refused> {
    let needed = needed(spec);
    if needed == 0 {
        return Ok(Approved::default());
    }
    let mut most: Vec<String> = Vec::new();
    for stored in app.store.approvals().of_graph(plan, digest).await? {
        let asked = read(&stored)?;
        if asked.expires_at <= app.now() {
            continue;
        }
        let by = others(app, &asked, &asker.by).await?;
        if by.len() >= needed {
            let used = Some(UseApproval { id: stored.id, version: stored.version });
            return Ok(Approved { by, used });
        }
        if by.len() > most.len() {
            most = by;
        }
    }
    Err(missing(plan, digest, needed, &most, &asker.by))
}

/// Persons other than the starter who agreed, and who might still do so today.
async fn others(app: &App, asked: &Asked, starter: &str) -> Result<Vec<String>, Refused> {
    let names: BTreeSet<&str> = asked.given.iter().map(|given| given.by.as_str()).collect();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| *name != starter) {
        let user = app.store.users().get(name).await?;
        let may = |roles: &[String]| Role::together(roles).has(Privilege::RunApprove);
        if user.is_some_and(|user| !user.disabled && may(&user.roles)) {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

fn missing(plan: &PlanName, digest: &str, needed: usize, has: &[String], starter: &str) -> Refused {
    let by = if has.is_empty() { String::new() } else { format!(" ({})", has.join(", ")) };
    Refused::new(
        Code::ApprovalsMissing,
        format!(
            "plan `{plan}` takes {needed} approvals of persons other than `{starter}`; graph \
             {digest} has {}{by}",
            has.len()
        ),
        format!(
            "ask for them: muster run request {plan} --kind failover; each person then says muster \
             run approve ID; another graph needs other approvals"
        ),
    )
}

/// Asks for the approval of what a start would do now.
///
/// # Errors
/// Where the plan needs none, or could not be started now.
pub async fn request_approval(
    app: &Arc<App>,
    asker: &Asker,
    wish: &StartRun,
) -> Result<ApprovalDto, Refused> {
    not_on_hold(app)?;
    let plan = PlanName::from(wish.plan.as_str());
    inventory::round(app).await;
    let landscape = app.current.get();
    let spec = spec_of(&landscape, &plan)?;
    let digest = digest_of(app, &landscape, &plan, spec, wish).await?;
    as_expected(wish, &digest)?;
    let now = app.now();
    let asked = Asked {
        wish: wish.clone(),
        by: asker.by.clone(),
        expires_at: now + LASTS,
        given: Vec::new(),
    };
    let new = Approval {
        id: ids::chain_id(),
        plan: plan.clone(),
        digest,
        created_at: now,
        json: written(&asked),
        run: None,
        version: 1,
    };
    let detail = serde_json::json!({"approval": new.id, "graphDigest": new.digest});
    let entry = asker.audit(now, "run.approval.request", format!("plan/{plan}"), detail);
    app.store.approvals().create(&new, vec![entry]).await?;
    Ok(dto(app, &landscape, &new, asked))
}

async fn digest_of(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    spec: &PlanSpec,
    wish: &StartRun,
) -> Result<String, Refused> {
    let standing = standing_of(app, plan).await?;
    let kind = wish.kind.run_kind();
    if kind != RunKind::Failover || standing.state.owes() || needed(spec) == 0 {
        return Err(Refused::new(
            Code::NotAllowedNow,
            format!("a {kind} of plan `{plan}` needs no approval now"),
            "start it; only failovers of plans with `approvals` need some",
        ));
    }
    not_refused(&standing, plan, kind, false)?;
    let forced = wish.forced || out_of_reach(app, landscape, plan, &standing).await;
    let wanted = wanted_by(landscape, wish, forced)?;
    let graph = compile_now(app, landscape, plan, &standing, &wanted).await?.graph;
    Ok(compile::digest(&graph))
}

/// A person agrees to exactly what they have read.
///
/// # Errors
/// Where it is another graph, used up or too old, or where the person asked for it themselves.
pub async fn approve(
    app: &App,
    asker: &Asker,
    id: Uuid,
    request: &ApproveRequest,
) -> Result<ApprovalDto, Refused> {
    not_on_hold(app)?;
    let stored = find(app, id).await?;
    let mut asked = read(&stored)?;
    let now = app.now();
    still_open(&stored, &asked, now)?;
    if request.digest != stored.digest {
        return Err(Refused::new(
            Code::DigestDiffers,
            format!("{} is to be approved, not {}", stored.digest, request.digest),
            "read what is to be approved again; nothing was approved",
        ));
    }
    if asked.by == asker.by {
        return Err(Refused::new(
            Code::NotAllowed,
            format!("`{}` has asked for this approval and cannot give it", asker.by),
            "another person approves it",
        ));
    }
    let landscape = app.current.get();
    if asked.given.iter().any(|given| given.by == asker.by) {
        return Ok(dto(app, &landscape, &stored, asked));
    }
    asked.given.push(Given { by: asker.by.clone(), at: now, reason: request.reason.clone() });
    let next = Approval { json: written(&asked), ..stored };
    let detail = serde_json::json!({
        "approval": id, "graphDigest": next.digest, "reason": request.reason,
    });
    let object = format!("plan/{}", next.plan);
    let entry = asker.audit(now, "run.approval.give", object, detail);
    app.store.approvals().change(&next, vec![entry]).await?;
    Ok(dto(app, &landscape, &next, asked))
}

fn still_open(stored: &Approval, asked: &Asked, now: Time) -> Result<(), Refused> {
    let why = match stored.run {
        Some(run) => format!("run {run} was started by this approval already"),
        None if asked.expires_at <= now => "the approval was not used in time".to_owned(),
        None => return Ok(()),
    };
    Err(Refused::new(Code::NotAllowedNow, why, "ask for a new one: muster run request"))
}

async fn find(app: &App, id: Uuid) -> Result<Approval, Refused> {
    app.store.approvals().get(id).await?.ok_or_else(|| {
        Refused::new(
            Code::NotFound,
            format!("there is no approval {id}"),
            "look at the list: muster run approvals",
        )
    })
}

/// What was asked for, newest first.
///
/// # Errors
/// Where the store does not answer.
pub async fn approvals(app: &App, plan: Option<&PlanName>) -> Result<Vec<ApprovalDto>, Refused> {
    let landscape = app.current.get();
    let stored = app.store.approvals().list(plan, SHOWN).await?;
    stored.iter().map(|stored| Ok(dto(app, &landscape, stored, read(stored)?))).collect()
}

fn read(stored: &Approval) -> Result<Asked, Refused> {
    serde_json::from_str(&stored.json).map_err(|error| {
        Refused::new(
            Code::StoreUnavailable,
            format!("approval {} cannot be read: {error}", stored.id),
            "this database was written by another version; look at the changelog",
        )
    })
}

fn written(asked: &Asked) -> String {
    serde_json::to_string(asked).unwrap_or_default()
}

fn dto(app: &App, landscape: &Landscape, stored: &Approval, asked: Asked) -> ApprovalDto {
    let needed = landscape.config.plans.get(&stored.plan).map_or(0, |plan| needed(&plan.spec));
    let state = match stored.run {
        Some(_) => "used",
        None if asked.expires_at <= app.now() => "expired",
        None if asked.given.len() >= needed => "approved",
        None => "open",
    };
    let given = asked.given.into_iter();
    ApprovalDto {
        id: stored.id.to_string(),
        plan: stored.plan.to_string(),
        digest: stored.digest.clone(),
        state: state.to_owned(),
        requested_by: asked.by,
        requested_at: instant(stored.created_at),
        expires_at: instant(asked.expires_at),
        needed,
        given: given
            .map(|given| GivenDto { by: given.by, at: instant(given.at), reason: given.reason })
            .collect(),
        run: stored.run.map(|run| run.to_string()),
        start: asked.wish,
    }
}
