//! Whether a fence holds.

use muster_contract::FenceState;

use super::Power;
use crate::state::Hold;

/// What was read of the hosts of a site just now; `None`: one that cannot be read.
///
/// A host that is on can write: then the site is not fenced, whoever asked for it. One that cannot be read any more,
/// after all were proven to be off, is neither known to write nor known not to. Nothing is recorded where the site
/// would look before it writes again: so one that was never proven to be off is not even `Asked`.
pub(crate) fn fence(hold: Option<&Hold>, hosts: &[Option<Power>]) -> FenceState {
    let Some(hold) = hold else { return FenceState::Unfenced };
    if hosts.is_empty() || hosts.contains(&Some(Power::On)) {
        return FenceState::Unfenced;
    }
    match hosts.contains(&None) {
        false => FenceState::Fenced,
        true if hold.proven => FenceState::Asked,
        true => FenceState::Unfenced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_hosts_off_and_read_now_are_a_fence() {
        let (on, off) = (Some(Power::On), Some(Power::Off));
        let state = |proven, hosts: &[Option<Power>]| fence(Some(&Hold { proven }), hosts);
        for proven in [false, true] {
            assert_eq!(state(proven, &[off, off]), FenceState::Fenced);
            assert_eq!(state(proven, &[off, on]), FenceState::Unfenced);
            assert_eq!(state(proven, &[None, on]), FenceState::Unfenced);
            assert_eq!(state(proven, &[]), FenceState::Unfenced);
        }
        assert_eq!(state(true, &[off, None]), FenceState::Asked);
        assert_eq!(state(false, &[off, None]), FenceState::Unfenced);
        assert_eq!(fence(None, &[off]), FenceState::Unfenced, "nobody asked for it");
    }
}
