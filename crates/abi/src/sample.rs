//! What a sampling source knows about one overflow of a perf event.

use crate::{Cpu, Pid};

/// Marks the kernel part of a recorded callchain (`PERF_CONTEXT_KERNEL`).
pub const PERF_CONTEXT_KERNEL: u64 = -128i64 as u64;
/// Marks the user part of a recorded callchain (`PERF_CONTEXT_USER`).
pub const PERF_CONTEXT_USER: u64 = -512i64 as u64;

/// One word of a callchain: an instruction address or a `PERF_CONTEXT_*` marker.
pub type CallchainEntry = u64;

/// x86-64 registers in the order of `struct pt_regs`, which is the head of `bpf_perf_event_data`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the register names")]
pub struct X86Regs {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub bp: u64,
    pub bx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub ax: u64,
    pub cx: u64,
    pub dx: u64,
    pub si: u64,
    pub di: u64,
    /// perf does not offer it: -1 unless the source knows better.
    pub orig_ax: u64,
    pub ip: u64,
    pub cs: u64,
    pub flags: u64,
    pub sp: u64,
    pub ss: u64,
}

impl X86Regs {
    /// The 21 words in the order of `struct pt_regs`.
    #[must_use]
    pub const fn words(&self) -> [u64; 21] {
        [
            self.r15,
            self.r14,
            self.r13,
            self.r12,
            self.bp,
            self.bx,
            self.r11,
            self.r10,
            self.r9,
            self.r8,
            self.ax,
            self.cx,
            self.dx,
            self.si,
            self.di,
            self.orig_ax,
            self.ip,
            self.cs,
            self.flags,
            self.sp,
            self.ss,
        ]
    }

    /// Tells whether the registers were taken in user mode (by the code segment's privilege level).
    #[must_use]
    pub const fn is_user_mode(&self) -> bool {
        self.cs & 3 == 3
    }
}

/// Registers of user space at the sample (`PERF_SAMPLE_REGS_USER`), when it had any.
pub type UserRegs = Option<X86Regs>;

/// User stack bytes copied at the sample (`PERF_SAMPLE_STACK_USER`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserStack {
    /// The address of the first byte: the stack pointer at the sample.
    pub start: u64,
    /// The bytes, lowest address first.
    pub bytes: Vec<u8>,
}

/// A counter read at the sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterValue {
    /// The count.
    pub counter: u64,
    /// Nanoseconds that the event was enabled.
    pub enabled: u64,
    /// Nanoseconds that it was counting.
    pub running: u64,
}

/// One branch of a branch stack: `struct perf_branch_entry`, 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BranchEntry {
    /// Address of the branch insn.
    pub from: u64,
    /// Address that it went to.
    pub to: u64,
    /// The third word with its bit fields, as the kernel laid it out.
    pub flags: u64,
}

impl BranchEntry {
    /// Tells whether the branch was mispredicted (bit 0).
    #[must_use]
    pub const fn is_mispredicted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Tells whether the branch was predicted (bit 1); where neither this nor the other holds, the CPU does not say.
    #[must_use]
    pub const fn is_predicted(&self) -> bool {
        self.flags & 2 != 0
    }

    /// CPU cycles since the branch before it (bits 4 to 19), 0 when unknown.
    #[must_use]
    pub const fn cycles(&self) -> u16 {
        (self.flags >> 4) as u16
    }
}

/// One overflow of a perf event, as every source describes it.
///
/// What a source cannot know is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Instruction address at the overflow.
    pub ip: u64,
    /// Process.
    pub pid: Pid,
    /// Thread.
    pub tid: Pid,
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    pub time: u64,
    /// Data address, where the event has one; else 0.
    pub addr: u64,
    /// The CPU on which the event overflowed.
    pub cpu: Cpu,
    /// Period of this sample, in units of the event.
    pub period: u64,
    /// Value of the event itself, when it could be read.
    pub value: Option<CounterValue>,
    /// Registers at the interrupt (`PERF_SAMPLE_REGS_INTR`).
    pub regs: Option<X86Regs>,
    /// Registers of user space.
    pub user_regs: UserRegs,
    /// Addresses of the kernel part of the stack, innermost first, without markers.
    pub kernel_stack: Vec<u64>,
    /// Addresses of the user part of the stack, innermost first, without markers.
    pub user_stack: Vec<u64>,
    /// Copied user stack bytes, when they were asked for.
    pub user_stack_bytes: Option<UserStack>,
    /// Raw data of a tracepoint, when the event is one.
    pub raw: Vec<u8>,
    /// cgroup id, when it was asked for.
    pub cgroup: Option<u64>,
    /// The last branches, newest first, when they were asked for and the CPU records them.
    pub branch_stack: Option<Vec<BranchEntry>>,
    /// How costly the sampled event was, in units of the PMU (`PERF_SAMPLE_WEIGHT`).
    pub weight: Option<u64>,
    /// Where the data came from (`PERF_SAMPLE_DATA_SRC`, `union perf_mem_data_src`).
    pub data_src: Option<u64>,
    /// Why a transaction ended (`PERF_SAMPLE_TRANSACTION`).
    pub transaction: Option<u64>,
    /// Physical address of the data, 0 when the kernel hides it.
    pub phys_addr: Option<u64>,
}

impl Sample {
    /// A sample of a thread, in user space, of which nothing else is known.
    #[must_use]
    pub fn new(pid: Pid, tid: Pid) -> Self {
        Self { pid, tid, ..Self::default() }
    }

    /// Sets the instruction address.
    #[must_use]
    pub fn ip(mut self, ip: u64) -> Self {
        self.ip = ip;
        self
    }

    /// Sets the CPU.
    #[must_use]
    pub fn cpu(mut self, cpu: Cpu) -> Self {
        self.cpu = cpu;
        self
    }

    /// Sets the time, in nanoseconds of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn time(mut self, time: u64) -> Self {
        self.time = time;
        self
    }

    /// Sets the period, in units of the event.
    #[must_use]
    pub fn period(mut self, period: u64) -> Self {
        self.period = period;
        self
    }

    /// Sets the data address.
    #[must_use]
    pub fn addr(mut self, addr: u64) -> Self {
        self.addr = addr;
        self
    }

    /// Sets the user stack, innermost address first.
    #[must_use]
    pub fn user_stack(mut self, ips: &[u64]) -> Self {
        self.user_stack = ips.to_vec();
        self
    }

    /// Sets the kernel stack, innermost address first; with one, the sample was taken in the kernel unless its
    /// registers say otherwise.
    #[must_use]
    pub fn kernel_stack(mut self, ips: &[u64]) -> Self {
        self.kernel_stack = ips.to_vec();
        self
    }

    /// Sets the registers at the interrupt, and the instruction address with them.
    #[must_use]
    pub fn regs(mut self, regs: X86Regs) -> Self {
        (self.ip, self.regs) = (regs.ip, Some(regs));
        self
    }

    /// Tells whether the overflow interrupted user space.
    #[must_use]
    pub fn is_user_mode(&self) -> bool {
        match &self.regs {
            Some(regs) => regs.is_user_mode(),
            None => self.kernel_stack.is_empty(),
        }
    }
}
