//! A simulated CPU: who runs on it, its stack, its random numbers, its place in the topology.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use skep_abi::{Addr, Cpu, Node};

use crate::memory::{Label, Memory, OutOfMemory, Slab, SlabSpec, Window};

/// Bytes of a program's stack frame (`MAX_BPF_STACK`).
pub const FRAME_SIZE: u64 = 512;
/// Frames of one CPU: more than any verified program can nest, which is 8 for each of 34 programs that
/// tail-call each other from subprograms, so that runaway recursion is found by whoever counts calls.
pub const FRAMES: u64 = 288;

/// One stack frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Lowest address.
    pub base: Addr,
    /// Address after the highest byte: the frame pointer (R10).
    pub top: Addr,
}

/// State of one CPU.
#[derive(Debug)]
pub struct CpuState {
    cpu: Cpu,
    node: Node,
    random: AtomicU64,
    stack: Slab,
    rcu: Arc<Rcu>,
}

/// Holds a CPU busy while a program runs on it; see [`CpuState::enter`].
#[derive(Debug)]
pub struct Busy<'a> {
    rcu: &'a Rcu,
    cpu: usize,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.rcu.readers[self.cpu].store(0, Ordering::SeqCst);
        self.rcu.busy[self.cpu].store(0, Ordering::SeqCst);
        self.rcu.run_callbacks();
        self.rcu.reclaim();
    }
}

/// What is done once a grace period is over.
type Callback = Box<dyn FnOnce() + Send>;

/// Something whose objects end their life after a grace period.
pub(crate) trait Reclaim: fmt::Debug + Send + Sync {
    /// Ends the life of those that were given up before each section that has not ended; tells whether others wait.
    fn reclaim(&self) -> bool;
}

/// Which objects programs may still hold: those given up since the oldest section that has not ended began.
///
/// Time is counted in objects given up. A CPU notes the time at which its section began; an object given up at some
/// time may be reused once no CPU is in a section that began before or at it. Entering reads the time before the
/// program can find any object, and an object is taken out of every table before its time is counted, so a program
/// that holds the object has noted an earlier time.
///
/// A program that may not sleep is one section from its beginning to its end; one that may sleep has only those that
/// it begins itself. What must outlive such a program as a whole waits for its end ([`Self::call_rcu_tasks_trace`]).
pub(crate) struct Rcu {
    now: AtomicU64,
    /// For each CPU when its program began; 0 while none runs.
    busy: Box<[AtomicU64]>,
    /// For each CPU when its section began; 0 while there is none.
    readers: Box<[AtomicU64]>,
    /// Who has objects that wait for a grace period.
    owners: OnceLock<Vec<Weak<dyn Reclaim>>>,
    is_waiting: AtomicBool,
    /// What waits for the end of programs, in their order.
    callbacks: Mutex<VecDeque<(u64, Callback)>>,
    /// How many there are, for those who look without the lock.
    waiting: AtomicUsize,
}

