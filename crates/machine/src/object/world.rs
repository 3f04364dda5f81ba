//! What kernel objects live among.

use std::sync::Arc;

use crate::cpu::Rcu;
use crate::map::LocalStorages;
use crate::memory::Memory;

/// The machine's memory, the readers whom objects that go wait for, and what owners have in local storage.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) memory: Arc<Memory>,
    pub(crate) rcu: Arc<Rcu>,
    pub(crate) storages: Arc<LocalStorages>,
}
