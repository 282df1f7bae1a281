//! Whether a fence holds.

use ipnet::IpNet;
use muster_contract::FenceState;
use muster_plans::time::{Span, Time};

use crate::said::Blocklist;

/// How much longer an entry must hold than now.
const MARGIN: Span = Span::mins(60);

/// `list` is what the cluster that the other site's hosts write to says now; `None`: it does not answer.
///
/// An entry that is read back was agreed on by the monitors. A storage daemon learns of it before it does anything
/// for a client that knows of it, and the adapter that promotes does: so nothing of the fenced site is written
/// after the first read of the promoting side.
///
/// `shared`: it is this site's cluster as well. Then it is not enough to have asked: it has said itself that the
/// fence is not there.
pub(crate) fn fence(
    raised: bool,
    shared: bool,
    clients: &[IpNet],
    list: Option<&Blocklist>,
    now: Time,
) -> FenceState {
    match list {
        _ if !raised => FenceState::Unfenced,
        Some(list) if !clients.is_empty() && holds(clients, list, now) => FenceState::Fenced,
        Some(_) if shared => FenceState::Unfenced,
        _ => FenceState::Asked,
    }
}

/// Whether all hosts are kept out.
pub(crate) fn holds(clients: &[IpNet], list: &Blocklist, now: Time) -> bool {
    clients.iter().all(|net| list.holds(net, now + MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_holds_when_all_hosts_are_read_back() {
        let nets: Vec<IpNet> = vec!["10.0.0.0/24".parse().unwrap(), "10.1.0.7/32".parse().unwrap()];
        let far = Time(10_000_000_000);
        let list = |held: &[IpNet], until| Blocklist(held.iter().map(|n| (*n, until)).collect());
        let now = Time(0);
        let state = |raised, list: Option<&Blocklist>| fence(raised, false, &nets, list, now);
        assert_eq!(state(true, Some(&list(&nets, far))), FenceState::Fenced);
        assert_eq!(state(true, Some(&list(&nets[..1], far))), FenceState::Asked);
        assert_eq!(state(true, Some(&list(&nets, Time(60_000)))), FenceState::Asked);
        assert_eq!(state(true, None), FenceState::Asked);
        assert_eq!(state(false, Some(&list(&nets, far))), FenceState::Unfenced);
        assert_eq!(fence(true, false, &[], Some(&list(&[], far)), now), FenceState::Asked);
        let shared = |held: &[IpNet]| fence(true, true, &nets, Some(&list(held, far)), now);
        assert_eq!(
            shared(&nets[..1]),
            FenceState::Unfenced,
            "the cluster itself says that it is not"
        );
        assert_eq!(shared(&nets), FenceState::Fenced);
    }
}
