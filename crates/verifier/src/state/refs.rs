//! References and locks that are held (`struct bpf_reference_state`).

/// What kind of thing is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RefKind {
    /// A reference that must be released.
    Ptr,
    /// Interrupts are disabled.
    Irq,
    /// A `bpf_spin_lock`.
    Lock,
    /// A `bpf_res_spin_lock`.
    ResLock,
    /// A `bpf_res_spin_lock` with interrupts disabled.
    ResLockIrq,
}

/// What a lock lies in; with the id of the pointer to it this identifies the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LockOwner {
    /// Nothing: no lock.
    None,
    /// A value of this map, or of a map within it.
    Map {
        /// Index into the program's maps.
        map: u32,
        /// Whether it is a map within.
        inner: bool,
    },
    /// An allocated object.
    Object,
}

/// One thing that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefState {
    /// What.
    pub(crate) kind: RefKind,
    /// Its id: `ref_id` of the registers that hold it; for locks, the id of the register of the lock.
    pub(crate) id: u32,
    /// The insn that acquired it.
    pub(crate) insn: u32,
    /// For locks: in what.
    pub(crate) owner: LockOwner,
    /// The frame of the callback that acquired it, where callbacks must release what they acquire; 0 otherwise.
    pub(crate) callback: u32,
}

/// Everything that is held, and the critical sections that the path is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refs {
    /// In the order of acquisition.
    pub(crate) held: Vec<RefState>,
    /// Number of spin locks held.
    pub(crate) active_locks: u32,
    /// Depth of `bpf_preempt_disable`.
    pub(crate) preempt: u32,
    /// Depth of `bpf_rcu_read_lock`.
    pub(crate) rcu: u32,
    /// Id of the innermost saved interrupt flag; 0 when none.
    pub(crate) irq_id: u32,
    /// Id of the last lock taken, and what it lies in.
    pub(crate) lock_id: u32,
    /// What the last lock lies in.
    pub(crate) lock_owner: Option<LockOwner>,
}

impl Refs {
    /// Whether a reference of this id is held.
    pub(crate) fn has(&self, id: u32) -> bool {
        self.held.iter().any(|r| r.kind == RefKind::Ptr && r.id == id)
    }

    /// Takes a reference away; tells whether it was held.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        let at = self.held.iter().position(|r| r.kind == RefKind::Ptr && r.id == id);
        at.map(|at| self.held.remove(at)).is_some()
    }

    /// Where a reference was acquired.
    pub(crate) fn acquired_at(&self, id: u32) -> Option<u32> {
        self.held.iter().find(|r| r.id == id).map(|r| r.insn)
    }
}
