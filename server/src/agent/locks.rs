//! One lock per object, first come first served.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// Locks by name.
#[derive(Default)]
pub(super) struct Locks {
    held: Mutex<BTreeMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

impl Locks {
    /// Waits its turn; the object is free again when the guard is dropped.
    pub(super) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        self.of(name).lock_owned().await
    }

    fn of(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.get(name).and_then(Weak::upgrade) {
            return lock;
        }
        // Only what is in use stays, so that the map is as small as what is under way.
        held.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        held.insert(name.to_owned(), Arc::downgrade(&lock));
        lock
    }
}
