//! Whether the same things are held in the same order (`refsafe`).

use crate::state::{IdMap, Refs};

/// References, locks and critical sections are the same but for the ids.
pub(super) fn same(old: &Refs, cur: &Refs, ids: &mut IdMap) -> bool {
    old.held.len() == cur.held.len()
        && old.active_locks == cur.active_locks
        && old.preempt == cur.preempt
        && old.rcu == cur.rcu
        && ids.check(old.irq_id, cur.irq_id)
        && ids.check(old.lock_id, cur.lock_id)
        && old.lock_owner == cur.lock_owner
        && old.held.iter().zip(&cur.held).all(|(old, cur)| {
            ids.check(old.id, cur.id)
                && old.kind == cur.kind
                && old.owner == cur.owner
                && old.callback == cur.callback
        })
}
