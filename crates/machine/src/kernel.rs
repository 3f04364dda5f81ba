//! What a helper or kfunc sees while a program runs: the machine, the CPU, the task, the sample.

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType, Sample};

use crate::{Fault, Machine, Memory, ObjType, PerfEvent, user};

/// Memory of the sampled process, beyond the stack bytes that a sample carries.
pub trait UserMemory: Sync {
    /// Reads exactly `into.len()` bytes at `addr` of process `pid`.
    ///
    /// # Errors
    /// `EFAULT` when any byte cannot be read.
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno>;
}

/// No process has memory: every read fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoUserMemory;

impl UserMemory for NoUserMemory {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

/// One run of a program on one CPU, from its first instruction to its end, tail calls included.
pub struct Run<'m> {
    /// The machine it runs on.
    pub machine: &'m Machine,
    /// The CPU it runs on.
    pub cpu: Cpu,
    /// The program that is running; a tail call changes it.
    pub prog: ProgId,
    /// Its type.
    pub prog_type: ProgType,
    /// Its context.
    pub ctx: Addr,
    /// The current thread.
    pub task: Pid,
    /// The overflow that is handled, for perf_event programs.
    pub sample: Option<&'m Sample>,
    /// The event that overflowed.
    pub event: Option<&'m PerfEvent>,
    /// The cookie of the link; 0 without one.
    pub cookie: u64,
    /// Memory of sampled processes.
    pub user: &'m dyn UserMemory,
}

impl<'m> Run<'m> {
    /// The machine's memory.
    #[must_use]
    pub fn memory(&self) -> &'m Memory {
        self.machine.memory()
    }

    /// `CLOCK_MONOTONIC` as of the sample, in nanoseconds; 0 for a run without one.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.sample.map_or(0, |sample| sample.time)
    }

    /// Reads memory of the sampled process: the stack bytes that the sample recorded, else what its
    /// [`UserMemory`] says.
    ///
    /// # Errors
    /// `EFAULT` when any byte cannot be read or is not of user space.
    pub fn read_user(&self, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        user::read(self, addr, into)
    }
}

/// The program that is running, for calls that come back to it.
pub trait Invoke {
    /// The struct with this number in its BTF that it may allocate.
    fn obj_type(&self, id: u64) -> Option<Arc<ObjType>>;

    /// Calls the subprogram at code address `func` with R1 to R5; returns its R0.
    ///
    /// # Errors
    /// Whatever stops the callback stops the caller too.
    fn invoke(&mut self, run: &mut Run<'_>, func: Addr, args: [u64; 5]) -> Result<u64, Stop>;
}

/// Why a call does not return to the insn after it.
#[derive(Debug)]
pub enum Stop {
    /// The program did what it must not.
    Fault(Fault),
    /// The program is replaced by another one.
    TailCall(ProgId),
    /// The program ends with an exception, which carries this cookie (`bpf_throw`).
    Throw(u64),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a call gets: the run, and the way back into the program.
pub struct Kernel<'k, 'm> {
    /// The run that made the call.
    pub run: &'k mut Run<'m>,
    /// The engine that runs callbacks.
    pub vm: &'k mut dyn Invoke,
}
