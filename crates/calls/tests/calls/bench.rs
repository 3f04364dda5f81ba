//! A simulated machine on which calls are made directly, without a program around them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, Node, Pid, ProgId, ProgType, Sample};
use skep_machine::memory::{Label, SlabSpec, Window};
use skep_machine::perf::Target;
use skep_machine::{
    Clock, Invoke, Kernel, Machine, MachineBuilder, Map, MapDef, ObjType, PerfEvent, PerfEventAttr,
    Run, Stop, Task, UserMemory,
};

/// Bytes of memory that programs on the bench may use.
pub(crate) const SCRATCH: u64 = 4096;

/// The sampled process and its thread.
pub(crate) const PID: Pid = Pid(300);
pub(crate) const TID: Pid = Pid(301);

/// Where the callback of a test is said to be.
pub(crate) const CALLBACK: u64 = 0xffff_ffff_c000_1000;

thread_local! {
    /// Names of the calls that this thread has made.
    static MADE: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// The calls made by this thread since it was last asked.
pub(crate) fn take_made() -> BTreeSet<&'static str> {
    MADE.take()
}

/// Memory of the sampled process: pieces by address.
#[derive(Default)]
pub(crate) struct Pieces(pub(crate) BTreeMap<u64, Vec<u8>>);

impl UserMemory for Pieces {
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        assert_eq!(pid, PID, "user memory is that of the process");
        let (start, bytes) = self.0.range(..=addr).next_back().ok_or(Errno::EFAULT)?;
        let at = (addr - start) as usize;
        into.copy_from_slice(bytes.get(at..at + into.len()).ok_or(Errno::EFAULT)?);
        Ok(())
    }
}

/// What a callback does with its arguments.
pub(crate) type Callback<'a> = dyn FnMut([u64; 5]) -> Result<u64, Stop> + 'a;

struct Callbacks<'a>(&'a mut Callback<'a>, &'a BTreeMap<u64, Arc<ObjType>>);

impl Invoke for Callbacks<'_> {
    fn obj_type(&self, id: u64) -> Option<Arc<ObjType>> {
        self.1.get(&id).cloned()
    }

    fn invoke(&mut self, _run: &mut Run<'_>, func: Addr, args: [u64; 5]) -> Result<u64, Stop> {
        assert_eq!(func, Addr(CALLBACK));
        (self.0)(args)
    }
}

/// The bench.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) prog_type: ProgType,
    pub(crate) cpu: Cpu,
    pub(crate) task: Pid,
    pub(crate) sample: Option<Sample>,
    pub(crate) event: Option<Arc<PerfEvent>>,
    pub(crate) cookie: u64,
    /// The program's context; scratch memory where there is none.
    pub(crate) ctx: Option<Addr>,
    pub(crate) user: Pieces,
    /// Structs that the program may allocate, by their numbers.
    pub(crate) obj_types: BTreeMap<u64, Arc<ObjType>>,
    scratch: Addr,
}

impl Bench {
    /// Two CPUs, the second on a NUMA node of its own; one process; a sample of it.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The same, described further.
    pub(crate) fn with(describe: impl FnOnce(MachineBuilder) -> MachineBuilder) -> Self {
        let clock = Clock { boot_offset: 5_000, tai_offset: 37_000_000_000, hz: 250 };
        let builder = Machine::builder().cpus(2).nodes(vec![Node(0), Node(1)]).clock(clock);
        let machine = describe(builder).build().unwrap();
        let spec = SlabSpec::new(Window::Maps, SCRATCH, 1, Label::new("scratch", ""));
        let scratch = machine.memory().alloc(&spec).unwrap().addr(0);
        let mut task = Task::new(TID, PID, "worker");
        (task.uid, task.gid) = (1000, 100);
        machine.tasks().insert(task);
        let sample =
            Sample { pid: PID, tid: TID, time: 10_000_000_123, cpu: Cpu(1), ..Sample::default() };
        Self {
            machine,
            prog_type: ProgType::PerfEvent,
            cpu: Cpu(1),
            task: TID,
            sample: Some(sample),
            event: None,
            cookie: 0,
            ctx: None,
            user: Pieces::default(),
            obj_types: BTreeMap::new(),
            scratch,
        }
    }

    /// Opens the event that overflows: the thread's, on any CPU.
    pub(crate) fn open(&mut self, attr: &PerfEventAttr) -> Arc<PerfEvent> {
        let event = self.machine.perf_event_open(attr, Target::Task(TID), None).unwrap();
        self.event = Some(Arc::clone(&event));
        event
    }

    /// Creates a map.
    pub(crate) fn map(&self, def: MapDef) -> &Map {
        let id = self.machine.create_map(def).unwrap();
        self.machine.map(id).unwrap()
    }

    /// Address of a byte of the scratch memory.
    pub(crate) fn at(&self, offset: u64) -> u64 {
        self.scratch.0 + offset
    }

    /// Fills scratch memory.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) {
        self.machine.memory().write(Addr(self.at(offset)), bytes).unwrap();
    }

    /// Reads scratch memory.
    pub(crate) fn read(&self, offset: u64, len: u64) -> Vec<u8> {
        self.machine.memory().read_vec(Addr(self.at(offset)), len).unwrap()
    }

    /// Makes a call whose callback is given.
    pub(crate) fn try_call_with(
        &self,
        name: &str,
        args: [u64; 5],
        callback: &mut Callback<'_>,
    ) -> Result<u64, Stop> {
        let call = skep_calls::by_name(name).unwrap_or_else(|| panic!("no call {name}"));
        MADE.with_borrow_mut(|made| made.insert(call.spec.name));
        let mut run = Run {
            machine: &self.machine,
            cpu: self.cpu,
            prog: ProgId(0),
            prog_type: self.prog_type,
            ctx: self.ctx.unwrap_or(Addr(self.at(0))),
            task: self.task,
            sample: self.sample.as_ref(),
            event: self.event.as_deref(),
            cookie: self.cookie,
            user: &self.user,
        };
        let mut vm = Callbacks(callback, &self.obj_types);
        (call.run)(&mut Kernel { run: &mut run, vm: &mut vm }, args)
    }

    /// Makes a call that has no callback.
    pub(crate) fn try_call<const N: usize>(&self, name: &str, args: [u64; N]) -> Result<u64, Stop> {
        // Registers that the call does not take hold garbage, which it must not look at.
        let mut regs = [0xdead_beef_dead_beef; 5];
        regs[..N].copy_from_slice(&args);
        self.try_call_with(name, regs, &mut |args| panic!("callback with {args:?}"))
    }

    /// Makes a call that returns.
    pub(crate) fn call<const N: usize>(&self, name: &str, args: [u64; N]) -> u64 {
        self.try_call(name, args).unwrap_or_else(|stop| panic!("{name}: {stop:?}"))
    }

    /// Makes a call that faults; returns the fault's words.
    pub(crate) fn fault<const N: usize>(&self, name: &str, args: [u64; N]) -> String {
        match self.try_call(name, args) {
            Err(Stop::Fault(fault)) => fault.to_string(),
            other => panic!("{name}: {other:?}"),
        }
    }
}
