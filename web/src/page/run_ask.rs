//! What a run asks of people.

use crate::part::When;

/// Something that waits for a person.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A prompt of the plan: go on or give up.
    Prompt {
        /// What is common to all.
        head: AskHead,
        /// The role that may answer; empty: anyone who may run the plan.
        role: String,
    },
    /// A gate that waits for evidence against a site.
    Gate {
        /// What is common to all.
        head: AskHead,
        /// The site that must be proved unable to write.
        site: String,
        /// Evidence that the plan accepts: `witness`, `fence`, `attestation`.
        accepts: Vec<String>,
        /// What has been seen so far, one sentence each.
        seen: Vec<String>,
        /// For how many minutes a word counts.
        minutes: u32,
    },
    /// A step that failed, or whose outcome nobody knows: a named person says what became of it.
    Step {
        /// What is common to all.
        head: AskHead,
        /// What may be said, in the order in which it is offered.
        rulings: Vec<Ruling>,
    },
}

/// What all questions have in common.
#[derive(Clone, Debug)]
pub struct AskHead {
    /// The step.
    pub step: u32,
    /// `Promote storage: cg-erp at lyon`.
    pub title: String,
    /// The question, the error, or the hint of the backend.
    pub text: String,
    /// Since when it waits.
    pub since: When,
    /// How many steps wait for it.
    pub blocks: u32,
    /// Why this person may not answer; `None`: there is a form.
    pub refused: Option<String>,
}

/// What a person may say of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Try again.
    Retry,
    /// It has had its effect.
    Done,
    /// It is not needed.
    Skip,
    /// It has failed.
    Fail,
}

impl Ruling {
    /// Its name in forms.
    pub fn slug(&self) -> &'static str {
        match self {
            Ruling::Retry => "retry",
            Ruling::Done => "done",
            Ruling::Skip => "skip",
            Ruling::Fail => "fail",
        }
    }

    /// The label.
    pub fn label(&self) -> &'static str {
        match self {
            Ruling::Retry => "Try again",
            Ruling::Done => "It is done",
            Ruling::Skip => "Skip it",
            Ruling::Fail => "It failed",
        }
    }

    /// What saying so does.
    pub fn meaning(&self) -> &'static str {
        match self {
            Ruling::Retry => "A new attempt is made. Safe when the last one changed nothing.",
            Ruling::Done => "I have looked: it has had its effect. The run goes on.",
            Ruling::Skip => "It is not needed. What waits for it goes on.",
            Ruling::Fail => "The run's failure policy applies.",
        }
    }
}

impl Ask {
    /// What is common to all.
    pub fn head(&self) -> &AskHead {
        match self {
            Ask::Prompt { head, .. } | Ask::Gate { head, .. } | Ask::Step { head, .. } => head,
        }
    }
}
