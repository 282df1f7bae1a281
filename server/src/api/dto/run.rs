//! Runs: start, state, steps, what a person says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is started. Failback is three runs: reprotect, planned migration, reprotect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum StartKind {
    /// Start copies in a bubble.
    Test,
    /// Remove what a test made.
    Cleanup,
    /// Move everything, losing nothing.
    Planned,
    /// Recover without the protected site; or, after one, do what is owed to the returned site.
    Failover,
    /// Turn the direction round.
    Reprotect,
    /// Bring everything back: reprotect, planned migration, reprotect.
    Failback,
}

/// Starts a run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRun {
    /// The plan.
    pub plan: String,
    /// The kind.
    pub kind: StartKind,
    /// Failover: try no step at the failed site.
    #[serde(default)]
    pub forced: bool,
    /// Failover: your word that the protected side cannot write, with the reason. It is recorded
    /// under your name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attest: Option<String>,
    /// Failover: a recovery point for its consistency group; the newest if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_point: Option<String>,
    /// Failover: go on although a recovery point is older than the plan's RPO.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Failover: go on although the protected site is seen alive. Evidence is needed all the same.
    #[serde(default)]
    pub accept_live_source: bool,
    /// Planned migration: shut down and restart every VM instead of moving eligible ones live.
    #[serde(default)]
    pub no_live: bool,
    /// Digest of the graph that was read before: another one is not started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_digest: Option<String>,
    /// Why; stands in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDto {
    /// Its id.
    pub id: String,
    /// The plan.
    pub plan: String,
    /// `test`, `cleanup`, `planned-migration`, `failover`, `reprotect`.
    pub kind: String,
    /// It does what an earlier failover owes.
    pub owed_only: bool,
    /// It tries nothing at the failed site.
    pub forced: bool,
    /// `running`, `waiting`, `unwinding`, `halting`, `succeeded`, `succeeded-with-warnings`,
    /// `halted`, `undone`.
    pub state: String,
    /// Whether it has come to an end.
    pub ended: bool,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// How long it took, or takes so far, ms.
    pub elapsed_ms: u64,
    /// How long it will still take, ms; a forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_ms: Option<u64>,
    /// 0 to 1.
    pub progress: f64,
    /// Digest of the graph that is executed.
    pub graph_digest: String,
    /// The failback that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Why it was started, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Phases with their counts.
    pub phases: Vec<PhaseDto>,
    /// What a person must do.
    pub waiting: Vec<WaitingDto>,
    /// What went wrong on the side.
    pub warnings: Vec<String>,
    /// What is owed to a site that was out of reach.
    pub owed: Vec<String>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Runs that follow one another: a failback is a reprotect, a planned migration and a reprotect.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainDto {
    /// Its id.
    pub id: String,
    /// The plan.
    pub plan: String,
    /// `failback`.
    pub kind: String,
    /// `running`, `succeeded`, `stopped` because one of its runs did not succeed, or `refused: ` with
    /// the reason why its next run was not started.
    pub state: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: String,
    /// Its runs so far, in their order.
    pub runs: Vec<RunDto>,
}

/// A phase of a run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseDto {
    /// Its name.
    pub name: String,
    /// All steps.
    pub total: usize,
    /// Steps that came to a good end, skipped ones included.
    pub done: usize,
    /// Steps under way.
    pub running: usize,
    /// Steps that failed or are blocked.
    pub failed: usize,
}

/// What a run waits for a person to say.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingDto {
    /// The step.
    pub step: u32,
    /// `prompt`, `gate`, `unknown`.
    pub kind: String,
    /// What is asked, or what is not known.
    pub text: String,
    /// The role that may answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A step of a run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDto {
    /// Its index.
    pub step: u32,
    /// What it does, in words.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its phase.
    pub phase: String,
    /// The site whose agent does it.
    pub site: String,
    /// The VM, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm: Option<String>,
    /// `pending`, `armed`, `running`, `waiting`, `done`, `skipped`, `failed`, `blocked`, `unknown`,
    /// `undone`, …
    pub state: String,
    /// How many attempts there were.
    pub attempts: u32,
    /// When it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// What the backend said, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Answers a prompt.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerRequest {
    /// The prompt's step.
    pub step: u32,
    /// `true`: go on. `false`: the step counts as failed.
    pub go_on: bool,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Asks a run to stop.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelRequest {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Gives a named person's word that a site cannot write.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttestRequest {
    /// The site.
    pub site: String,
    /// Why you know.
    pub reason: String,
}

/// Says what became of a step that nobody knows of, or that failed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleRequest {
    /// The step.
    pub step: u32,
    /// `done`, `skip`, `retry`, `fail`.
    pub verdict: String,
    /// Why you know.
    pub reason: String,
}

/// Lets a halted run go on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeRequest {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl StartRun {
    /// A kind of run of a plan with the usual settings.
    pub fn of(plan: &str, kind: StartKind) -> StartRun {
        StartRun {
            plan: plan.to_owned(),
            kind,
            forced: false,
            attest: None,
            recovery_point: None,
            accept_data_loss: false,
            accept_live_source: false,
            no_live: false,
            expected_digest: None,
            reason: None,
        }
    }
}
