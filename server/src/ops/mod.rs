//! What the server does, one use case per file. API and pages call these and nothing below them.

mod apply;
mod approval;
mod asker;
mod commit;
mod compile;
mod control;
mod error;
mod evidence;
mod explain;
mod failback;
mod fences;
mod finish;
mod hold;
mod insist;
mod load;
mod outlook;
mod points;
mod proof;
mod readiness;
mod reckon;
mod returned;
mod standing;
mod start;
mod users;

pub use apply::{apply, bad as bad_documents, documents_of, load_documents, put_documents};
pub use approval::{approvals, approve, request_approval};
pub use asker::Asker;
pub use commit::{commit, commit_due};
pub use compile::{Wanted, compile_now};
pub use control::{answer, attest, cancel, resume, rule};
pub use error::Refused;
pub use explain::explain;
pub use failback::{FAILBACK_STAGES, advance as advance_chain};
pub use finish::finish;
pub use hold::{not_on_hold, on_hold, release_hold, server_state, tell_returned};
pub use load::{RunState, row as load_row, run as load_run};
pub use outlook::{Outlook, Outlooks, outlook};
pub use points::of_graph as points_of_graph;
pub use readiness::{forecast, readiness};
pub use reckon::{contradiction_of, rebuild};
pub use returned::notice_sites;
pub use standing::{Standing, all_standings, standing_of};
pub use start::start;
pub use users::{
    Gone, change_password, create_user, delete_user, end_session, reset_password, set_disabled,
    set_roles, sign_in_program,
};
