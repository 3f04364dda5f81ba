//! Maps with the kernel's semantics: `kernel/bpf/syscall.c` and a file per kind.
//!
//! Program-side operations are what the `bpf_map_*` helpers do: look-ups give addresses, updates touch
//! this CPU's value of a per-CPU map. User-side operations, which `bpf(2)` does, are [`UserSide`]'s.

mod def;

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, MapId, MapType, ProgId, ProgType};

pub use def::{MapDef, MapError, MapFlags, UpdateFlags};

/// A live map.
#[derive(Debug)]
pub struct Map {
    id: MapId,
    addr: Addr,
    def: MapDef,
}

impl Map {
    /// Its number in the machine.
    #[must_use]
    pub fn id(&self) -> MapId {
        self.id
    }

    /// Address of its `struct bpf_map`, which is what `ld_imm64` of a map gives.
    #[must_use]
    pub fn addr(&self) -> Addr {
        self.addr
    }

    /// How it was created.
    #[must_use]
    pub fn def(&self) -> &MapDef {
        &self.def
    }

    /// Kind.
    #[must_use]
    pub fn map_type(&self) -> MapType {
        self.def.map_type
    }

    /// Address of a value: this CPU's in a per-CPU map, the inner map's `struct bpf_map` in a map of maps.
    #[must_use]
    pub fn lookup(&self, _cpu: Cpu, _key: &[u8]) -> Option<Addr> {
        None
    }

    /// Address of the value of CPU `of` (`bpf_map_lookup_percpu_elem`); `None` in a map that is not
    /// per-CPU.
    #[must_use]
    pub fn lookup_percpu(&self, _key: &[u8], _of: Cpu) -> Option<Addr> {
        None
    }

    /// `bpf_map_update_elem` on a CPU: `value` has the map's value size.
    ///
    /// # Errors
    /// As the kernel's: `EINVAL`, `EEXIST`, `ENOENT`, `E2BIG`, `ENOMEM`.
    pub fn update(&self, _cpu: Cpu, _key: &[u8], _value: &[u8], _flags: u64) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// `bpf_map_delete_elem` on a CPU.
    ///
    /// # Errors
    /// As the kernel's.
    pub fn delete(&self, _cpu: Cpu, _key: &[u8]) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Starts `bpf_for_each_map_elem`.
    ///
    /// # Errors
    /// `EINVAL` for kinds that have no such walk.
    pub fn walk(&self) -> Result<Walk<'_>, Errno> {
        Ok(Walk { map: self })
    }

    /// The stack trace map behind `bpf_get_stackid`.
    #[must_use]
    pub fn stack_trace(&self) -> Option<&StackTrace> {
        None
    }

    /// The ring buffer behind `bpf_ringbuf_*`.
    #[must_use]
    pub fn ringbuf(&self) -> Option<&Ringbuf> {
        None
    }

    /// The slots behind `bpf_perf_event_output` and `bpf_perf_event_read`.
    #[must_use]
    pub fn perf_event_array(&self) -> Option<&PerfEventArray> {
        None
    }

    /// The slots behind `bpf_tail_call`.
    #[must_use]
    pub fn prog_array(&self) -> Option<&ProgArray> {
        None
    }
}

/// A walk over the elements of a map (`bpf_for_each_map_elem`).
#[derive(Debug)]
pub struct Walk<'m> {
    map: &'m Map,
}

impl Walk<'_> {
    /// Addresses of the next element's key and value: this CPU's value in a per-CPU map.
    pub fn next(&mut self, _cpu: Cpu) -> Option<(Addr, Addr)> {
        let _ = self.map;
        None
    }
}

/// A stack trace map.
#[derive(Debug)]
pub struct StackTrace;

impl StackTrace {
    /// Stores a stack, innermost address first, `skip` already dropped; gives its id
    /// (`__bpf_get_stackid`).
    ///
    /// # Errors
    /// `EEXIST` when another stack has the bucket, `ENOMEM` when no element is free.
    pub fn insert(&self, _cpu: Cpu, _ips: &[u64], _flags: u64) -> Result<u32, Errno> {
        Err(Errno::ENOSYS)
    }
}

/// A ring buffer.
#[derive(Debug)]
pub struct Ringbuf;

impl Ringbuf {
    /// Reserves `size` bytes: the record's address, `None` when they do not fit or `flags` is not 0.
    #[must_use]
    pub fn reserve(&self, _size: u64, _flags: u64) -> Option<Addr> {
        None
    }

    /// Submits (or discards) a reserved record.
    ///
    /// # Errors
    /// A [`crate::Fault`] when no reserved record starts there.
    pub fn commit(&self, _record: Addr, _flags: u64, _discard: bool) -> Result<(), crate::Fault> {
        Ok(())
    }

    /// Copies a record into the ring.
    ///
    /// # Errors
    /// `EINVAL` for unknown flags, `EAGAIN` when it does not fit.
    pub fn output(&self, _data: &[u8], _flags: u64) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// `bpf_ringbuf_query`: 0 for unknown flags.
    #[must_use]
    pub fn query(&self, _flags: u64) -> u64 {
        0
    }
}

/// What a slot of a PERF_EVENT_ARRAY holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfSlot {
    /// The CPU that the event counts on; `None` for a task event on any CPU.
    pub cpu: Option<Cpu>,
    /// Whether it is a `PERF_COUNT_SW_BPF_OUTPUT` event.
    pub is_output: bool,
}

/// Slots for perf events.
#[derive(Debug)]
pub struct PerfEventArray;

impl PerfEventArray {
    /// What a slot holds.
    #[must_use]
    pub fn get(&self, _index: u32) -> Option<PerfSlot> {
        None
    }

    /// Checks of `bpf_perf_event_output` before it writes: `flags` is an index or `BPF_F_CURRENT_CPU`.
    ///
    /// # Errors
    /// `EINVAL`, `E2BIG`, `ENOENT`, `EOPNOTSUPP` as the kernel.
    pub fn check_output(&self, _cpu: Cpu, _flags: u64) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
}

/// Slots for programs.
#[derive(Debug)]
pub struct ProgArray;

impl ProgArray {
    /// The program in a slot.
    #[must_use]
    pub fn get(&self, _index: u32) -> Option<ProgId> {
        None
    }

    /// Puts a program of this type into a slot.
    ///
    /// # Errors
    /// `E2BIG` past the end, `EINVAL` when the array belongs to programs of another type.
    pub fn set(&self, _index: u32, _prog: ProgId, _prog_type: ProgType) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }
}

/// A map that several hold.
pub type SharedMap = Arc<Map>;
