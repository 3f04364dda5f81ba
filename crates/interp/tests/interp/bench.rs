//! A machine with memory to play with, and programs from text.

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType};
use skep_interp::{Interp, Program, ProgramSpec, Trap, TrapKind};
use skep_isa::assemble;
use skep_machine::memory::{Label, Rights, Slab, SlabSpec, Window};
use skep_machine::{Machine, Run, UserMemory};

struct NoProcess;

impl UserMemory for NoProcess {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

/// A machine and an interpreter.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) interp: Interp,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Interp::new())
    }

    pub(crate) fn with(interp: Interp) -> Self {
        Self { machine: Machine::builder().cpus(4).build().unwrap(), interp }
    }

    /// Memory that R1 can point to.
    pub(crate) fn memory(&self, bytes: &[u8]) -> Slab {
        self.memory_with(bytes, Rights::READ_WRITE)
    }

    pub(crate) fn memory_with(&self, bytes: &[u8], rights: Rights) -> Slab {
        let label = Label::new("buffer of the test", "");
        let mut spec = SlabSpec::new(Window::Contexts, bytes.len() as u64, 1, label);
        spec.rights = rights;
        let slab = self.machine.memory().alloc(&spec).unwrap();
        slab.write(0, 0, bytes);
        slab
    }

    pub(crate) fn load(&self, id: u32, text: &str) -> Arc<Program> {
        let insns = assemble(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        self.load_spec(ProgramSpec::raw(ProgId(id), "test", ProgType::PerfEvent, insns))
    }

    pub(crate) fn load_spec(&self, spec: ProgramSpec) -> Arc<Program> {
        self.interp.progs().insert(Program::new(&self.machine, spec).unwrap())
    }

    pub(crate) fn run_of(&self, program: &Program, cpu: Cpu, ctx: Addr) -> Run<'_> {
        Run {
            machine: &self.machine,
            cpu,
            prog: program.id(),
            prog_type: program.prog_type(),
            ctx,
            task: Pid(1),
            sample: None,
            event: None,
            cookie: 0,
            user: &NoProcess,
        }
    }

    /// Runs a loaded program on CPU 0 with R1 and following.
    pub(crate) fn run(&self, program: &Arc<Program>, args: &[u64]) -> Result<u64, Box<Trap>> {
        let _busy = self.machine.cpu(Cpu(0)).and_then(|cpu| cpu.enter()).unwrap();
        let mut run = self.run_of(program, Cpu(0), Addr::NULL);
        self.interp.run_with(program, &mut run, args)
    }

    /// Assembles and runs a program.
    pub(crate) fn go(&self, text: &str, args: &[u64]) -> Result<u64, Box<Trap>> {
        self.run(&self.load(1, text), args)
    }
}

/// R0 of a program without arguments, on a machine of its own.
pub(crate) fn r0(text: &str) -> u64 {
    Bench::new().go(text, &[]).unwrap_or_else(|trap| panic!("{trap}\n{text}"))
}

/// The trap of a program without arguments, on a machine of its own.
pub(crate) fn trap(text: &str) -> TrapKind {
    match Bench::new().go(text, &[]) {
        Ok(r0) => panic!("{text}\nreturned {r0:#x}"),
        Err(trap) => trap.kind,
    }
}
