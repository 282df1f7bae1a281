//! The list of codes. Each has its page in `plans/codes/`, and a test holds the two together.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// Stable identity of a kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has its page in plans/codes/")]
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
        }
    };
}

codes! {
    // reading documents
    NotText = "not-text",
    ControlCharacter = "control-character",
    LimitExceeded = "limit-exceeded",
    YamlSyntax = "yaml-syntax",
    DuplicateKey = "duplicate-key",
    EmptyFile = "empty-file",
    NotADocument = "not-a-document",
    UnknownApiVersion = "unknown-api-version",
    UnknownKind = "unknown-kind",
    UnknownField = "unknown-field",
    MissingField = "missing-field",
    EmptyValue = "empty-value",
    WrongType = "wrong-type",
    UnknownValue = "unknown-value",
    OutOfRange = "out-of-range",
    WrongLength = "wrong-length",
    BadName = "bad-name",
    BadDuration = "bad-duration",
    BadAddress = "bad-address",
    BadCron = "bad-cron",
    BadTimeZone = "bad-time-zone",
    BadPattern = "bad-pattern",
    // checking them against each other
    DuplicateDocument = "duplicate-document",
    DanglingReference = "dangling-reference",
    DuplicateEntry = "duplicate-entry",
    DependencyCycle = "dependency-cycle",
    DependsOnItself = "depends-on-itself",
    EmptyMatch = "empty-match",
    UnreachableRule = "unreachable-rule",
    MatchOutsidePlan = "match-outside-plan",
    BadTimeout = "bad-timeout",
    HookWithoutAction = "hook-without-action",
    HookWithTwoActions = "hook-with-two-actions",
    PointlessSetting = "pointless-setting",
    CommitWithoutWindow = "commit-without-window",
    UnguardedFailover = "unguarded-failover",
    ZeroObjective = "zero-objective",
    SameSite = "same-site",
    RecoverySitesDiffer = "recovery-sites-differ",
    MappedTwice = "mapped-twice",
    TestInProduction = "test-in-production",
    MappingTwice = "mapping-twice",
    AmbiguousReverse = "ambiguous-reverse",
    IpFamiliesDiffer = "ip-families-differ",
    IpPrefixesDiffer = "ip-prefixes-differ",
    IpHostBits = "ip-host-bits",
    IpOutsideNetwork = "ip-outside-network",
    IpRuleUnreachable = "ip-rule-unreachable",
    EmptyRange = "empty-range",
    RpoNotPromised = "rpo-not-promised",
    BadEndpoint = "bad-endpoint",
    SiteWithoutBackend = "site-without-backend",
    SecretInDocument = "secret-in-document",
    OverlappingGroups = "overlapping-groups",
    GroupInTwoPlans = "group-in-two-plans",
    // deriving groups
    TornConsistencyGroup = "torn-consistency-group",
    // compiling plans
    NothingToDo = "nothing-to-do",
    SiteNotSeen = "site-not-seen",
    UnknownVm = "unknown-vm",
    HomeNotReplicated = "home-not-replicated",
    PartlyProtected = "partly-protected",
    ReplicaMissing = "replica-missing",
    ReplicaReplaced = "replica-replaced",
    UnknownRecoveryPoint = "unknown-recovery-point",
    RecoveryPointTooOld = "recovery-point-too-old",
    UnmappedNetwork = "unmapped-network",
    WrongNetwork = "wrong-network",
    GatewayNotKnown = "gateway-not-known",
    NoHost = "no-host",
    HostCapacity = "host-capacity",
    WaitsForLaterPriority = "waits-for-later-priority",
    RestartInsteadOfLive = "restart-instead-of-live",
    CalloutLeftOut = "callout-left-out",
    IncompleteRequest = "incomplete-request",
    NotRecovered = "not-recovered",
    FenceStays = "fence-stays",
    SiteKeptOut = "site-kept-out",
    DependsOnFailedSite = "depends-on-failed-site",
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
