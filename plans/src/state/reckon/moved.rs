//! VMs that have gone back behind the database's back.
//!
//! A stretched group is written at both sites, so that its legs do not tell whether a recovery was turned
//! round since and gone back. Where its VMs run does.

use crate::group::DerivedGroup;
use crate::id::SiteName;
use crate::state::{Phase, PlanState};

/// Members that run at the site which the recovery has left, in which a plan is believed to stand. Nothing
/// where it stands in none, still owes its old site something, or where one of the two sites does not answer.
pub fn moved_back<'a>(
    believed: &PlanState,
    groups: impl IntoIterator<Item = &'a DerivedGroup>,
    answers: impl Fn(&SiteName) -> bool,
) -> Vec<&'a str> {
    let recovered = [Phase::CommitHeld, Phase::Recovered, Phase::Reprotecting];
    if !recovered.contains(&believed.phase) || believed.owes() {
        return Vec::new();
    }
    let seen =
        groups.into_iter().filter(|group| answers(&group.protected) && answers(&group.recovery));
    let back = seen.flat_map(|group| {
        let left = if believed.is_reversed() { &group.recovery } else { &group.protected };
        group.inside().filter(move |member| member.at == *left).map(|member| &*member.name)
    });
    back.collect()
}
