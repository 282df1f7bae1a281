//! Paths of the console: patterns for the router, and links with names in them.

/// Patterns as axum writes them.
pub mod pattern {
    /// GET: overview.
    pub const OVERVIEW: &str = "/";
    /// GET: the overview's live block.
    pub const OVERVIEW_LIVE: &str = "/overview/live";
    /// GET and POST ([`crate::form::SignIn`]).
    pub const SIGN_IN: &str = "/sign-in";
    /// POST, no fields.
    pub const SIGN_OUT: &str = "/sign-out";
    /// GET: one's own account ([`crate::form::AccountQuery`]).
    pub const ACCOUNT: &str = "/account";
    /// POST ([`crate::form::ChangePassword`]).
    pub const ACCOUNT_PASSWORD: &str = "/account/password";
    /// POST ([`crate::form::EndSession`]).
    pub const ACCOUNT_END_SESSION: &str = "/account/sessions/end";
    /// POST ([`crate::form::Theme`]).
    pub const THEME: &str = "/theme";
    /// GET: sites.
    pub const SITES: &str = "/sites";
    /// GET: the sites' live block.
    pub const SITES_LIVE: &str = "/sites/live";
    /// GET: protection groups.
    pub const GROUPS: &str = "/groups";
    /// GET: one protection group ([`crate::form::GroupQuery`]).
    pub const GROUP: &str = "/groups/{name}";
    /// GET: recovery plans.
    pub const PLANS: &str = "/plans";
    /// GET: one recovery plan ([`crate::form::PlanQuery`]).
    pub const PLAN: &str = "/plans/{name}";
    /// GET ([`crate::form::StartQuery`]) and POST ([`crate::form::Start`]).
    pub const START: &str = "/plans/{name}/start";
    /// POST ([`crate::form::Reason`]): makes a recovery final.
    pub const PLAN_COMMIT: &str = "/plans/{name}/commit";
    /// Sets a plan against what its sites hold.
    pub const PLAN_REBUILD: &str = "/plans/{name}/rebuild";
    /// GET: runs ([`crate::form::RunsQuery`]).
    pub const RUNS: &str = "/runs";
    /// GET: one run ([`crate::form::RunQuery`]).
    pub const RUN: &str = "/runs/{id}";
    /// GET: the run's live block ([`crate::form::RunQuery`]).
    pub const RUN_LIVE: &str = "/runs/{id}/live";
    /// GET: server-sent events of the run.
    pub const RUN_EVENTS: &str = "/runs/{id}/events";
    /// POST ([`crate::form::Answer`]).
    pub const RUN_ANSWER: &str = "/runs/{id}/answer";
    /// POST ([`crate::form::Attest`]).
    pub const RUN_ATTEST: &str = "/runs/{id}/attest";
    /// POST ([`crate::form::Rule`]).
    pub const RUN_RULE: &str = "/runs/{id}/rule";
    /// POST ([`crate::form::Reason`]).
    pub const RUN_CANCEL: &str = "/runs/{id}/cancel";
    /// POST ([`crate::form::Reason`]).
    pub const RUN_RESUME: &str = "/runs/{id}/resume";
    /// POST ([`crate::form::Reason`]): starts a run that does what this one still owes.
    pub const RUN_OWED: &str = "/runs/{id}/owed";
    /// POST ([`crate::form::Reason`]): lets the server go on after a restore.
    pub const HOLD_RELEASE: &str = "/server/hold/release";
    /// GET: VMs ([`crate::form::InventoryQuery`]).
    pub const INVENTORY: &str = "/inventory";
    /// GET: a static file, see [`crate::asset()`].
    pub const ASSETS: &str = "/assets/{*path}";
}

/// Link to a protection group.
pub fn group(name: &str) -> String {
    format!("/groups/{}", encode(name))
}

/// Link to a recovery plan.
pub fn plan(name: &str) -> String {
    format!("/plans/{}", encode(name))
}

/// Link to a plan's page with the steps of one kind of run.
pub fn plan_steps(name: &str, kind: &str) -> String {
    format!("/plans/{}?kind={}#steps", encode(name), encode(kind))
}

/// Link to the form that starts a run.
pub fn start(name: &str, kind: &str) -> String {
    format!("/plans/{}/start?kind={}", encode(name), encode(kind))
}

/// Action of the form that starts a run.
pub fn start_action(name: &str) -> String {
    format!("/plans/{}/start", encode(name))
}

/// Action of the form that makes a recovery final.
pub fn commit_action(name: &str) -> String {
    format!("/plans/{}/commit", encode(name))
}

/// Action of the form that sets a plan against what its sites hold.
pub fn rebuild_action(name: &str) -> String {
    format!("/plans/{}/rebuild", encode(name))
}

/// Link to a run.
pub fn run(id: &str) -> String {
    format!("/runs/{}", encode(id))
}

/// A path below a run: `answer`, `attest`, `rule`, `cancel`, `resume`, `owed`, `live`, `events`.
pub fn run_action(id: &str, action: &str) -> String {
    format!("/runs/{}/{action}", encode(id))
}

/// Link to the inventory, searching for a VM by name.
pub fn vm(name: &str) -> String {
    format!("/inventory?q={}", encode(name))
}

/// Per cent encoding of everything but letters, digits and `-_.~`: fit for one path segment and
/// for one query value. Whoever builds links with queries uses it too.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_segment() {
        assert_eq!(plan("erp"), "/plans/erp");
        assert_eq!(plan("a/../b?c#d é"), "/plans/a%2F..%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(start("x&kind=test", "failover"), "/plans/x%26kind%3Dtest/start?kind=failover");
    }
}
