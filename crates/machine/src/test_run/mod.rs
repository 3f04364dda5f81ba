//! `BPF_PROG_TEST_RUN`: a program run once or more on input that the caller makes up (`net/bpf/test_run.c`).
//!
//! What runs the program is handed in, so that this knows the input and the output of each program type and nothing
//! else.

mod flow_dissector;
mod raw_tp;
mod skb;
mod syscall;
#[cfg(test)]
mod tests;
mod xdp;

use skep_abi::{Addr, AttachType, Cpu, Errno, ProgType};

use crate::Machine;
use crate::memory::OutOfMemory;

/// What a program is run on. Which of these a program type takes is what the kernel says: it refuses the others.
#[derive(Clone, Debug, Default)]
pub struct TestRun<'a> {
    data: &'a [u8],
    data_out: Option<usize>,
    ctx: Option<&'a [u8]>,
    ctx_out: Option<usize>,
    repeat: u32,
    flags: u32,
    cpu: u32,
    batch_size: u32,
}

/// `BPF_F_TEST_RUN_ON_CPU`
const ON_CPU: u32 = 1;
/// `BPF_F_TEST_SKB_CHECKSUM_COMPLETE`
const CHECKSUM_COMPLETE: u32 = 4;

impl<'a> TestRun<'a> {
    /// No input at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The packet (`data_in`).
    #[must_use]
    pub fn data(mut self, data: &'a [u8]) -> Self {
        self.data = data;
        self
    }

    /// Room for the packet afterwards, in bytes (`data_size_out`); without this there is always enough.
    #[must_use]
    pub fn data_out(mut self, bytes: usize) -> Self {
        self.data_out = Some(bytes);
        self
    }

    /// The context (`ctx_in`): arguments of a raw tracepoint, `struct __sk_buff`, `struct xdp_md`, or whatever a syscall
    /// program takes.
    #[must_use]
    pub fn ctx(mut self, ctx: &'a [u8]) -> Self {
        self.ctx = Some(ctx);
        self
    }

    /// Room for the context afterwards, in bytes (`ctx_size_out`); without this there is always enough.
    #[must_use]
    pub fn ctx_out(mut self, bytes: usize) -> Self {
        self.ctx_out = Some(bytes);
        self
    }

    /// Times to run; 0 is once.
    #[must_use]
    pub fn repeat(mut self, times: u32) -> Self {
        self.repeat = times;
        self
    }

    /// `BPF_F_TEST_*`
    #[must_use]
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    /// The CPU to run a raw tracepoint on, with `BPF_F_TEST_RUN_ON_CPU` in the flags.
    #[must_use]
    pub fn cpu(mut self, cpu: u32) -> Self {
        self.cpu = cpu;
        self
    }

    /// Packets at once, for live frames.
    #[must_use]
    pub fn batch_size(mut self, packets: u32) -> Self {
        self.batch_size = packets;
        self
    }

