//! Lists and trees of allocated objects.

use crate::env::Env;

/// Whether the path is within a callback of a tree operation, which runs with the tree's lock held
/// (`in_rbtree_lock_required_cb`).
pub(crate) fn in_tree_callback(_env: &Env<'_>) -> bool {
    false
}
