//! Fields of the console's forms and queries. Templates and handlers agree on them here, and a test
//! holds the rendered forms to them.
//!
//! Every POST form also carries `csrf` where [`crate::Chrome::csrf`] is set; it is a field of the
//! request's guard and stands in none of these. Browsers send checked boxes as `on` and leave
//! unchecked ones out; [`checked`] reads that. Fields that a page may leave out have a default.

use serde::{Deserialize, Deserializer};

/// POST `/sign-in`.
#[derive(Clone, Default, Deserialize)]
pub struct SignIn {
    /// User name.
    pub user: String,
    /// Password. This type has no `Debug`, so that none is logged by accident.
    pub password: String,
    /// Path to go to afterwards. Only follow it when it starts with one `/` and not with `//`.
    #[serde(default)]
    pub next: String,
}

/// GET `/account`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountQuery {
    /// Path to go to after a password was chosen; the same caution as with [`SignIn::next`].
    pub next: String,
    /// What was done last: `password` or `session`; empty: nothing.
    pub done: String,
}

/// POST `/account/password`. This type has no `Debug`, so that no password is logged by accident.
#[derive(Clone, Default, Deserialize)]
pub struct ChangePassword {
    /// The password that counts now.
    pub old: String,
    /// The new one.
    pub new: String,
    /// The new one, typed again.
    pub again: String,
    /// Path to go to afterwards; the same caution as with [`SignIn::next`].
    #[serde(default)]
    pub next: String,
}

/// POST `/account/sessions/end`.
#[derive(Clone, Debug, Deserialize)]
pub struct EndSession {
    /// Which one.
    pub id: String,
}

/// POST `/theme`: set the cookie `theme` and go back.
#[derive(Clone, Debug, Deserialize)]
pub struct Theme {
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Path to go back to; the same caution as with [`SignIn::next`].
    #[serde(default)]
    pub back: String,
}

/// GET `/plans/{name}/start`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartQuery {
    /// [`crate::state::RunKind::slug`].
    pub kind: String,
    /// Preview the forced graph of a failover.
    #[serde(deserialize_with = "checked")]
    pub forced: bool,
}

/// POST `/plans/{name}/start`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Start {
    /// [`crate::state::RunKind::slug`].
    pub kind: String,
    /// Digest of the graph that the page showed: what was read is what is started, or nothing.
    pub digest: String,
    /// The plan's name, typed, where the page asks for it.
    pub confirm: String,
    /// Why.
    pub reason: String,
    /// Try no step at the failed site.
    #[serde(deserialize_with = "checked")]
    pub forced: bool,
    /// The person's word that the protected site cannot write.
    #[serde(deserialize_with = "checked")]
    pub attest: bool,
    /// How this is known.
    pub attest_reason: String,
}

/// POST `/runs/{id}/answer`.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// The prompt's step.
    pub step: u32,
    /// `continue` or `abort`.
    pub answer: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// POST `/runs/{id}/attest`.
#[derive(Clone, Debug, Deserialize)]
pub struct Attest {
    /// The site that is said to be unable to write.
    pub site: String,
    /// The same name, typed.
    pub confirm: String,
    /// How this is known.
    pub reason: String,
}

/// POST `/runs/{id}/rule`.
#[derive(Clone, Debug, Deserialize)]
pub struct Rule {
    /// The step.
    pub step: u32,
    /// `done`, `skip`, `retry` or `fail`.
    pub verdict: String,
    /// How this is known.
    pub reason: String,
}

/// POST `/server/hold/release`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Release {
    /// What was looked at.
    pub reason: String,
    /// Sites that do not answer and are known to be off, with blanks or commas between them.
    pub without: String,
}

/// POST `/runs/{id}/cancel`, `/resume`, `/owed`, `/plans/{name}/commit` and `/rebuild`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// Why.
    pub reason: String,
}

/// GET `/plans/{name}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlanQuery {
    /// The kind of run whose steps are shown; empty: failover.
    pub kind: String,
}

/// GET `/groups/{name}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GroupQuery {
    /// Part of a VM's name.
    pub q: String,
    /// [`crate::state::Protection::slug`]; empty: all.
    pub state: String,
    /// Number of rows to pass over.
    pub skip: u64,
}

/// GET `/runs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunsQuery {
    /// Name of a plan; empty: all.
    pub plan: String,
    /// [`crate::state::RunKind::slug`]; empty: all.
    pub kind: String,
    /// [`crate::state::RunState::slug`]; empty: all.
    pub state: String,
    /// Number of rows to pass over.
    pub skip: u64,
}

/// GET `/runs/{id}` and `/runs/{id}/live`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RunQuery {
    /// `active` (running, waiting, failed), `failed` or `all`; empty: `active` while the run is
    /// under way, `all` afterwards.
    pub show: String,
    /// Part of the name of a VM or another object.
    pub q: String,
    /// Index of a phase; empty: all.
    pub phase: String,
    /// Number of steps to pass over.
    pub skip: u64,
}

/// GET `/inventory`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct InventoryQuery {
    /// Part of a VM's name or UUID.
    pub q: String,
    /// Name of a site; empty: all.
    pub site: String,
    /// [`crate::state::Protection::slug`]; empty: all.
    pub protection: String,
    /// Number of rows to pass over.
    pub skip: u64,
}

/// `on`, `true` and `1` are yes; everything else is no.
pub fn checked<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let text = String::deserialize(from)?;
    Ok(matches!(text.as_str(), "on" | "true" | "1"))
}
