//! Who goes next, where what they need is limited.
//!
//! Steps queue by class: all steps of one class need the same units of the same resources. A class
//! whose head does not fit is parked at the resource that is short, and looked at again only when
//! that resource has room: nothing here ever walks over all that waits.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use muster_plans::graph::StepIx;

/// One that waits: higher keys first, then lower steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) key: u32,
    pub(super) step: Reverse<StepIx>,
    pub(super) seq: u64,
}

/// A class in a queue of classes: by the key of its head.
type Head = (Reverse<u32>, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Open,
    Parked(u32),
}

#[derive(Clone, Debug)]
struct Class {
    needs: Box<[(u32, u32)]>,
    queue: BinaryHeap<Item>,
    place: Place,
    head: u32,
    woken_by: Option<u32>,
}

/// A set of limited resources and the queues before it.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// Free units; below zero where a claim was made over the limit.
    room: Vec<i64>,
    classes: Vec<Class>,
    open: BTreeSet<Head>,
    parked: Vec<BTreeSet<Head>>,
}

impl Pool {
    /// `caps` by resource, `needs` by class. What needs more than there is may have all of it.
    pub(super) fn new(caps: &[u32], needs: &[Vec<(u32, u32)>]) -> Pool {
        let clamp = |(resource, units): &(u32, u32)| {
            (*resource, (*units).min(caps[*resource as usize].max(1)))
        };
        let class = |needs: &Vec<(u32, u32)>| Class {
            needs: needs.iter().map(clamp).collect(),
            queue: BinaryHeap::new(),
            place: Place::Nowhere,
            head: 0,
            woken_by: None,
        };
        Pool {
            room: caps.iter().map(|cap| i64::from((*cap).max(1))).collect(),
            classes: needs.iter().map(class).collect(),
            open: BTreeSet::new(),
            parked: vec![BTreeSet::new(); caps.len()],
        }
    }

    /// One more waits.
    pub(super) fn push(&mut self, class: u32, item: Item) {
        let entry = &mut self.classes[class as usize];
        entry.queue.push(item);
        if entry.place == Place::Nowhere || item.key > entry.head {
            let place = if entry.place == Place::Nowhere { Place::Open } else { entry.place };
            self.put(class, place);
        }
    }

    /// Takes the first that fits, and what it needs.
    pub(super) fn take(&mut self) -> Option<Item> {
        loop {
            let class = self.open.first()?.1;
            let woken_by = self.classes[class as usize].woken_by.take();
            let taken = match self.short_of(class) {
                Some(resource) => {
                    self.put(class, Place::Parked(resource));
                    None
                }
                None => self.take_head(class),
            };
            let parked_again = self.classes[class as usize].place;
            if let Some(resource) = woken_by
                && parked_again != Place::Parked(resource)
            {
                self.wake_one(resource);
            }
            if taken.is_some() {
                return taken;
            }
        }
    }

    fn take_head(&mut self, class: u32) -> Option<Item> {
        let item = self.classes[class as usize].queue.pop();
        let empty = self.classes[class as usize].queue.is_empty();
        self.put(class, if empty { Place::Nowhere } else { Place::Open });
        if item.is_some() {
            self.claim(class);
        }
        item
    }

    /// Takes what a class needs, whether it fits or not: for what is under way already.
    pub(super) fn claim(&mut self, class: u32) {
        for (resource, units) in &self.classes[class as usize].needs {
            self.room[*resource as usize] -= i64::from(*units);
        }
    }

    /// Gives back what one step of a class held.
    pub(super) fn release(&mut self, class: u32) {
        for at in 0..self.classes[class as usize].needs.len() {
            let (resource, units) = self.classes[class as usize].needs[at];
            self.room[resource as usize] += i64::from(units);
            self.wake_one(resource);
        }
    }

    /// Forgets all that wait; what is held stays held.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.parked.iter_mut().for_each(BTreeSet::clear);
        for class in &mut self.classes {
            class.queue.clear();
            class.place = Place::Nowhere;
            class.woken_by = None;
        }
    }

    fn short_of(&self, class: u32) -> Option<u32> {
        let mut needs = self.classes[class as usize].needs.iter();
        needs.find(|(r, units)| self.room[*r as usize] < i64::from(*units)).map(|(r, _)| *r)
    }

    /// The best of those that wait for a resource is looked at again. It passes the word on when it
    /// has taken its share, so one is enough.
    fn wake_one(&mut self, resource: u32) {
        if self.room[resource as usize] <= 0 {
            return;
        }
        if let Some((_, class)) = self.parked[resource as usize].first().copied() {
            self.put(class, Place::Open);
            self.classes[class as usize].woken_by = Some(resource);
        }
    }

    /// Puts a class where it belongs, under the key of its head.
    fn put(&mut self, class: u32, place: Place) {
        let entry = &mut self.classes[class as usize];
        let old = (Reverse(entry.head), class);
        match entry.place {
            Place::Nowhere => {}
            Place::Open => _ = self.open.remove(&old),
            Place::Parked(resource) => _ = self.parked[resource as usize].remove(&old),
        }
        entry.head = entry.queue.peek().map_or(0, |item| item.key);
        entry.place = place;
        let new = (Reverse(entry.head), class);
        match place {
            Place::Nowhere => {}
            Place::Open => _ = self.open.insert(new),
            Place::Parked(resource) => _ = self.parked[resource as usize].insert(new),
        }
    }
}
