//! Fields of values and allocated objects with a meaning of their own (`struct btf_record`): locks, timers, kptrs,
//! list heads and nodes, trees, reference counts.

/// Fields of a map's value.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapFields {}
