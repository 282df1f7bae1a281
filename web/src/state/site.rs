//! States of sites, links, witnesses, backends and what runs there.

super::states! {
    /// Whether a site, a link, a witness or a backend works.
    Health {
        /// It answers.
        Up = "up", Good, "ok", "up";
        /// It answers, and something is wrong with it.
        Degraded = "degraded", Warn, "warn", "degraded";
        /// It does not answer.
        Down = "down", Bad, "bad", "down";
        /// It was never heard of.
        Unknown = "unknown", Warn, "unknown", "not known";
    }
}

super::states! {
    /// Whether a site is cut off from storage.
    Fence {
        /// Nothing keeps it from writing.
        Open = "open", Quiet, "unlock", "not fenced";
        /// It hears of the fence before it writes again; that it cannot write now is not read back.
        Asked = "asked", Warn, "lock", "fence asked for";
        /// It was read back that it cannot.
        Fenced = "fenced", Warn, "lock", "fenced";
        /// A named person says that it cannot.
        Attested = "attested", Warn, "lock", "said to be off";
        /// Nobody can say.
        Unknown = "unknown", Warn, "unknown", "fence not known";
    }
}

super::states! {
    /// What a witness sees of a site.
    Sight {
        /// It answers.
        Seen = "seen", Good, "ok", "seen";
        /// It does not answer, and may still write.
        Silent = "silent", Warn, "unknown", "silent, may still write";
        /// It has been silent for so long that it has stopped writing by itself.
        Dead = "dead", Bad, "bad", "dead, cannot write";
    }
}

super::states! {
    /// State of a consistency group's replication.
    Replication {
        /// Both legs hold the same data.
        InSync = "in-sync", Good, "ok", "in sync";
        /// The target is behind, within its objective.
        Following = "following", Good, "ok", "following";
        /// The target is further behind than its objective.
        Behind = "behind", Warn, "warn", "behind its objective";
        /// Nothing is sent.
        Stopped = "stopped", Bad, "bad", "stopped";
        /// It is not known how far the target is behind, which counts as too far.
        Unknown = "unknown", Warn, "unknown", "not known";
    }
}

super::states! {
    /// Power state of a VM.
    Power {
        /// It runs.
        On = "on", Good, "play", "on";
        /// It is off.
        Off = "off", Quiet, "stop", "off";
        /// It is suspended.
        Suspended = "suspended", Quiet, "pause", "suspended";
        /// Its manager does not say.
        Unknown = "unknown", Warn, "unknown", "not known";
    }
}
