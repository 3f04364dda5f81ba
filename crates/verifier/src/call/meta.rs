//! What the arguments of a helper's call tell of its result and effects (`struct bpf_call_arg_meta`).

use skep_abi::HelperProto;
use skep_btf::TypeId;
use skep_isa::Reg;

use super::{MapRef, RawStack};
use crate::fields::Kptr;

/// Gathered while the arguments are checked, in their order.
#[derive(Debug)]
pub(crate) struct Meta {
    /// What is called.
    pub(crate) proto: &'static HelperProto,
    /// The map argument, or the map that a timer lies in.
    pub(crate) map: Option<MapRef>,
    /// The argument that is released.
    pub(crate) release: Option<Reg>,
    /// The reference that an argument carries; 0 when none does.
    pub(crate) ref_id: u32,
    /// The register of uninitialised stack, and the stack, that the call writes.
    pub(crate) raw: Option<(Reg, RawStack)>,
    /// The size of an allocation.
    pub(crate) mem_size: u64,
    /// The greatest size of memory passed.
    pub(crate) max_size: u64,
    /// The callback.
    pub(crate) subprog: u32,
    /// The dynptr that the result is a slice of; 0 when none.
    pub(crate) dynptr_id: u32,
    /// The type of a per-CPU object.
    pub(crate) percpu: Option<Percpu>,
    /// The kptr field that is exchanged.
    pub(crate) kptr: Option<Kptr>,
    /// The key, when it is known and that may tell that the element exists.
    pub(crate) map_key: Option<u64>,
}

/// A per-CPU object that is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percpu {
    /// Whether its type is of the program's BTF.
    pub(crate) local: bool,
    /// Its type.
    pub(crate) id: TypeId,
    /// Whether RCU keeps it alive: the program allocated it.
    pub(crate) is_rcu: bool,
}

impl Meta {
    /// Nothing is known before the first argument.
    pub(crate) fn new(proto: &'static HelperProto) -> Self {
        Self {
            proto,
            map: None,
            release: None,
            ref_id: 0,
            raw: None,
            mem_size: 0,
            max_size: 0,
            subprog: 0,
            dynptr_id: 0,
            percpu: None,
            kptr: None,
            map_key: None,
        }
    }
}
