//! Sites to which steps are owed, as they come back and go away again.

use std::sync::Arc;

use muster_plans::state::Event;

use super::{Refused, Standing, all_standings, standing_of};
use crate::app::App;

/// Notes which owed sites answer by now. What is owed is offered then, not started: the old writer
/// stays fenced until somebody says so.
///
/// # Errors
/// Where the store does not answer.
pub async fn notice_sites(app: &Arc<App>) -> Result<(), Refused> {
    for (plan, standing) in all_standings(app).await? {
        for event in changes(app, &standing) {
            let _one_at_a_time = app.starting.lock().await;
            let standing = standing_of(app, &plan).await?;
            if let Ok(next) = standing.after(&event) {
                app.store.plan_states().put(&next.change(&plan)).await?;
            }
        }
    }
    Ok(())
}

fn changes(app: &App, standing: &Standing) -> Vec<Event> {
    let landscape = app.current.get();
    let owed = standing.state.conditions.owed.iter();
    owed.filter_map(|(site, back)| match (back, landscape.answers(site)) {
        (false, true) => Some(Event::SiteReturned { site: site.clone() }),
        (true, false) => Some(Event::SiteLost { site: site.clone() }),
        (true, true) | (false, false) => None,
    })
    .collect()
}
