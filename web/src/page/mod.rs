//! One file per page.

mod account;
mod error;
mod group;
mod groups;
mod inventory;
mod overview;
mod plan;
mod plans;
mod run;
mod run_ask;
mod run_step;
mod runs;
mod sign_in;
mod sites;
mod start;
mod start_proof;

pub use account::{Account, PasswordForm, SessionLine};
pub use error::{ErrorPage, NotFound, Recovery};
pub use group::{ConsistencyGroup, Gap, Group, Leg, Member, Points};
pub use groups::{GroupLine, Groups, SiteCoverage};
pub use inventory::{Inventory, VmLine};
pub use overview::{Next, Overview, OverviewBody, OverviewLive, PlanCard, SiteCard};
pub use plan::{
    CommitOffer, Contradicted, Forecast, KindSteps, Offer, PathStep, Plan, PlannedPhase,
    PlannedStep, Verified,
};
pub use plans::{PlanLine, Plans};
pub use run::{CancelOffer, ResumeOffer, Run, RunBody, RunLive};
pub use run_ask::{Ask, AskHead, Ruling};
pub use run_step::{LogLine, OwedStep, PhaseLine, PhaseSteps, StepLine, SubjectSteps};
pub use runs::Runs;
pub use sign_in::SignIn;
pub use sites::{BackendLine, LinkLine, SiteDetail, Sites, SitesBody, SitesLive, WitnessLine};
pub use start::{Blast, FieldError, ForcedField, Start, StartValues};
pub use start_proof::{AttestField, Evidence, EvidenceSection, PointLine};
