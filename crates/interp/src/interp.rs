//! The interpreter of one machine: its programs, and how strictly they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use skep_machine::Run;

use crate::vm::Vm;
use crate::{DEFAULT_BUDGET, ProgStore, Program, Trap};

/// Runs programs; threads that run different CPUs share it.
#[derive(Debug)]
pub struct Interp {
    pub(crate) progs: ProgStore,
    budget: AtomicU64,
    may_read_uninit_stack: AtomicBool,
    uninit_stack_byte: AtomicU8,
    pub(crate) callx_calls_helpers: bool,
}

impl Default for Interp {
    fn default() -> Self {
        Self::new()
    }
}

impl Interp {
    /// An interpreter without programs, with the default budget.
    #[must_use]
    pub fn new() -> Self {
        Self {
            progs: ProgStore::default(),
            budget: AtomicU64::new(DEFAULT_BUDGET),
            may_read_uninit_stack: AtomicBool::new(false),
            uninit_stack_byte: AtomicU8::new(0),
            callx_calls_helpers: false,
        }
    }

    /// Sets the number of insns that one run may take, tail calls and callbacks included.
    #[must_use]
    pub fn budget(self, insns: u64) -> Self {
        self.set_budget(insns);
        self
    }

    /// The same for runs that begin from now on.
    pub fn set_budget(&self, insns: u64) {
        self.budget.store(insns, Relaxed);
    }

    pub(crate) fn insns(&self) -> u64 {
        self.budget.load(Relaxed)
    }

    /// Lets programs read stack bytes that they never wrote, which are then zero ([`Self::set_uninit_stack_byte`]).
    ///
    /// *Kernel*: since 6.3 the verifier allows it to programs loaded with `CAP_PERFMON`; what they see there is
    /// whatever was on the kernel's stack.
    #[must_use]
    pub fn allow_uninit_stack(self, allow: bool) -> Self {
        self.set_allow_uninit_stack(allow);
        self
    }

    /// The same for runs that begin from now on.
    pub fn set_allow_uninit_stack(&self, allow: bool) {
        self.may_read_uninit_stack.store(allow, Relaxed);
    }

    /// Sets what stack bytes that were never written hold, where they may be read, for runs that begin from now on; it
    /// is 0 else. What changes with it depends on what lay on the stack.
    pub fn set_uninit_stack_byte(&self, byte: u8) {
        self.uninit_stack_byte.store(byte, Relaxed);
    }

    /// What unwritten stack bytes hold; none where they may not be read.
    pub(crate) fn uninit_stack(&self) -> Option<u8> {
        let may_read = self.may_read_uninit_stack.load(Relaxed);
        may_read.then(|| self.uninit_stack_byte.load(Relaxed))
    }

    /// Lets `callx` call the helper whose number is in the register, as conformance tests do; Linux has no `callx`.
    #[must_use]
    pub const fn callx_calls_helpers(mut self, allow: bool) -> Self {
        self.callx_calls_helpers = allow;
        self
    }

    /// The programs that tail calls can reach.
    #[must_use]
    pub const fn progs(&self) -> &ProgStore {
        &self.progs
    }

    /// Runs a program on the run's CPU with its context in R1; returns R0.
    ///
    /// The caller holds the CPU ([`skep_machine::CpuState::enter`]): a CPU has one stack.
    ///
    /// # Errors
    /// A [`Trap`] when the program, or one that it tail-calls, does what it must not.
    pub fn run(&self, program: &Arc<Program>, run: &mut Run<'_>) -> Result<u64, Box<Trap>> {
        let ctx = run.ctx.0;
        self.run_with(program, run, &[ctx])
    }

    /// The same with any values in R1 and the registers after it, up to R5.
    ///
    /// # Errors
    /// As [`Interp::run`].
    pub fn run_with(
        &self,
        program: &Arc<Program>,
        run: &mut Run<'_>,
        args: &[u64],
    ) -> Result<u64, Box<Trap>> {
        let sections = run.machine.cpu(run.cpu).filter(|_| program.is_sleepable());
        sections.iter().for_each(|cpu| cpu.rcu_read_unlock());
        let ran = Vm::new(self, run).run(run, program, args);
        // One that trapped may have left a section open.
        sections.iter().for_each(|cpu| cpu.rcu_read_unlock());
        run.machine.irq_work();
        ran
    }
}
