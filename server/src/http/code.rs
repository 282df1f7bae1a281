//! The list of codes of problem reports. Each has its page in `server/codes/`; a code without one
//! does not compile, and a test finds pages without a code.

use std::fmt;

use axum::http::StatusCode;
use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// Stable identity of a kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has its page in server/codes/")]
        pub enum Code {
            $($name),*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// As people and programs see it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text),*
                }
            }

            /// The HTTP status with which it is answered.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Code::$name => StatusCode::$status),*
                }
            }

            /// A few words, the same for every problem of this kind.
            pub fn title(self) -> &'static str {
                match self {
                    $(Code::$name => $title),*
                }
            }

            /// What it means and what to do, in Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$name => include_str!(concat!("../../codes/", $text, ".md"))),*
                }
            }
        }
    };
}

codes! {
    // the request itself
    BadJson = "bad-json", BAD_REQUEST, "The body is no JSON";
    BadQuery = "bad-query", BAD_REQUEST, "The query cannot be read";
    BadCursor = "bad-cursor", BAD_REQUEST, "The cursor is not one of this list";
    BadHeader = "bad-header", BAD_REQUEST, "A header cannot be read";
    BadValue = "bad-value", UNPROCESSABLE_ENTITY, "A value is not what was expected";
    BadDocument = "bad-document", UNPROCESSABLE_ENTITY, "A document has errors";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    WrongMediaType = "wrong-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is not in a form that is read here";
    NotFound = "not-found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "This cannot be done here";
    // who asks
    SignInFirst = "sign-in-first", UNAUTHORIZED, "Nobody is signed in";
    BadCredentials = "bad-credentials", UNAUTHORIZED, "User and password do not match";
    TooManyAttempts = "too-many-attempts", TOO_MANY_REQUESTS, "Too many failed sign-ins";
    PasswordMustChange = "password-must-change", FORBIDDEN, "Choose a password of your own first";
    NotAllowed = "not-allowed", FORBIDDEN, "You may not do this";
    CrossSite = "cross-site", FORBIDDEN, "The request comes from another site";
    LastAdministrator = "last-administrator", CONFLICT, "Somebody must administer users";
    // versions and repeated requests
    IfMatchNeeded = "if-match-needed", PRECONDITION_REQUIRED, "Say which version you have read";
    VersionMismatch = "version-mismatch", PRECONDITION_FAILED, "It was changed since you have read it";
    VersionConflict = "version-conflict", CONFLICT, "It was changed in the meantime";
    AlreadyExists = "already-exists", CONFLICT, "There is one already";
    KeyReused = "key-reused", UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request";
    KeyInFlight = "key-in-flight", CONFLICT, "The same request is under way";
    // plans and runs
    NotAllowedNow = "not-allowed-now", CONFLICT, "Not in this state";
    PlanNotReady = "plan-not-ready", CONFLICT, "The plan cannot be run as things are";
    SiteBusy = "site-busy", CONFLICT, "Who keeps a site out is not settled";
    GroupBusy = "group-busy", CONFLICT, "A protection group is in another run";
    EvidenceMissing = "evidence-missing", CONFLICT, "Nothing proves that the site cannot write";
    SourceIsAlive = "source-is-alive", CONFLICT, "The site still answers";
    RpoExceeded = "rpo-exceeded", CONFLICT, "The recovery point is older than the plan allows";
    NoRecoveryPoint = "no-recovery-point", CONFLICT, "There is nothing to recover to";
    ReasonNeeded = "reason-needed", UNPROCESSABLE_ENTITY, "Say why";
    GraphFormat = "graph-format", CONFLICT, "The run was made by another version";
    JournalIllegal = "journal-illegal", INTERNAL_SERVER_ERROR, "The journal contradicts itself";
    ApprovalsMissing = "approvals-missing", CONFLICT, "Not enough persons have approved";
    DigestDiffers = "digest-differs", CONFLICT, "It is not what was read before";
    ServerOnHold = "server-on-hold", CONFLICT, "The server holds after a restore";
    SiteNotRead = "site-not-read", CONFLICT, "What is at a site could not be read";
    SiteNotTold = "site-not-told", CONFLICT, "A site does not know of the restore";
    NoSimulation = "no-simulation", NOT_FOUND, "There is no simulated world";
    SimulationRefused = "simulation-refused", BAD_GATEWAY, "The simulated world refused";
    // the server
    StoreUnavailable = "store-unavailable", SERVICE_UNAVAILABLE, "The database does not answer";
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server failed";
}

impl Code {
    /// The code with this text.
    pub fn find(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_pages_are_one_to_one() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/codes");
        let pages: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let codes: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
        assert_eq!(codes, pages);
        assert_eq!(codes.len(), Code::ALL.len(), "two codes have one text");
    }

    #[test]
    fn every_page_says_what_it_means_and_what_to_do() {
        for code in Code::ALL {
            let page = code.page();
            assert!(page.starts_with(&format!("# {code}\n")), "{code}");
            assert!(page.contains("\n## What to do\n"), "{code}");
            assert!(page.len() > 120, "{code} explains nothing");
        }
    }
}
