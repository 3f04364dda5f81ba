//! What is alive, by number: what `bpftool prog`, `bpftool link` and `/proc/PID/fd` would list.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Things that are alive as long as somebody else holds them.
#[derive(Debug)]
pub(crate) struct Table<T> {
    last: AtomicU64,
    alive: Mutex<BTreeMap<u64, Weak<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { last: AtomicU64::new(0), alive: Mutex::default() }
    }
}

impl<T> Table<T> {
    /// A number that nothing had before, from 1.
    pub(crate) fn next_id(&self) -> u64 {
        self.last.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn insert(&self, id: u64, thing: &Arc<T>) {
        self.alive.lock().insert(id, Arc::downgrade(thing));
    }

    pub(crate) fn remove(&self, id: u64) {
        self.alive.lock().remove(&id);
    }

    /// All that is alive, by ascending number.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        // Whoever is the last to let go takes the lock to remove itself, so that nothing is dropped under it.
        let alive: Vec<Weak<T>> = self.alive.lock().values().cloned().collect();
        alive.iter().filter_map(Weak::upgrade).collect()
    }

    /// The one with this number.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<T>> {
        let found = self.alive.lock().get(&id).cloned();
        found.and_then(|thing| thing.upgrade())
    }
}
