//! `Schedule` documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format::{CronText, TimeZoneText};
use crate::id::PlanName;

/// What a schedule starts. Only what cannot hurt is allowed unattended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// A test, followed by its cleanup.
    Test,
}

/// When a plan is tested by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// The plan.
    pub plan: PlanName,
    /// What is started.
    pub run: ScheduleKind,
    /// Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).
    #[schemars(with = "CronText")]
    pub cron: String,
    /// IANA time zone; UTC if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TimeZoneText>")]
    pub time_zone: Option<String>,
}