impl fmt::Debug for Rcu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rcu").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Rcu {
    pub(crate) fn new(cpus: u32) -> Self {
        Self {
            now: AtomicU64::new(1),
            busy: (0..cpus).map(|_| AtomicU64::new(0)).collect(),
            readers: (0..cpus).map(|_| AtomicU64::new(0)).collect(),
            owners: OnceLock::new(),
            is_waiting: AtomicBool::new(false),
            callbacks: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Says once whose objects are to end their life as soon as they can; those of others do when they are reused.
    pub(crate) fn set_owners(&self, owners: Vec<Weak<dyn Reclaim>>) {
        // The machine that is being built calls this, nobody else.
        let _ = self.owners.set(owners);
    }

    fn enter(&self, cpu: Cpu) -> Option<Busy<'_>> {
        let at = cpu.0 as usize;
        let busy = self.busy.get(at)?;
        let now = self.now.load(Ordering::SeqCst);
        busy.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        self.read_lock(at);
        Some(Busy { rcu: self, cpu: at })
    }

    fn read_lock(&self, cpu: usize) {
        let now = self.now.load(Ordering::SeqCst);
        self.readers[cpu].store(now, Ordering::SeqCst);
    }

    fn read_unlock(&self, cpu: usize) {
        self.readers[cpu].store(0, Ordering::SeqCst);
        self.reclaim();
    }

    /// Starts a grace period.
    pub(crate) fn start(&self) -> u64 {
        self.now.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether each section that began before a grace period has ended.
    pub(crate) fn is_over(&self, grace: u64) -> bool {
        self.readers.iter().all(|reader| {
            let began = reader.load(Ordering::SeqCst);
            began == 0 || began > grace
        })
    }

    /// Ends the life of the objects that an owner has just given up: now, or at the end of the last section that may
    /// know them.
    pub(crate) fn call(&self) {
        self.is_waiting.store(true, Ordering::SeqCst);
        self.reclaim();
    }

    fn reclaim(&self) {
        if !self.is_waiting.load(Ordering::Relaxed)
            || !self.is_waiting.swap(false, Ordering::SeqCst)
        {
            return;
        }
        let owners = self.owners.get().into_iter().flatten().filter_map(Weak::upgrade);
        if owners.fold(false, |waits, owner| owner.reclaim() | waits) {
            self.is_waiting.store(true, Ordering::SeqCst);
        }
    }

    /// Does something once the programs that run now have ended (`call_rcu_tasks_trace`): when the last of them ends, or
    /// at the next [`Self::run_callbacks`]. The caller may hold locks that the callback takes.
    pub(crate) fn call_rcu_tasks_trace(&self, callback: Callback) {
        let mut callbacks = self.callbacks.lock();
        callbacks.push_back((self.start(), callback));
        self.waiting.store(callbacks.len(), Ordering::Release);
    }

    /// Does what has waited long enough. The caller holds no lock that a callback takes.
    pub(crate) fn run_callbacks(&self) {
        let has_ended = |grace: u64| {
            self.busy.iter().all(|busy| {
                let began = busy.load(Ordering::SeqCst);
                began == 0 || began > grace
            })
        };
        while self.waiting.load(Ordering::Acquire) != 0 {
            let mut callbacks = self.callbacks.lock();
            let Some((grace, _)) = callbacks.front() else { return };
            if !has_ended(*grace) {
                return;
            }
            let first = callbacks.pop_front();
            self.waiting.store(callbacks.len(), Ordering::Release);
            drop(callbacks);
            if let Some((_, callback)) = first {
                callback();
            }
        }
    }
}

impl CpuState {
    pub(crate) fn new(
        cpu: Cpu,
        node: Node,
        seed: u64,
        memory: &Memory,
        rcu: &Arc<Rcu>,
    ) -> Result<Self, OutOfMemory> {
        let label = Label::new("frame", format!("the stack of CPU {cpu}"));
        let mut spec = SlabSpec::new(Window::Stacks, FRAME_SIZE, FRAMES, label);
        spec.stride = 2 * FRAME_SIZE;
        spec.is_each_alive = true;
        let random = AtomicU64::new(seed ^ u64::from(cpu.0).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Ok(Self { cpu, node, random, stack: memory.alloc(&spec)?, rcu: Arc::clone(rcu) })
    }

    /// Its number.
    #[must_use]
    pub fn cpu(&self) -> Cpu {
        self.cpu
    }

    /// Its NUMA node.
    #[must_use]
    pub fn node(&self) -> Node {
        self.node
    }

    /// Takes the CPU for one run (`bpf_prog_active`), tail calls included; `None` while a program runs on
    /// it, which is when the kernel drops a sample. Objects that the program finds live until the guard
    /// goes, or for a program that may sleep ([`Self::rcu_read_unlock`]) until its section ends.
    #[must_use]
    pub fn enter(&self) -> Option<Busy<'_>> {
        self.rcu.enter(self.cpu)
    }

    /// The program that runs on the CPU is in an RCU read-side critical section from now on: what it finds stays until
    /// the section ends. From [`Self::enter`] on it is, unless it may sleep.
    pub fn rcu_read_lock(&self) {
        self.rcu.read_lock(self.cpu.0 as usize);
    }

    /// The section has ended: objects that were given up meanwhile are gone, unless another CPU's section knows them.
    pub fn rcu_read_unlock(&self) {
        self.rcu.read_unlock(self.cpu.0 as usize);
    }

    /// The next random number of this CPU (`bpf_get_prandom_u32`); the same ones in every run with the
    /// same seed.
    // DEVIATION(linux): the kernel seeds a Tausworthe generator from entropy; here it is SplitMix64 from
    // the machine's seed, so that runs repeat.
    pub fn prandom_u32(&self) -> u32 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// Brings a stack frame to life; its bytes are whatever was there. `None` from [`FRAMES`] on.
    #[must_use]
    pub fn push_frame(&self, memory: &Memory, depth: u64) -> Option<Frame> {
        if depth >= FRAMES {
            return None;
        }
        memory.set_live(&self.stack, depth, true);
        let base = self.stack.addr(depth);
        Some(Frame { base, top: base.offset(FRAME_SIZE.cast_signed()) })
    }

    /// Ends the life of a stack frame: a pointer into it faults from now on.
    pub fn pop_frame(&self, memory: &Memory, depth: u64) {
        if depth < FRAMES {
            memory.set_live(&self.stack, depth, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{FRAMES, Rcu};
    use crate::{Machine, Width};
    use skep_abi::{Cpu, Node};

    #[test]
    fn a_cpu_runs_one_program_at_a_time() {
        let machine = Machine::builder().cpus(2).build().unwrap();
        let (first, second) = (machine.cpu(Cpu(0)).unwrap(), machine.cpu(Cpu(1)).unwrap());
        let busy = first.enter();
        assert!(busy.is_some() && first.enter().is_none() && second.enter().is_some());
        drop(busy);
        assert!(first.enter().is_some());
        assert!(machine.cpu(Cpu(2)).is_none());
    }

    #[test]
    fn callbacks_wait_for_the_programs_that_run() {
        let rcu = Rcu::new(2);
        let done = Arc::new(AtomicUsize::new(0));
        let call = |add: usize| {
            let done = Arc::clone(&done);
            rcu.call_rcu_tasks_trace(Box::new(move || {
                done.fetch_add(add, Ordering::SeqCst);
            }));
        };
        let before = rcu.enter(Cpu(0));
        call(1);
        let after = rcu.enter(Cpu(1));
        rcu.run_callbacks();
        assert_eq!(done.load(Ordering::SeqCst), 0, "a program may look at it");
        drop(before);
        assert_eq!(done.load(Ordering::SeqCst), 1, "the other one began later");
        // A program that may sleep has left its section, and still runs.
        rcu.read_unlock(1);
        call(10);
        drop(after);
        assert_eq!(done.load(Ordering::SeqCst), 11);
        call(100);
        rcu.run_callbacks();
        assert_eq!(done.load(Ordering::SeqCst), 111, "nothing runs");
    }

    #[test]
    fn random_numbers_differ_by_cpu_and_repeat_by_seed() {
        let draw = |seed, cpu| {
            let machine = Machine::builder().cpus(2).seed(seed).build().unwrap();
            let cpu = machine.cpu(Cpu(cpu)).unwrap();
            [(); 4].map(|()| cpu.prandom_u32())
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }

    #[test]
    fn frames_live_from_push_to_pop_and_are_apart() {
        let machine = Machine::builder().build().unwrap();
        let (cpu, memory) = (machine.cpu(Cpu(0)).unwrap(), machine.memory());
        let outer = cpu.push_frame(memory, 0).unwrap();
        let inner = cpu.push_frame(memory, 1).unwrap();
        assert_eq!(memory.store(outer.top.offset(-8), Width::Dw, 1), Ok(()));
        assert!(memory.store(outer.top, Width::B, 1).is_err());
        assert!(memory.store(inner.base.offset(-1), Width::B, 1).is_err());
        cpu.pop_frame(memory, 1);
        let fault = memory.load(inner.base, Width::B).unwrap_err().to_string();
        assert!(fault.ends_with("frame 1 of the stack of CPU 0 is no longer alive"), "{fault}");
        assert_eq!(cpu.push_frame(memory, FRAMES), None);
    }

    #[test]
    fn nodes_are_those_that_the_builder_was_told() {
        let machine = Machine::builder().cpus(3).nodes(vec![Node(0), Node(1)]).build().unwrap();
        let node = |cpu| machine.cpu(Cpu(cpu)).unwrap().node();
        assert_eq!(
            ([node(0), node(1), node(2)], machine.nr_nodes()),
            ([Node(0), Node(1), Node(0)], 2)
        );
        assert!(Machine::builder().cpus(0).build().is_err());
        assert!(Machine::builder().cpus(10_000).build().is_err());
    }
}
