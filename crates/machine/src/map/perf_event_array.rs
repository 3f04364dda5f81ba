//! PERF_EVENT_ARRAY: `kernel/bpf/arraymap.c`, `kernel/trace/bpf_trace.c`.

use std::collections::BTreeMap;

use parking_lot::RwLock;
use skep_abi::{CounterValue, Cpu, Errno};

/// The bits of an index in flags (`BPF_F_INDEX_MASK`); all of them mean this CPU's (`BPF_F_CURRENT_CPU`).
pub const INDEX_MASK: u64 = 0xffff_ffff;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfSlot {
    /// The CPU that the event counts on.
    pub cpu: Cpu,
    /// Whether it is a `PERF_COUNT_SW_BPF_OUTPUT` event, which takes records.
    pub is_output: bool,
    /// What the event counted, where it counts and the machine was told.
    pub value: Option<CounterValue>,
}

/// Slots for perf events.
#[derive(Debug)]
pub struct PerfEventArray {
    slots: RwLock<BTreeMap<u32, PerfSlot>>,
    len: u32,
}

impl PerfEventArray {
    pub(crate) fn new(len: u32) -> Self {
        Self { slots: RwLock::default(), len }
    }

    /// Number of slots.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no slots, which no such map has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an event into a slot, as user space does.
    ///
    /// # Errors
    /// `E2BIG` past the end.
    pub fn set(&self, index: u32, slot: PerfSlot) -> Result<(), Errno> {
        if index >= self.len {
            return Err(Errno::E2BIG);
        }
        self.slots.write().insert(index, slot);
        Ok(())
    }

    /// Empties a slot.
    ///
    /// # Errors
    /// `E2BIG` past the end, `ENOENT` when it is empty.
    pub fn delete(&self, index: u32) -> Result<(), Errno> {
        if index >= self.len {
            return Err(Errno::E2BIG);
        }
        self.slots.write().remove(&index).map(drop).ok_or(Errno::ENOENT)
    }

    /// Puts a BPF output event of each CPU into the slot with its number, as libbpf's `perf_buffer` does.
    pub fn open_outputs(&self, cpus: u32) {
        let mut slots = self.slots.write();
        for cpu in 0..cpus.min(self.len) {
            slots.insert(cpu, PerfSlot { cpu: Cpu(cpu), is_output: true, value: None });
        }
    }

    /// The slot that `flags` name for a program on `cpu`: an index, or this CPU's.
    ///
    /// # Errors
    /// `EINVAL` for other bits, `E2BIG` past the end, `ENOENT` when it is empty.
    pub fn select(&self, cpu: Cpu, flags: u64) -> Result<PerfSlot, Errno> {
        if flags & !INDEX_MASK != 0 {
            return Err(Errno::EINVAL);
        }
        let index = if flags == INDEX_MASK { cpu.0 } else { flags as u32 };
        if index >= self.len {
            return Err(Errno::E2BIG);
        }
        self.slots.read().get(&index).copied().ok_or(Errno::ENOENT)
    }

    /// The checks of `bpf_perf_event_output` before it writes.
    ///
    /// # Errors
    /// Those of [`Self::select`], `EINVAL` when the event takes no records, `EOPNOTSUPP` when it is
    /// another CPU's.
    pub fn check_output(&self, cpu: Cpu, flags: u64) -> Result<(), Errno> {
        let slot = self.select(cpu, flags)?;
        if !slot.is_output {
            return Err(Errno::EINVAL);
        }
        if slot.cpu != cpu {
            return Err(Errno::EOPNOTSUPP);
        }
        Ok(())
    }
}
