//! What the REST API says and hears. Instants are RFC 3339 in UTC, spans are milliseconds.
//!
//! The command line and the pages use the same types, so that no number is made twice.

mod approval;
mod document;
mod group;
mod inventory;
mod me;
mod plan;
mod run;
mod server;
mod site;
mod user;

use muster_plans::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use approval::{ApprovalDto, ApproveRequest, GivenDto};
pub use document::{
    ApplyFile, ApplyRequest, ApplyResult, Change, ChangeKind, DocumentDto, FindingDto,
};
pub use group::{GroupDto, MemberDto, UncoveredDto};
pub use inventory::{ObjectDto, PolicyDto, VmDto};
pub use me::{ChangePassword, MeDto, SessionDto, SignInRequest, SignedInDto};
pub use plan::{
    ActionDto, CommitRequest, EvidenceDto, ForecastDto, GraphDto, GraphStepDto, GroupPointDto,
    PlanDto, ReadinessDto, RebuildRequest, RebuiltDto,
};
pub use run::{
    AnswerRequest, AttestRequest, CancelRequest, ChainDto, PhaseDto, ResumeRequest, RuleRequest,
    RunDto, StartKind, StartRun, StepDto, WaitingDto,
};
pub use server::{ContradictionDto, ReleaseRequest, ReleasedDto, ServerDto, SiteReadDto};
pub use site::{BackendDto, LinkDto, SiteDto, WitnessDto};
pub use user::{GoneDto, NewUser, OneTimeDto, RoleDto, SetRoles, UserDto};

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Hand this back as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An instant as the API prints it.
pub fn instant(time: Time) -> String {
    time.to_rfc3339()
}
