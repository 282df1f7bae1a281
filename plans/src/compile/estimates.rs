//! How long steps take before anybody has measured them, and when they are given up.
//!
//! One table. The estimates are shipped starting points for the scheduler's longest-path order and for
//! a first forecast; a forecast replaces them with measured times as soon as there are any. The
//! timeouts are generous: a step that is given up too early turns a slow recovery into a failed one.

use crate::graph::StepKind;
use crate::time::Span;

/// No limit: prompts and gates wait for people and for evidence. 49 days.
pub(crate) const NO_LIMIT: u32 = u32::MAX;

/// Longest time that a step at a site that is being failed over from may hold up the recovery.
pub(crate) const SHORT_DEADLINE: Span = Span::secs(30);

/// Time that guests have when their site is being failed over from.
pub(crate) const SHORT_SHUTDOWN: Span = Span::secs(60);

/// Time between the end of a guest's own time and the end of the power-off that follows it.
pub(crate) const POWER_OFF_SLACK: Span = Span::secs(60);

/// Given where a callout says nothing, as in SRM's helper.
pub(crate) const CALLOUT_TIMEOUT: Span = Span::secs(300);

/// (estimate, timeout) of a kind of step, in seconds.
const fn seconds(kind: StepKind) -> (u32, u32) {
    match kind {
        StepKind::Barrier | StepKind::Report => (0, 60),
        StepKind::Prompt => (0, 0),
        StepKind::Gate => (5, 0),
        StepKind::Check | StepKind::Verify => (1, 60),
        StepKind::Callout => (30, 300),
        StepKind::SyncStorage => (60, 3600),
        StepKind::GuestShutdown => (60, 600),
        StepKind::PowerOff | StepKind::PowerOn => (5, 300),
        StepKind::SuspendVm | StepKind::ResumeVm => (15, 600),
        StepKind::WakeHost => (180, 1200),
        StepKind::Fence | StepKind::Unfence => (10, 300),
        StepKind::Unmount => (10, 600),
        StepKind::SetSitePreference => (5, 300),
        StepKind::DemoteStorage => (10, 1800),
        StepKind::PromoteStorage => (15, 1800),
        StepKind::SnapshotForTest | StepKind::MountTest | StepKind::DropTest => (10, 900),
        StepKind::ReverseReplication => (20, 3600),
        StepKind::RegisterVm => (4, 300),
        StepKind::UnregisterVm => (2, 300),
        StepKind::Migrate => (60, 7200),
        StepKind::CreateBubble | StepKind::DropBubble => (5, 300),
        StepKind::ConfigureNetwork => (3, 300),
        StepKind::CustomizeIp => (20, 900),
        StepKind::WaitHealthy => (45, 300),
        StepKind::Rescan => (15, 600),
    }
}

/// Milliseconds that a step of this kind is expected to take.
pub(crate) const fn estimate_ms(kind: StepKind) -> u32 {
    seconds(kind).0 * 1000
}

/// Milliseconds after which it is given up.
pub(crate) const fn timeout_ms(kind: StepKind) -> u32 {
    match seconds(kind).1 {
        0 => NO_LIMIT,
        secs => secs * 1000,
    }
}

/// A span as a step carries it.
pub(crate) fn millis(span: Span) -> u32 {
    u32::try_from(span.0).unwrap_or(NO_LIMIT)
}
