//! What is being carried out.

use std::sync::PoisonError;

use super::Cdp;

/// Counts an operation as under way until it is dropped, also where whoever asked went away.
pub(crate) struct UnderWay<'a> {
    store: &'a Cdp,
    object: String,
}

impl Cdp {
    pub(crate) fn under_way(&self, object: String) -> UnderWay<'_> {
        let mut counts = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(object.clone()).or_default() += 1;
        UnderWay { store: self, object }
    }

    /// Whether nothing that was asked of an object can still have an effect: an operation ends with its
    /// future, and servers with the mirror.
    pub(crate) fn idle(&self, object: &str) -> bool {
        let copies = |id: &str| {
            self.find(&id.into()).is_some_and(|group| group.incoming.try_lock().is_err())
        };
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        !under_way.contains_key(object) && !object.strip_prefix("group/").is_some_and(copies)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.store.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.object) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.object);
            }
        }
    }
}
