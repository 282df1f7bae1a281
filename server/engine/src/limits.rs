//! How much an engine does at once, and how long it waits.

use muster_plans::time::Span;

/// Limits of an engine. What backends can take is in the graph's resources; these bound the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one run that are under way at once.
    pub slots: u32,
    /// Intents of one run that are written ahead of free slots, so that no slot waits for the disk.
    pub lookahead: u32,
    /// How long a lease holds without being renewed; it is renewed three times as often.
    pub lease: Span,
    /// How long a step may take whose graph sets no timeout.
    pub timeout: Span,
    /// How long evidence counts that the engine has gathered itself.
    pub evidence: Span,
    /// How long a shutdown waits for what is under way.
    pub drain: Span,
    /// Records that one commit of the journal may hold.
    pub batch: usize,
    /// Ended runs whose state is kept for a last look.
    pub remembered: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            slots: 256,
            lookahead: 768,
            lease: Span::secs(15),
            timeout: Span::mins(10),
            evidence: Span::mins(10),
            drain: Span::secs(30),
            batch: 8192,
            remembered: 8,
        }
    }
}