    fn times(&self) -> u32 {
        self.repeat.max(1)
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestResult {
    /// The lower half of R0, of the last run.
    pub retval: u32,
    /// The packet afterwards.
    pub data: Vec<u8>,
    /// The context afterwards.
    pub ctx: Vec<u8>,
}

/// Why a test run gave no result.
#[derive(Debug, thiserror::Error)]
pub enum TestRunError<E> {
    /// The kernel's refusal of the input.
    #[error("{why}: {errno}")]
    Refused {
        /// The number.
        errno: Errno,
        /// The rule.
        why: String,
    },
    /// The program did not come to its end.
    #[error("{0}")]
    Program(E),
    /// The machine has no room.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

impl<E> TestRunError<E> {
    fn refused(errno: Errno, why: impl Into<String>) -> Self {
        Self::Refused { errno, why: why.into() }
    }

    fn invalid(why: impl Into<String>) -> Self {
        Self::refused(Errno::EINVAL, why)
    }
}

/// A program, as far as its test run depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Tested {
    /// Its type.
    pub prog_type: ProgType,
    /// Bytes of the context that it accesses, as the verifier found (`max_ctx_offset`).
    pub max_ctx_offset: u32,
    /// What it expects to be attached to.
    pub attach_type: Option<AttachType>,
}

/// Runs the program on a CPU with a context; gives R0.
pub type RunProgram<'r, E> = dyn FnMut(Cpu, Addr) -> Result<u64, E> + 'r;

/// The CPU that test runs take where none is asked for.
const CPU: Cpu = Cpu(0);

impl Machine {
    /// Runs a program for a test.
    ///
    /// # Errors
    /// What the kernel refuses, with its number; `ENOTSUPP` for program types that have no test runs; and what `run`
    /// fails with.
    pub fn test_run<E>(
        &self,
        tested: Tested,
        input: &TestRun<'_>,
        run: &mut RunProgram<'_, E>,
    ) -> Result<TestResult, TestRunError<E>> {
        match tested.prog_type {
            ProgType::SocketFilter
            | ProgType::SchedCls
            | ProgType::SchedAct
            | ProgType::CgroupSkb
            | ProgType::LwtIn
            | ProgType::LwtOut
            | ProgType::LwtXmit
            | ProgType::LwtSeg6local => skb::run(self, tested, input, run),
            ProgType::Xdp => xdp::run(self, tested, input, run),
            ProgType::FlowDissector => flow_dissector::run(self, input, run),
            ProgType::RawTracepoint => raw_tp::run(self, tested, input, run),
            ProgType::Syscall => syscall::run(self, tested, input, run),
            ProgType::Tracing | ProgType::SkLookup | ProgType::Netfilter | ProgType::StructOps => {
                let name = tested.prog_type.name();
                // DEVIATION(linux): the kernel also runs tracing programs (on functions of its own, where they are
                // attached), and sk_lookup, netfilter and struct_ops programs.
                Err(TestRunError::refused(
                    Errno::ENOTSUPP,
                    format!("skep does not run {name} programs for tests yet"),
                ))
            }
            other => Err(TestRunError::refused(
                Errno::ENOTSUPP,
                format!("Linux runs {} programs only where they are attached", other.name()),
            )),
        }
    }
}

/// `bpf_test_finish`: the packet as far as there is room for it.
fn data_out<E>(input: &TestRun<'_>, mut data: Vec<u8>) -> Result<Vec<u8>, TestRunError<E>> {
    match input.data_out {
        // Room of nothing is not asked for.
        Some(0) => Ok(Vec::new()),
        Some(room) if data.len() > room => {
            let why = format!("the packet has {} bytes, and there is room for {room}", data.len());
            data.clear();
            Err(TestRunError::refused(Errno::ENOSPC, why))
        }
        _ => Ok(data),
    }
}

/// `bpf_ctx_init`: the context struct of `size` bytes; what the caller gives beyond it must be zero, what is missing
/// becomes zero.
fn ctx_in<E>(input: &TestRun<'_>, size: usize) -> Result<Option<Vec<u8>>, TestRunError<E>> {
    let wants_none = input.ctx.is_none() && input.ctx_out.unwrap_or(0) == 0;
    if wants_none {
        return Ok(None);
    }
    let mut ctx = vec![0; size];
    let given = input.ctx.unwrap_or_default();
    if given.iter().skip(size).any(|byte| *byte != 0) {
        return Err(TestRunError::refused(Errno::E2BIG, "the context is longer than the struct"));
    }
    ctx.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
    Ok(Some(ctx))
}

/// `bpf_ctx_finish`
fn ctx_out<E>(input: &TestRun<'_>, ctx: Vec<u8>) -> Result<Vec<u8>, TestRunError<E>> {
    match input.ctx_out {
        Some(0) => Ok(Vec::new()),
        Some(room) if room < ctx.len() => Err(TestRunError::refused(
            Errno::ENOSPC,
            format!("the context has {} bytes, and there is room for {room}", ctx.len()),
        )),
        _ => Ok(ctx),
    }
}
