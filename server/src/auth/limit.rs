//! How often somebody may guess.
//!
//! Failures are counted for a user at an address, for an address, and for a user from anywhere. The
//! last one must not let a stranger shut an administrator out in a disaster: whoever sits at the
//! server itself is not subject to it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_plans::time::{Span, Time};

/// Failures are forgotten after this long.
const WINDOW: Span = Span::mins(15);
/// Of one user at one address.
const PAIR: u32 = 10;
/// Of one address, whoever is tried.
const ADDRESS: u32 = 50;
/// Of one user, wherever from.
const USER: u32 = 200;
/// Entries kept at most. When an attacker makes more, the oldest windows go first.
const ENTRIES: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, IpAddr),
    Address(IpAddr),
    User(String),
}

impl Key {
    fn limit(&self) -> u32 {
        match self {
            Key::Pair(..) => PAIR,
            Key::Address(_) => ADDRESS,
            Key::User(_) => USER,
        }
    }
}

/// Counts failures.
#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<HashMap<Key, (Time, u32)>>);

impl Limiter {
    /// `None`: go on. Otherwise how long to wait.
    pub(super) fn wait(&self, user: &str, address: IpAddr, now: Time) -> Option<Span> {
        let counts = self.lock();
        let left = |key: &Key| {
            let (since, failures) = counts.get(key)?;
            let over = *since + WINDOW;
            (*failures >= key.limit() && now < over).then(|| over.since(now))
        };
        keys(user, address).iter().filter_map(left).max()
    }

    /// One more wrong password.
    pub(super) fn failed(&self, user: &str, address: IpAddr, now: Time) {
        let mut counts = self.lock();
        if counts.len() >= ENTRIES {
            forget_old(&mut counts, now);
        }
        for key in keys(user, address) {
            let entry = counts.entry(key).or_insert((now, 0));
            if now.since(entry.0) >= WINDOW {
                *entry = (now, 0);
            }
            entry.1 = entry.1.saturating_add(1);
        }
    }

    /// The right password: this user at this address begins anew.
    pub(super) fn succeeded(&self, user: &str, address: IpAddr) {
        self.lock().remove(&Key::Pair(user.to_owned(), net(address)));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (Time, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_old(counts: &mut HashMap<Key, (Time, u32)>, now: Time) {
    counts.retain(|_, (since, _)| now.since(*since) < WINDOW);
    if counts.len() >= ENTRIES {
        let mut ages: Vec<Time> = counts.values().map(|(since, _)| *since).collect();
        ages.sort_unstable();
        let middle = ages[ages.len() / 2];
        counts.retain(|_, (since, _)| *since > middle);
    }
}

fn keys(user: &str, address: IpAddr) -> Vec<Key> {
    let address = net(address);
    let mut keys = vec![Key::Pair(user.to_owned(), address), Key::Address(address)];
    if !address.is_loopback() {
        keys.push(Key::User(user.to_owned()));
    }
    keys
}

/// Of IPv6 the network, since one host has as many addresses in it as it likes.
fn net(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let mut parts = v6.segments();
            parts[4..].fill(0);
            IpAddr::from(parts)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_700_000_000_000);

    fn fail(limiter: &Limiter, user: &str, address: &str, times: u32) {
        for _ in 0..times {
            limiter.failed(user, address.parse().unwrap(), NOW);
        }
    }

    fn wait(limiter: &Limiter, user: &str, address: &str) -> Option<Span> {
        limiter.wait(user, address.parse().unwrap(), NOW)
    }

    #[test]
    fn guesses_at_one_user_are_counted_at_their_address() {
        let limiter = Limiter::default();
        fail(&limiter, "alice", "192.0.2.1", PAIR - 1);
        assert_eq!(wait(&limiter, "alice", "192.0.2.1"), None);
        fail(&limiter, "alice", "192.0.2.1", 1);
        assert_eq!(wait(&limiter, "alice", "192.0.2.1"), Some(WINDOW));
        assert_eq!(wait(&limiter, "alice", "192.0.2.2"), None, "alice herself is not shut out");
        assert_eq!(wait(&limiter, "bob", "192.0.2.1"), None);
        let later = NOW + WINDOW;
        assert_eq!(limiter.wait("alice", "192.0.2.1".parse().unwrap(), later), None);
    }

    #[test]
    fn one_address_cannot_try_many_users() {
        let limiter = Limiter::default();
        for n in 0..ADDRESS {
            fail(&limiter, &format!("user{n}"), "2001:db8::1", 1);
        }
        assert_eq!(wait(&limiter, "somebody", "2001:db8::2"), Some(WINDOW), "the same network");
        assert_eq!(wait(&limiter, "somebody", "2001:db8:0:1::1"), None);
    }

    #[test]
    fn many_addresses_cannot_shut_out_who_sits_at_the_server() {
        let limiter = Limiter::default();
        for n in 0..250 {
            fail(&limiter, "admin", &format!("198.51.100.{n}"), 1);
        }
        assert_eq!(wait(&limiter, "admin", "203.0.113.9"), Some(WINDOW));
        assert_eq!(wait(&limiter, "admin", "127.0.0.1"), None);
        assert_eq!(wait(&limiter, "admin", "::1"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::default();
        for n in 0..30_000_u32 {
            limiter.failed("admin", IpAddr::from(n.to_be_bytes()), NOW + Span(u64::from(n)));
        }
        assert!(limiter.lock().len() <= ENTRIES + 3);
    }

    #[test]
    fn the_right_password_begins_anew() {
        let limiter = Limiter::default();
        fail(&limiter, "alice", "192.0.2.1", PAIR);
        limiter.succeeded("alice", "192.0.2.1".parse().unwrap());
        assert_eq!(wait(&limiter, "alice", "192.0.2.1"), None);
    }
}
