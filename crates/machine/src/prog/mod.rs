//! Loaded programs: what they are called, who holds them, how often they ran (`kernel/bpf/syscall.c`).
//!
//! The machine does not know how insns run: whoever loads a program hands over its [`Executable`]. A program lives as
//! long as anybody holds it: a descriptor, a perf event, a link, a slot of a PROG_ARRAY.

mod counters;
mod table;

use std::fmt;
use std::sync::{Arc, OnceLock};

use skep_abi::{AttachType, ProgId, ProgType};

use crate::Run;

pub use counters::{Counters, CountersNow};
pub(crate) use table::Table;

/// Why a run did not come to its end, in the engine's own words.
pub type Trapped = Box<dyn std::error::Error + Send + Sync>;

/// The code of one program, and the engine that runs it.
pub trait Executable: fmt::Debug + Send + Sync {
    /// Runs the program with the run's context in R1; returns R0.
    ///
    /// The caller holds the run's CPU ([`crate::CpuState::enter`]).
    ///
    /// # Errors
    /// What the program did that it must not.
    fn run(&self, run: &mut Run<'_>) -> Result<u64, Trapped>;
}

/// What is known of a program besides its code (`struct bpf_prog` and `bpf_prog_aux`).
#[derive(Clone, Debug)]
pub struct ProgSpec {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub prog_type: ProgType,
    /// `expected_attach_type`.
    pub attach_type: Option<AttachType>,
    /// What the program was loaded for (`attach_func_name`), such as `task_newtask`.
    pub attach_to: Option<Arc<str>>,
    /// Whether a path calls `bpf_get_stackid` or `bpf_get_stack` (`call_get_stack`).
    pub calls_stack_walk: bool,
    /// The end of the context's bytes that it may access (`max_ctx_offset`).
    pub max_ctx_offset: u32,
    /// Whether it may sleep.
    pub sleepable: bool,
}

impl ProgSpec {
    /// A program of which nothing else is known.
    #[must_use]
    pub fn new(name: &str, prog_type: ProgType) -> Self {
        Self {
            name: name.into(),
            prog_type,
            attach_type: None,
            attach_to: None,
            calls_stack_walk: false,
            max_ctx_offset: 0,
            sleepable: false,
        }
    }
}

/// A loaded program. Whoever has an `Arc` of it holds it; the last one to let go unloads it.
#[derive(Debug)]
pub struct Prog {
    id: ProgId,
    spec: ProgSpec,
    code: Box<dyn Executable>,
    counters: Counters,
    first_trap: OnceLock<Trapped>,
    table: Arc<Table<Prog>>,
}

impl Prog {
    pub(crate) fn new(
        id: ProgId,
        spec: ProgSpec,
        code: Box<dyn Executable>,
        table: &Arc<Table<Self>>,
    ) -> Arc<Self> {
        let table_of_all = Arc::clone(table);
        let (counters, first_trap) = (Counters::default(), OnceLock::new());
        let prog = Arc::new(Self { id, spec, code, counters, first_trap, table: table_of_all });
        table.insert(u64::from(id.0), &prog);
        prog
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> ProgId {
        self.id
    }

    /// What is known of it.
    #[must_use]
    pub const fn spec(&self) -> &ProgSpec {
        &self.spec
    }

    /// Its type.
    #[must_use]
    pub const fn prog_type(&self) -> ProgType {
        self.spec.prog_type
    }

    /// How often it ran, and what came of it.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The first thing that it did and must not.
    #[must_use]
    pub fn first_trap(&self) -> Option<&Trapped> {
        self.first_trap.get()
    }

    /// Runs it once, uncounted and unattached, as a test run does.
    ///
    /// # Errors
    /// What it did that it must not.
    pub fn execute(&self, run: &mut Run<'_>) -> Result<u64, Trapped> {
        self.code.run(run)
    }

    /// Runs it and counts the run; `None` when it trapped.
    pub(crate) fn run(&self, run: &mut Run<'_>) -> Option<u64> {
        match self.code.run(run) {
            Ok(r0) => {
                self.counters.ran(r0);
                Some(r0)
            }
            Err(trap) => {
                self.counters.faulted();
                // Later ones are only counted.
                let _ = self.first_trap.set(trap);
                None
            }
        }
    }
}

impl Drop for Prog {
    fn drop(&mut self) {
        self.table.remove(u64::from(self.id.0));
    }
}
