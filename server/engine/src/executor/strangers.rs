//! Leases of others, and since when each is as it is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use muster_plans::id::RunId;
use muster_plans::time::Span;

use crate::ports::LeaseSight;

struct Seen {
    sight: LeaseSight,
    /// On the steady clock.
    since: Span,
    last: Span,
}

/// Leases of others. Nobody can compare two machines' clocks, but everybody can see whether a lease is
/// renewed.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashMap<RunId, Seen>>);

impl Strangers {
    /// Takes a look at `now`; whether nothing has changed about the lease for so long.
    pub(crate) fn is_deserted(
        &self,
        run: RunId,
        sight: &LeaseSight,
        now: Span,
        patience: Span,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Runs that nobody asks for any more are over.
        all.retain(|_, seen| now.0 - seen.last.0 <= patience.0 * 16);
        let seen =
            all.entry(run).or_insert_with(|| Seen { sight: sight.clone(), since: now, last: now });
        seen.last = now;
        if seen.sight != *sight {
            (seen.sight, seen.since) = (sight.clone(), now);
        }
        now.0 - seen.since.0 >= patience.0
    }
}

#[cfg(test)]
mod tests {
    use muster_plans::id::RunId;
    use muster_plans::time::{Span, Time};

    use super::Strangers;
    use crate::ports::{Fence, LeaseSight, OwnerId};

    #[test]
    fn a_lease_is_deserted_when_it_has_not_changed_for_long() {
        let (strangers, run, patience) =
            (Strangers::default(), RunId(uuid::Uuid::nil()), Span::secs(30));
        let sight = |until| LeaseSight {
            fence: Fence { owner: OwnerId("one".into()), epoch: 1, incarnation: 1 },
            until: Time(until),
        };
        // When it was seen, until when it was said to hold, and whether it counts as deserted.
        let looks = [
            (0, 1000, false),
            (29, 1000, false),
            (30, 1000, true),
            (31, 2000, false), // renewed
            (60, 2000, false),
            (61, 2000, true),
            (900, 2000, false), // not looked at for so long that nobody remembers
        ];
        for (at, until, expected) in looks {
            let found = strangers.is_deserted(run, &sight(until), Span::secs(at), patience);
            assert_eq!(found, expected, "at {at} s");
        }
    }
}
