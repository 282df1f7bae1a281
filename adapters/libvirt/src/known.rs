//! What the hosts of a site say of one domain, and what those that say nothing leave open.
//!
//! A host that is out of reach may run the same VM, so that nobody begins to write anywhere else before it was
//! asked. Taking something away from a VM that was found makes no second writer: that goes on, and the answer names
//! the host that was not asked. That such a VM is off is said only where every host that is out of reach said, when
//! it was heard last, that it did not know it.

use muster_contract::{AdapterError, ErrorClass};
use muster_plans::id::HostId;

use crate::pool::Found;

/// All registrations that were found, and who was not asked.
pub(crate) struct Known {
    pub(crate) found: Vec<Found>,
    pub(crate) silent: Vec<Silent>,
}

/// A host that does not answer.
pub(crate) struct Silent {
    pub(crate) id: HostId,
    pub(crate) error: AdapterError,
    /// Not where it said when it was heard last that it did not.
    pub(crate) may_know: bool,
}

/// What goes on without the hosts that do not answer.
pub(crate) struct Living {
    pub(crate) found: Vec<Found>,
    /// Who was not asked, for people.
    pub(crate) blind: Option<String>,
}

impl Known {
    /// All registrations; an error where any host does not answer.
    pub(crate) fn surely(self) -> Result<Vec<Found>, AdapterError> {
        self.silent.into_iter().next().map_or(Ok(self.found), |silent| Err(silent.error))
    }

    /// Where it runs, if it does. `None` only where every host has said that it knows none, and one that does not
    /// run only where every host has said that it runs none.
    pub(crate) fn one(self) -> Result<Option<Found>, AdapterError> {
        match foremost(self.found) {
            Some(found) if runs(&found) => Ok(Some(found)),
            found => self.silent.into_iter().next().map_or(Ok(found), |silent| Err(silent.error)),
        }
    }

    /// For what makes no writer.
    pub(crate) fn living(self) -> Result<Living, AdapterError> {
        let Known { found, silent } = self;
        if found.is_empty() {
            let first = silent.into_iter().next();
            return first.map_or(Ok(Living { found, blind: None }), |silent| Err(silent.error));
        }
        let open = silent.iter().find(|silent| silent.may_know);
        if let Some(open) = open.filter(|_| !found.iter().any(runs)) {
            let text = format!("{}; that host may run it", open.error.message);
            return Err(AdapterError::new(ErrorClass::Retry, text));
        }
        let told = |silent: &Silent| format!("{} ({})", silent.id, silent.error.message);
        let all: Vec<String> = silent.iter().map(told).collect();
        let blind = (!all.is_empty()).then(|| format!("not asked: {}", all.join(", ")));
        Ok(Living { found, blind })
    }
}

/// The one that runs, if one does.
pub(crate) fn foremost(found: Vec<Found>) -> Option<Found> {
    found.into_iter().max_by_key(runs)
}

fn runs(found: &Found) -> bool {
    found.domain.id >= 0
}
