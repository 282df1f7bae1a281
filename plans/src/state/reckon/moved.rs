//! VMs that have gone back behind the database's back.
//!
//! A stretched group is written at both sites, so that its legs do not tell whether a recovery was turned
//! round since and gone back. Where its VMs run does.

use std::collections::BTreeSet;
use std::fmt;

use crate::group::DerivedGroup;
use crate::id::{ConsistencyGroupId, SiteName};
use crate::state::{Phase, PlanState};

/// Members that run at the site which a recovery has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back<'a> {
    /// Their names.
    pub names: Vec<&'a str>,
    /// How many members there are that were looked at.
    pub of: usize,
}

impl Back<'_> {
    /// Whether that tells of a reprotect that was done since. While one is under way each of them does: it
    /// begins when all have left. Beside a recovery that is at rest somebody may have moved or made a single
    /// VM by hand, so that only all of them do.
    pub fn any(&self, under_way: bool) -> bool {
        !self.names.is_empty() && (under_way || self.names.len() == self.of)
    }
}

impl fmt::Display for Back<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = self.names.len().saturating_sub(3);
        let first = self.names[..self.names.len() - more].join(", ");
        write!(f, "VMs that the recovery has taken away run at the old site again: {first}")?;
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

/// Members that run at the site which the recovery has left, in which a plan is believed to stand. Nothing
/// where it stands in none, still owes its old site something, or where one of the two sites does not answer.
/// Members on the groups `but` are left out: another plan has them.
pub fn moved_back<'a>(
    believed: &PlanState,
    groups: impl IntoIterator<Item = &'a DerivedGroup>,
    but: &BTreeSet<ConsistencyGroupId>,
    answers: impl Fn(&SiteName) -> bool,
) -> Back<'a> {
    let recovered = [Phase::CommitHeld, Phase::Recovered, Phase::Reprotecting];
    let mut back = Back::default();
    if !recovered.contains(&believed.phase) || believed.owes() {
        return back;
    }
    let seen = |group: &&DerivedGroup| answers(&group.protected) && answers(&group.recovery);
    for group in groups.into_iter().filter(seen) {
        let left = if believed.is_reversed() { &group.recovery } else { &group.protected };
        let members = group.inside().filter(|one| !one.storage.iter().any(|id| but.contains(id)));
        for member in members {
            back.of += 1;
            if member.at == *left {
                back.names.push(&member.name);
            }
        }
    }
    back
}
