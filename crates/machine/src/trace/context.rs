//! The memory that contexts of tracing programs lie in: for each CPU a record (`perf_trace_buf`) and arguments.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use skep_abi::{Addr, Cpu};

use super::{MAX_ARGS, MAX_RECORD};
use crate::memory::{Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Window};

/// Contexts of all CPUs, made when the first program asks.
#[derive(Debug)]
pub(super) struct TraceContexts {
    records: OnceLock<Slab>,
    /// Bytes of each CPU's last record, beyond which all is zero.
    lens: Box<[AtomicU32]>,
    args: OnceLock<Slab>,
    cpus: u32,
}

impl TraceContexts {
    pub(super) fn new(cpus: u32) -> Self {
        let lens = (0..cpus).map(|_| AtomicU32::new(0)).collect();
        Self { records: OnceLock::new(), lens, args: OnceLock::new(), cpus }
    }

    /// Makes the memory for records.
    pub(super) fn prepare_records(&self, memory: &Memory) -> Result<(), OutOfMemory> {
        prepare(&self.records, memory, ("tracepoint", MAX_RECORD), self.cpus)
    }

    /// Makes the memory for arguments.
    pub(super) fn prepare_args(&self, memory: &Memory) -> Result<(), OutOfMemory> {
        prepare(&self.args, memory, ("raw tracepoint", 8 * MAX_ARGS as u64), self.cpus)
    }

    /// Puts a record into the CPU's buffer.
    // DEVIATION(linux): what lies behind the record is zero; in the kernel it is what earlier records left there.
    pub(super) fn record(&self, cpu: Cpu, record: &[u8]) -> Option<Addr> {
        let slab = self.records.get()?;
        let last = self.lens.get(cpu.0 as usize)?;
        if record.len() as u64 > MAX_RECORD {
            return None;
        }
        let (index, len) = (u64::from(cpu.0), record.len() as u32);
        slab.write(index, 0, record);
        let stale = last.swap(len, Relaxed).saturating_sub(len) as usize;
        if stale > 0 {
            slab.write(index, len.into(), &vec![0; stale]);
        }
        Some(slab.addr(index))
    }

    /// Puts arguments into the CPU's buffer, zeroes behind them.
    pub(super) fn args(&self, cpu: Cpu, args: &[u64]) -> Option<Addr> {
        let slab = self.args.get()?;
        if u64::from(cpu.0) >= slab.count() {
            return None;
        }
        let mut bytes = [0; 8 * MAX_ARGS];
        for (to, arg) in bytes.as_chunks_mut().0.iter_mut().zip(args) {
            *to = arg.to_le_bytes();
        }
        slab.write(cpu.0.into(), 0, &bytes);
        Some(slab.addr(cpu.0.into()))
    }
}

fn prepare(
    slot: &OnceLock<Slab>,
    memory: &Memory,
    (what, size): (&'static str, u64),
    cpus: u32,
) -> Result<(), OutOfMemory> {
    if slot.get().is_none() {
        let label = Label::percpu("context", what, 1);
        let mut spec = SlabSpec::new(Window::Contexts, size, u64::from(cpus), label);
        spec.rights = Rights::READ_ONLY;
        // Another thread may have been faster; its memory is as good.
        let _ = slot.set(memory.alloc(&spec)?);
    }
    Ok(())
}
