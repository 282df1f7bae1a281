//! What can come instead of an answer.

use muster_contract::{AdapterError, ErrorClass};
use muster_plans::id::SiteName;
use reqwest::StatusCode;

use crate::problem::Problem;

/// No answer. None of them says whether an operation had its effect.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection.
    Connect(String),
    /// Too slow.
    Timeout,
    /// The connection broke, or something of the kind.
    Broken(String),
    /// An answer, but none of this protocol.
    Nonsense(String),
    /// An error, with details where the agent itself answered.
    Status(StatusCode, Option<Problem>),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Failure {
        if error.is_timeout() {
            return Failure::Timeout;
        }
        let connect = error.is_connect();
        // The address may hold what nobody else should read.
        let text = innermost(&error.without_url());
        if connect { Failure::Connect(text) } else { Failure::Broken(text) }
    }
}

/// The last cause says what happened (`Connection refused`); those above it say which layer saw it.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl Failure {
    /// As the answer to a query.
    pub(crate) fn error(self, site: &SiteName) -> AdapterError {
        let agent = format!("the agent of site `{site}`");
        let (class, message) = match self {
            Failure::Connect(why) => (ErrorClass::Retry, format!("{agent} is out of reach: {why}")),
            Failure::Timeout => (ErrorClass::Retry, format!("{agent} did not answer in time")),
            Failure::Broken(why) => {
                (ErrorClass::Retry, format!("the connection to {agent} broke: {why}"))
            }
            Failure::Nonsense(why) => {
                (ErrorClass::Bug, format!("the answer of {agent} made no sense: {why}"))
            }
            Failure::Status(status, problem) => of_status(&agent, status, problem),
        };
        AdapterError::new(class, message)
    }
}

fn of_status(agent: &str, status: StatusCode, problem: Option<Problem>) -> (ErrorClass, String) {
    let Some(problem) = problem else {
        return (class_of(status), format!("{agent}, or something before it, answered {status}"));
    };
    match problem.class {
        Some(class) => (class, problem.detail),
        None if problem.code == "protocol.no-such-site" => {
            (ErrorClass::NotFound, format!("{agent}: {}", problem.detail))
        }
        None => (class_of(status), format!("{agent}: {}: {}", problem.title, problem.detail)),
    }
}

/// A 404 is not [`ErrorClass::NotFound`]: that says that an *object* does not exist, this only that
/// the address is wrong.
fn class_of(status: StatusCode) -> ErrorClass {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorClass::Auth,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => ErrorClass::Retry,
        _ => ErrorClass::Bug,
    }
}
