//! How often a guest was given its addresses in vain. Each try changes something in the guest, so that what fails
//! is tried a few times, further and further apart, and then left alone until the guest starts again or is to have
//! other ones. Why it failed is kept for whoever looks.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use muster_plans::graph::Address;
use tokio::time::Instant;
use uuid::Uuid;

/// The first wait; each other is twice the one before.
const FIRST: Duration = Duration::from_secs(20);

/// How often it is tried.
const TRIES: u32 = 5;

/// A VM, and the number of its start.
type Life = (Uuid, i32);

/// By life, what came of it.
#[derive(Default)]
pub(super) struct Addressing(HashMap<Life, Given>);

enum Given {
    Done,
    InVain { wanted: BTreeMap<String, Address>, tries: u32, next: Instant, why: String },
}

impl Addressing {
    /// Whether it is to be tried now.
    pub(super) fn is_due(
        &self,
        life: Life,
        wanted: &BTreeMap<String, Address>,
        now: Instant,
    ) -> bool {
        match self.0.get(&life) {
            None => true,
            Some(Given::Done) => false,
            Some(Given::InVain { wanted: before, tries, next, .. }) => {
                before != wanted || (*tries < TRIES && *next <= now)
            }
        }
    }

    pub(super) fn done(&mut self, life: Life) {
        self.begin(life);
        self.0.insert(life, Given::Done);
    }

    pub(super) fn failed(
        &mut self,
        life: Life,
        wanted: &BTreeMap<String, Address>,
        why: String,
        now: Instant,
    ) {
        self.begin(life);
        let before = match self.0.get(&life) {
            Some(Given::InVain { wanted: before, tries, .. }) if before == wanted => *tries,
            _ => 0,
        };
        let next = now + FIRST * 2_u32.saturating_pow(before);
        let wanted = wanted.clone();
        self.0.insert(life, Given::InVain { wanted, tries: before + 1, next, why });
    }

    /// Why a VM has not got its addresses; `None`: it has, or nobody has tried.
    pub(super) fn why(&self, life: Life) -> Option<String> {
        match self.0.get(&life)? {
            Given::Done => None,
            Given::InVain { tries, why, .. } if *tries >= TRIES => {
                Some(format!("given up after {tries} tries: {why}"))
            }
            Given::InVain { why, .. } => Some(why.clone()),
        }
    }

    /// Earlier lives of the same VM are over.
    fn begin(&mut self, life: Life) {
        self.0.retain(|known, _| known.0 != life.0 || *known == life);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_less_and_less_and_then_left_alone() {
        let (mut all, now) = (Addressing::default(), Instant::now());
        let life = (Uuid::from_u128(1), 3);
        let wanted = |to: &str| {
            let address = Address { addresses: vec![to.parse().unwrap()], ..Address::default() };
            BTreeMap::from([("52:54:00:00:00:01".to_owned(), address)])
        };
        let (first, other) = (wanted("10.0.0.1/24"), wanted("10.0.0.2/24"));
        assert!(all.is_due(life, &first, now) && all.why(life).is_none());
        let mut at = now;
        for wait in [20, 40, 80, 160] {
            all.failed(life, &first, "no ip".to_owned(), at);
            assert!(!all.is_due(life, &first, at + Duration::from_secs(wait - 1)));
            at += Duration::from_secs(wait);
            assert!(all.is_due(life, &first, at));
        }
        assert_eq!(all.why(life).as_deref(), Some("no ip"));
        all.failed(life, &first, "no ip".to_owned(), at);
        assert!(!all.is_due(life, &first, at + Duration::from_secs(86_400)));
        assert_eq!(all.why(life).as_deref(), Some("given up after 5 tries: no ip"));
        // Other ones, and another start, are tried anew.
        assert!(all.is_due(life, &other, at));
        all.failed(life, &other, "no".to_owned(), at);
        assert!(all.is_due(life, &other, at + Duration::from_secs(20)));
        let next = (life.0, 4);
        assert!(all.is_due(next, &other, at));
        all.done(next);
        assert!(
            !all.is_due(next, &other, at) && all.why(next).is_none() && all.why(life).is_none()
        );
    }
}
