//! Recovery plans: state, readiness, graph, forecast.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::FindingDto;
use super::server::ContradictionDto;

/// A plan and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDto {
    /// Its name.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Where its VMs run now.
    pub from: Vec<String>,
    /// Where they would be recovered.
    pub to: String,
    /// Whether a reprotect has turned its direction round.
    pub reversed: bool,
    /// `idle`, `testing`, `test-held`, …
    pub phase: String,
    /// What else is the case: `owed-steps: paris`, `degraded`, …
    pub conditions: Vec<String>,
    /// The same in SRM's words.
    pub srm_status: String,
    /// Recovery time objective, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_ms: Option<u64>,
    /// Recovery point objective, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpo_ms: Option<u64>,
    /// VMs that it recovers.
    pub vms: usize,
    /// What may be started, and why the rest may not.
    pub actions: Vec<ActionDto>,
    /// Whether its recovery may be made final, and why not.
    pub commit: ActionDto,
    /// When its recovery becomes final by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_at: Option<String>,
    /// Persons other than the starter who must approve a failover.
    pub approvals: u8,
    /// The run that is under way or waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_run: Option<String>,
    /// The run that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<String>,
    /// Where the plan believes to stand and where its storage is; only where one plan is asked for, and
    /// the two differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<ContradictionDto>,
}

/// Makes a recovery final.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitRequest {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Sets a plan against what its sites hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RebuildRequest {
    /// What you have looked at; stands in the audit trail.
    pub reason: String,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

/// A plan that was set against what its sites hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RebuiltDto {
    /// The plan.
    pub plan: String,
    /// Nothing was changed.
    pub dry_run: bool,
    /// Where the storage is right and the database was not; none: they agree, and nothing was changed.
    pub contradictions: Vec<ContradictionDto>,
    /// Sites of the plan that did not answer: what they hold is not known.
    pub silent: Vec<String>,
}

/// A kind of run, and whether it may be started now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionDto {
    /// `test`, `cleanup`, `planned`, `failover`, `reprotect`, `failback`; `commit`.
    pub kind: String,
    /// Whether it may.
    pub allowed: bool,
    /// Why not, and what to do first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// What would happen if a run of a kind were started now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessDto {
    /// The plan.
    pub plan: String,
    /// The kind.
    pub kind: String,
    /// Whether it would start.
    pub ready: bool,
    /// Why not.
    pub refusals: Vec<String>,
    /// Errors and warnings of the plan against what exists.
    pub findings: Vec<FindingDto>,
    /// Evidence that the protected side cannot write, as of now (failover only).
    pub evidence: Vec<EvidenceDto>,
    /// Kinds of evidence that the plan accepts.
    pub accepts: Vec<String>,
    /// The recovery point of each consistency group (failover only).
    pub points: Vec<GroupPointDto>,
    /// How many steps there are.
    pub steps: usize,
    /// How many VMs are touched.
    pub vms: usize,
    /// Forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastDto>,
}

/// Evidence about a site.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDto {
    /// The site that it is about.
    pub site: String,
    /// `witness`, `fence`, `attestation`.
    pub kind: String,
    /// Whether it says that the site cannot write.
    pub holds: bool,
    /// In words.
    pub message: String,
}

/// The recovery point that a failover would take.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupPointDto {
    /// The consistency group.
    pub group: String,
    /// `stretched`, `sync`, `async`, `cdp`.
    pub mode: String,
    /// The point; absent: the data as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
    /// Its age in ms; absent: not known, which counts as too old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// Whether it is within the plan's RPO.
    pub within_rpo: bool,
    /// Other points that may be chosen, newest first.
    pub choices: Vec<String>,
}

/// How long a run would take.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForecastDto {
    /// Expected duration, ms.
    pub makespan_ms: u64,
    /// No schedule can be shorter, ms.
    pub lower_bound_ms: u64,
    /// The steps that decide it, in words.
    pub critical_path: Vec<String>,
    /// What limits it, where something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<String>,
}

/// A compiled graph.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphDto {
    /// The plan.
    pub plan: String,
    /// The kind of run.
    pub kind: String,
    /// Its digest: what is approved is what is executed.
    pub digest: String,
    /// Phases in order.
    pub phases: Vec<String>,
    /// Steps.
    pub steps: Vec<GraphStepDto>,
    /// The same as text.
    pub text: String,
    /// Warnings.
    pub findings: Vec<FindingDto>,
}

/// A step of a graph.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphStepDto {
    /// Its index.
    pub step: u32,
    /// What it does, in words.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Index of its phase.
    pub phase: u16,
    /// The site whose agent does it.
    pub site: String,
    /// The VM, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
    /// Steps that wait for it.
    pub before: Vec<u32>,
    /// How long it is expected to take, ms.
    pub estimate_ms: u32,
}
