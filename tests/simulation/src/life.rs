//! One life of a server process: it can be killed or paused wherever it waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Where a server touches the world outside of its own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before records are handed to the database.
    BeforeAppend,
    /// They are durable; the server does not know yet.
    AfterAppend,
    /// Before an operation leaves for a site.
    BeforeCall,
    /// The answer has come and was not looked at.
    AfterCall,
    /// Anything else: a query, a lease, a look at the database.
    Elsewhere,
}

/// A crash that was ordered: at the `nth` time (from 0) that any server is at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Where.
    pub place: Place,
    /// At which visit.
    pub nth: u64,
}

/// Crashes that are ordered, and how often each place was visited.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    inner: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    visits: [u64; 5],
    orders: Vec<Crash>,
    carried_out: Vec<Crash>,
}

fn index(place: Place) -> usize {
    match place {
        Place::BeforeAppend => 0,
        Place::AfterAppend => 1,
        Place::BeforeCall => 2,
        Place::AfterCall => 3,
        Place::Elsewhere => 4,
    }
}

impl Orders {
    pub(crate) fn new(orders: Vec<Crash>) -> Orders {
        Orders { inner: Mutex::new(Book { orders, ..Book::default() }) }
    }

    /// Counts a visit; `true`: the server dies here.
    fn visit(&self, place: Place) -> bool {
        let mut book = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = book.visits[index(place)];
        book.visits[index(place)] += 1;
        let here = Crash { place, nth };
        let Some(found) = book.orders.iter().position(|order| *order == here) else { return false };
        let order = book.orders.remove(found);
        book.carried_out.push(order);
        true
    }

    /// How often each place was visited, and the orders that were carried out.
    pub(crate) fn told(&self) -> (Vec<(Place, u64)>, Vec<Crash>) {
        let book = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let places = [
            Place::BeforeAppend,
            Place::AfterAppend,
            Place::BeforeCall,
            Place::AfterCall,
            Place::Elsewhere,
        ];
        (
            places.iter().map(|place| (*place, book.visits[index(*place)])).collect(),
            book.carried_out.clone(),
        )
    }
}

/// A process from its start to its death.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) name: String,
    dead: AtomicBool,
    paused: AtomicBool,
    /// Rings when a pause is over, in the order in which tasks came to wait. (A `watch` channel would
    /// wake them in an order that differs from play to play.)
    resumed: Notify,
    orders: Arc<Orders>,
    /// Tells the stage that somebody died by an order.
    died: Arc<Notify>,
}

impl Life {
    pub(crate) fn new(name: String, orders: Arc<Orders>, died: Arc<Notify>) -> Life {
        Life {
            name,
            dead: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            resumed: Notify::new(),
            orders,
            died,
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    /// Dies by an order: somebody clears away what is left.
    pub(crate) fn die(&self) {
        self.kill();
        self.died.notify_one();
    }

    /// Stops the process where it stands, as SIGSTOP does; what it has sent goes on.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
        if !paused {
            self.resumed.notify_waiters();
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    /// The process is at this place. Dead processes never come back from here; paused ones not
    /// before they go on.
    pub(crate) async fn at(&self, place: Place) {
        if !self.is_dead() && self.orders.visit(place) {
            self.kill();
            self.died.notify_one();
        }
        self.go_on().await;
    }

    /// Waits while the process is paused, for ever when it is dead.
    pub(crate) async fn go_on(&self) {
        while self.is_paused() {
            self.resumed.notified().await;
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}
