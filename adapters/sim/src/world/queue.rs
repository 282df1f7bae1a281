//! What is going to happen.

use std::collections::BTreeMap;

use muster_contract::OpId;
use muster_plans::id::{ConsistencyGroupId, HostId, SiteName};
use muster_plans::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    /// An operation has its effect.
    Effect { site: SiteName, op: OpId },
    /// Half of its time has passed, and a fault may set in.
    HalfWay { site: SiteName, op: OpId },
    /// It has its effect a second time (fault F7).
    Again { site: SiteName, op: OpId },
    /// An operation that waited for another one gives up.
    Deadline { site: SiteName, op: OpId },
    /// A host has booted.
    HostUp { site: SiteName, host: HostId },
    /// A site that saw neither its peer nor the witness stops writing.
    SelfFence { site: SiteName, peer: SiteName, since: Time },
    /// VMs whose storage is gone are ended.
    StorageLost { site: SiteName, group: ConsistencyGroupId, since: Time },
    /// A leg has caught up.
    Resynced { group: ConsistencyGroupId, since: Time },
}

/// Events in the order of their instants, then in the order in which they were planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Queue {
    events: BTreeMap<(Time, u64), Event>,
    planned: u64,
}

impl Queue {
    pub(crate) fn plan(&mut self, at: Time, event: Event) {
        self.events.insert((at, self.planned), event);
        self.planned += 1;
    }

    /// The next event that is due.
    pub(crate) fn pop(&mut self, now: Time) -> Option<(Time, Event)> {
        let (&key, _) = self.events.first_key_value().filter(|((at, _), _)| *at <= now)?;
        self.events.remove(&key).map(|event| (key.0, event))
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    planned: u64,
    events: Vec<(Time, u64, Event)>,
}

impl Serialize for Queue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let events = self.events.iter().map(|((at, nr), e)| (*at, *nr, e.clone())).collect();
        Stored { planned: self.planned, events }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Queue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Queue, D::Error> {
        let Stored { planned, events } = Stored::deserialize(deserializer)?;
        Ok(Queue { planned, events: events.into_iter().map(|(at, nr, e)| ((at, nr), e)).collect() })
    }
}
