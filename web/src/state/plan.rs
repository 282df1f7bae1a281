//! States of plans, protection groups and their members.

super::states! {
    /// The one answer per plan: could it fail over now?
    Readiness {
        /// It could.
        Ready = "ready", Good, "ok", "ready";
        /// It could, and something would be worse than it should be.
        Warnings = "warnings", Warn, "warn", "ready, with warnings";
        /// It could not.
        NotReady = "not-ready", Bad, "bad", "not ready";
        /// A run of it is under way.
        Busy = "busy", Info, "run", "run under way";
        /// Nothing can be said: a site does not answer, or nothing has been read yet.
        Unknown = "unknown", Warn, "unknown", "cannot be judged";
    }
}

super::states! {
    /// How bad a finding or the result of a check is.
    Level {
        /// The check passed.
        Passed = "passed", Good, "ok", "passed";
        /// Worth knowing.
        Note = "note", Info, "info", "note";
        /// It works, and not as it should.
        Warning = "warning", Warn, "warn", "warning";
        /// It does not work.
        Error = "error", Bad, "bad", "error";
        /// It could not be checked.
        Unknown = "unknown", Warn, "unknown", "not known";
    }
}

super::states! {
    /// Protection of a VM.
    Protection {
        /// All of its objects.
        Protected = "protected", Good, "shield", "protected";
        /// Some of its objects.
        Partly = "partly", Warn, "warn", "partly protected";
        /// It would be a member and was left out, with a reason.
        Excluded = "excluded", Bad, "bad", "excluded";
        /// No group wants it.
        Unprotected = "unprotected", Quiet, "none", "not protected";
    }
}

super::states! {
    /// Compliance of an object with its storage policy.
    Compliance {
        /// It complies.
        Compliant = "compliant", Good, "ok", "compliant";
        /// It does not.
        NonCompliant = "non-compliant", Bad, "bad", "not compliant";
        /// The policy changed since it was applied.
        OutOfDate = "out-of-date", Warn, "warn", "out of date";
        /// The provider does not say.
        Unknown = "unknown", Warn, "unknown", "not known";
        /// It has no policy.
        NotApplicable = "not-applicable", Quiet, "none", "no policy";
    }
}
