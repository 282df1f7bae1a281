//! Settings of VMs: shutdown, startup, mobility; as defaults of a plan and in its rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::format::SpanText;
use super::{is_default, is_yes, yes};
use crate::mobility::Method;
use crate::time::Span;

/// How a VM is shut down at the protected site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shutdown {
    /// Ask the guest first.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub guest: bool,
    /// After this long it is powered off.
    #[serde(default = "five_minutes", with = "duration", skip_serializing_if = "is_five_minutes")]
    #[schemars(with = "SpanText")]
    pub timeout: Span,
}

/// What counts as recovered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Wait {
    /// Guest tools answer.
    #[default]
    Heartbeat,
    /// A TCP port accepts.
    Tcp(#[schemars(range(min = 1))] u16),
    /// Powered on is enough.
    None,
}

/// How a VM is started at the recovery site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Startup {
    /// What counts as recovered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wait: Wait,
    /// How long to wait for it.
    #[serde(default = "five_minutes", with = "duration", skip_serializing_if = "is_five_minutes")]
    #[schemars(with = "SpanText")]
    pub timeout: Span,
    /// A pause after it.
    #[serde(default, with = "duration", skip_serializing_if = "is_default")]
    #[schemars(with = "SpanText")]
    pub delay: Span,
}

/// Which ways to move a VM are wanted, best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mobility {
    /// Methods, best first; the first that is eligible is taken.
    #[schemars(length(min = 1, max = 1000))]
    pub prefer: Vec<Method>,
}

/// Settings of every VM that no rule below changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// 1 is recovered first, 5 last; 3 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    pub priority: Option<u8>,
    /// How VMs are shut down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<Shutdown>,
    /// How VMs are started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// How VMs move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobility: Option<Mobility>,
}

fn is_five_minutes(span: &Span) -> bool {
    *span == five_minutes()
}

fn five_minutes() -> Span {
    Span::mins(5)
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown { guest: true, timeout: five_minutes() }
    }
}

impl Default for Startup {
    fn default() -> Startup {
        Startup { wait: Wait::Heartbeat, timeout: five_minutes(), delay: Span::ZERO }
    }
}
