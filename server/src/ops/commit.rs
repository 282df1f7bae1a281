//! A recovery becomes final: nobody can go back after it.
//!
//! A plan whose window is open stands in `commit-held`. Somebody ends the window, or time does; the
//! plan's state changes and nothing is done at any site.

use std::sync::Arc;

use muster_plans::id::PlanName;
use muster_plans::state::{Event, Phase};

use super::compile::no_plan;
use super::{Asker, Refused, Standing, all_standings, not_on_hold, standing_of};
use crate::app::App;

/// Makes a recovery final now.
///
/// # Errors
/// Where there is none that is not final already.
pub async fn commit(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    reason: Option<&str>,
) -> Result<(), Refused> {
    not_on_hold(app)?;
    if !app.current.get().config.plans.contains_key(plan) {
        return Err(no_plan(plan));
    }
    let _one_at_a_time = app.starting.lock().await;
    let standing = standing_of(app, plan).await?;
    make_final(app, asker, plan, &standing, reason).await
}

/// Makes those recoveries final whose window has passed.
///
/// # Errors
/// Where the store does not answer.
pub async fn commit_due(app: &Arc<App>) -> Result<(), Refused> {
    for (plan, standing) in all_standings(app).await? {
        if !is_due(app, &standing) {
            continue;
        }
        let _one_at_a_time = app.starting.lock().await;
        let standing = standing_of(app, &plan).await?;
        if is_due(app, &standing) {
            let server = Asker::server("muster");
            make_final(app, &server, &plan, &standing, Some("the commit window has passed"))
                .await?;
        }
    }
    Ok(())
}

fn is_due(app: &App, standing: &Standing) -> bool {
    standing.state.phase == Phase::CommitHeld
        && standing.commit_at.is_some_and(|at| at <= app.now())
}

/// The caller holds `app.starting`.
async fn make_final(
    app: &App,
    asker: &Asker,
    plan: &PlanName,
    standing: &Standing,
    reason: Option<&str>,
) -> Result<(), Refused> {
    let next = Standing { commit_at: None, ..standing.after(&Event::Committed)? };
    let detail = serde_json::json!({"reason": reason, "windowUntil": standing.commit_at});
    let entry = asker.audit(app.now(), "plan.commit", format!("plan/{plan}"), detail);
    app.store.plan_states().put_audited(&next.change(plan), vec![entry]).await?;
    tracing::info!(plan.name = %plan, user.name = %asker.by, "the recovery is final");
    Ok(())
}
