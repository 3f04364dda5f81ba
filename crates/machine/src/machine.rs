//! A whole machine, and how it is built.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use skep_abi::{Addr, Cpu, KernelVersion, Node, ProgId, Sample};
use skep_btf::{Btf, Kind};
use skep_topology::{CpuMask, CpuSpec, MAX_CPUS, Topology, TopologyError, TopologySpec};

use crate::cgroup::Cgroups;
use crate::cpu::{Rcu, Reclaim};
use crate::cpumask::Cpumasks;
use crate::failslab::Failslab;
use crate::hotplug::Cpus;
use crate::inode::Inodes;
use crate::kptr::Dtors;
use crate::map::{LocalStorages, MapEnv, MapObjects, PossibleCpus, WalkKeys};
use crate::memory::Append;
use crate::object::{Unmodelled, World};
use crate::perf::{Contexts, PerfCore};
use crate::prog::{Executable, ProgSpec, Table};
use crate::sched::Runqueue;
use crate::scx::{SchedExt, Scx};
use crate::trace::Trace;
use crate::{Clock, CpuState, Link, Map, Memory, Objs, Outputs, Packets, Prog, Tasks};

/// Why a machine was not built.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A machine has at least one CPU and at most 8192.
    #[error("a machine has 1 to 8192 CPUs, not {0}")]
    Cpus(u32),
    /// The CPUs and nodes make no machine.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The kernel is built for fewer CPUs than the machine has.
    #[error(
        "the machine has CPU {}, but the kernel is built for {nr_cpus} CPUs (the size of its struct cpumask)",
        .nr_cpu_ids - 1
    )]
    NrCpus {
        /// Highest CPU, + 1.
        nr_cpu_ids: u32,
        /// What the BTF says.
        nr_cpus: u32,
    },
    /// The host gives no address space.
    #[error(
        "the host refuses 128 GiB of address space: {0}; a limit such as `ulimit -v` may be in the way"
    )]
    AddressSpace(#[source] io::Error),
    /// The host gives no memory.
    #[error(transparent)]
    Memory(#[from] crate::memory::OutOfMemory),
}

/// Describes a machine before it exists.
#[derive(Clone, Debug)]
pub struct MachineBuilder {
    cpus: u32,
    nodes: Vec<Node>,
    topology: Option<Topology>,
    version: KernelVersion,
    btf: Option<Btf>,
    clock: Clock,
    seed: u64,
    has_unaligned_access: bool,
    max_sample_rate: u64,
    has_hardware: bool,
}

impl MachineBuilder {
    /// Number of CPUs, all present and online (1).
    #[must_use]
    pub fn cpus(mut self, cpus: u32) -> Self {
        self.cpus = cpus;
        self
    }

    /// NUMA node of each CPU; node 0 for those past the end.
    #[must_use]
    pub fn nodes(mut self, nodes: Vec<Node>) -> Self {
        self.nodes = nodes;
        self
    }

    /// Its CPUs, caches and nodes; instead of [`Self::cpus`] and [`Self::nodes`], which make each CPU a core of its own.
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = Some(topology);
        self
    }

    /// Release whose rules hold (6.18).
    #[must_use]
    pub fn version(mut self, version: KernelVersion) -> Self {
        self.version = version;
        self
    }

    /// Kernel types, by which kernel objects are laid out. Without them there are no kernel objects.
    #[must_use]
    pub fn btf(mut self, btf: Btf) -> Self {
        self.btf = Some(btf);
        self
    }

    /// Clock offsets and `HZ`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Seed of the random numbers (0).
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether unaligned accesses are cheap (`CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS`): so on x86-64 and arm64, and so
    /// unless told otherwise.
    #[must_use]
    pub fn efficient_unaligned_access(mut self, has: bool) -> Self {
        self.has_unaligned_access = has;
        self
    }

    /// Samples that a CPU may take in a second (`kernel.perf_event_max_sample_rate`, 100,000): the highest frequency,
    /// and, by the tick, the limit at which an event is silenced.
    #[must_use]
    pub fn max_sample_rate(mut self, hz: u64) -> Self {
        self.max_sample_rate = hz;
        self
    }

    /// Whether the CPUs count events themselves (yes), as many virtual machines' do not.
    #[must_use]
    pub fn hardware_events(mut self, yes: bool) -> Self {
        self.has_hardware = yes;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// [`MachineError`].
    pub fn build(self) -> Result<Machine, MachineError> {
        let topology = match self.topology {
            Some(topology) => topology,
            None => flat(self.cpus, &self.nodes)?,
        };
        let (count, nodes) = (topology.nr_cpu_ids(), topology.nr_node_ids());
        let nr_cpus = nr_cpus(&topology, self.btf.as_ref())?;
        let possible = PossibleCpus::new(&topology);
        let memory = Arc::new(Memory::new().map_err(MachineError::AddressSpace)?);
        let rcu = Arc::new(Rcu::new(count));
        let state = |cpu: u32| {
            let of = topology.cpu(Cpu(cpu))?;
            Some(CpuState::new(of.cpu, of.node, self.seed, &memory, &rcu))
        };
        let cpus = (0..count).map(|cpu| state(cpu).transpose()).collect::<Result<Box<_>, _>>()?;
        let unmodelled = Arc::new(Unmodelled::default());
        let map_objects = MapObjects::new(&memory, self.btf.as_ref(), &unmodelled)?;
        let types = self.btf.as_ref().map(|btf| (btf, &unmodelled));
        let failslab = Arc::new(Failslab::default());
        let cpumasks = Arc::new(Cpumasks::new(&memory, &rcu, &failslab, types, count));
        let objs = Arc::new(Objs::new(&memory, &rcu, &failslab, count));
        let owners: [Arc<dyn Reclaim>; 2] = [cpumasks.clone(), objs.clone()];
        rcu.set_owners(owners.iter().map(Arc::downgrade).collect());
        let storages = Arc::new(LocalStorages::new(&memory, &rcu, &failslab, count));
        let world = World {
            memory: Arc::clone(&memory),
            rcu: Arc::clone(&rcu),
            storages: Arc::clone(&storages),
        };
        let cgroups = Arc::new(Cgroups::new(world.clone(), types));
        let dtors = Arc::new(Dtors::new(vec![cpumasks.clone(), cgroups.clone()], objs));
        let env = MapEnv {
            objects: map_objects.slab().clone(),
            walk_keys: Arc::new(WalkKeys::new(&memory, count)?),
            possible,
            cpus: count,
            nodes,
            dtors: Arc::clone(&dtors),
            storages,
            rcu: Arc::clone(&rcu),
        };
        let hotplug = Cpus::new(topology);
        let scx =
            Scx::new(&memory, self.btf.as_ref(), &cpumasks, hotplug.topology(), self.version)?;
        let inodes = Inodes::new(world.clone(), types);
        let possible = hotplug.topology().possible();
        let tasks = Tasks::new(world.clone(), Arc::clone(&cgroups), types, possible);
        Ok(Machine {
            contexts: Contexts::new(&memory, count)?,
            packets: Packets::new(world),
            memory,
            nr_cpus,
            cpus,
            version: self.version,
            btf: self.btf,
            clock: self.clock,
            maps: Append::new(),
            map_objects,
            env,
            tasks,
            cpumasks,
            cgroups,
            inodes,
            rcu,
            dtors,
            failslab,
            has_unaligned_access: self.has_unaligned_access,
            hotplug,
            runqueues: (0..count).map(|_| Runqueue::default()).collect(),
            scx,
            outputs: Outputs::new(count),
            perf: Arc::new(PerfCore::new(self.max_sample_rate, self.clock.hz, self.has_hardware)),
            trace: Trace::new(count),
            progs: Arc::default(),
            links: Arc::default(),
            unmodelled,
            stale_user_reads: AtomicU64::new(0),
        })
    }
}

/// CPUs that are cores of their own.
fn flat(cpus: u32, nodes: &[Node]) -> Result<Topology, MachineError> {
    if cpus == 0 || cpus > MAX_CPUS {
        return Err(MachineError::Cpus(cpus));
    }
    let mut spec = TopologySpec::default();
    for cpu in 0..cpus {
        let node = nodes.get(cpu as usize).copied().unwrap_or_default();
        spec.cpus.insert(Cpu(cpu), CpuSpec { node, ..CpuSpec::new(cpu) });
    }
    Ok(spec.build()?)
}

/// `NR_CPUS`: what `struct cpumask` has bits for, else what the topology wants, else as few as there may be.
fn nr_cpus(topology: &Topology, btf: Option<&Btf>) -> Result<u32, MachineError> {
    let nr_cpu_ids = topology.nr_cpu_ids();
    let mask = btf.and_then(|btf| btf.size_of(btf.find("cpumask", Kind::Struct)?));
    let bits = mask.and_then(|bytes| u32::try_from(bytes.checked_mul(8)?).ok());
    match (bits, topology.nr_cpus()) {
        (Some(nr_cpus), _) if nr_cpus < nr_cpu_ids => {
            Err(MachineError::NrCpus { nr_cpu_ids, nr_cpus })
        }
        // The mask has whole words, so that the exact number may be a little smaller.
        (Some(bits), Some(wanted)) if wanted <= bits => Ok(wanted),
        (Some(bits), _) => Ok(bits),
        (None, Some(wanted)) => Ok(wanted),
        (None, None) => Ok(nr_cpu_ids.next_multiple_of(64)),
    }
}

/// A simulated machine. Threads share it by reference.
#[derive(Debug)]
pub struct Machine {
    pub(crate) memory: Arc<Memory>,
    nr_cpus: u32,
    cpus: Box<[Option<CpuState>]>,
    version: KernelVersion,
    btf: Option<Btf>,
    clock: Clock,
    pub(crate) maps: Append<Map>,
    pub(crate) map_objects: MapObjects,
    pub(crate) env: MapEnv,
    tasks: Tasks,
    cpumasks: Arc<Cpumasks>,
    cgroups: Arc<Cgroups>,
    inodes: Inodes,
    rcu: Arc<Rcu>,
    dtors: Arc<Dtors>,
    failslab: Arc<Failslab>,
    has_unaligned_access: bool,
    pub(crate) hotplug: Cpus,
    pub(crate) runqueues: Box<[Runqueue]>,
    scx: Scx,
    contexts: Contexts,
    packets: Packets,
    outputs: Outputs,
    perf: Arc<PerfCore>,
    trace: Trace,
    progs: Arc<Table<Prog>>,
    links: Arc<Table<Link>>,
    unmodelled: Arc<Unmodelled>,
    stale_user_reads: AtomicU64,
}

impl Machine {
    /// Starts to describe a machine.
    #[must_use]
    pub fn builder() -> MachineBuilder {
        MachineBuilder {
            cpus: 1,
            nodes: Vec::new(),
            topology: None,
            version: KernelVersion::new(6, 18),
            btf: None,
            clock: Clock::default(),
            seed: 0,
            has_unaligned_access: true,
            max_sample_rate: 100_000,
            has_hardware: true,
        }
    }

    /// Its memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Its CPUs, caches and nodes as declared.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        self.hotplug.topology()
    }

    /// CPUs that run.
    #[must_use]
    pub fn online(&self) -> CpuMask {
        self.hotplug.online()
    }

    /// Whether two CPUs of one core run now (`sched_smt_active`).
    #[must_use]
    pub fn is_smt_active(&self) -> bool {
        self.topology().is_smt_active_with(&self.online())
    }

    /// sched_ext: the scheduler, idle CPUs.
    #[must_use]
    pub fn sched_ext(&self) -> SchedExt<'_> {
        SchedExt { machine: self, scx: &self.scx }
    }

    /// Does what had to wait for a program's end: to be called after each run, as interrupts that were held back come
    /// after it in the kernel.
    pub fn irq_work(&self) {
        self.scx.instance.finish();
    }

    /// The highest possible CPU, + 1 (`nr_cpu_ids`).
    #[must_use]
    pub fn nr_cpu_ids(&self) -> u32 {
        self.cpus.len() as u32
    }

    /// How many CPUs the kernel is built for (`NR_CPUS`): bits of a `struct cpumask`.
    #[must_use]
    pub fn config_nr_cpus(&self) -> u32 {
        self.nr_cpus
    }

    /// A possible CPU, online or not.
    #[must_use]
    pub fn cpu(&self, cpu: Cpu) -> Option<&CpuState> {
        self.cpus.get(cpu.0 as usize)?.as_ref()
    }

    /// Whether a CPU is there and online.
    #[must_use]
    pub fn is_online(&self, cpu: Cpu) -> bool {
        self.hotplug.is_online(cpu)
    }

    /// The release whose rules hold.
    #[must_use]
    pub fn version(&self) -> KernelVersion {
        self.version
    }

    /// Kernel types.
    #[must_use]
    pub fn btf(&self) -> Option<&Btf> {
        self.btf.as_ref()
    }

    /// Clocks.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tasks.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// CPU masks.
    #[must_use]
    pub fn cpumasks(&self) -> &Cpumasks {
        &self.cpumasks
    }

    /// Objects of programs' own types.
    #[must_use]
    pub fn objs(&self) -> &Objs {
        self.dtors.objs()
    }

    /// Control groups.
    #[must_use]
    pub fn cgroups(&self) -> &Cgroups {
        &self.cgroups
    }

    /// Inodes.
    #[must_use]
    pub fn inodes(&self) -> &Inodes {
        &self.inodes
    }

    pub(crate) fn rcu(&self) -> &Rcu {
        &self.rcu
    }

    pub(crate) fn dtors(&self) -> &Dtors {
        &self.dtors
    }

    /// Which allocations for programs fail.
    #[must_use]
    pub fn failslab(&self) -> &Failslab {
        &self.failslab
    }

    /// Whether unaligned accesses are cheap.
    #[must_use]
    pub fn has_efficient_unaligned_access(&self) -> bool {
        self.has_unaligned_access
    }

    /// Packets that programs have at hand.
    #[must_use]
    pub fn packets(&self) -> &Packets {
        &self.packets
    }

    /// What programs hand to user space.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Number of NUMA nodes (`nr_node_ids`).
    #[must_use]
    pub fn nr_nodes(&self) -> u32 {
        self.env.nodes
    }

    /// Builds the `bpf_perf_event_data` of a sample for a CPU, whose last one it replaces; `None` for a CPU
    /// that does not exist.
    #[must_use]
    pub fn perf_context(&self, cpu: Cpu, sample: &Sample) -> Option<Addr> {
        self.contexts.fill(cpu, sample, sample.period)
    }

    pub(crate) fn perf_context_of(&self, cpu: Cpu, sample: &Sample, period: u64) -> Option<Addr> {
        self.contexts.fill(cpu, sample, period)
    }

    pub(crate) fn perf(&self) -> &Arc<PerfCore> {
        &self.perf
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn link_table(&self) -> &Arc<Table<Link>> {
        &self.links
    }

    /// A number for a program that is about to be loaded; no other program has it.
    #[must_use]
    pub fn new_prog_id(&self) -> ProgId {
        ProgId(self.progs.next_id() as u32)
    }

    /// Takes over a program that was judged, with what runs it (`BPF_PROG_LOAD`).
    #[must_use]
    pub fn prog_load(
        &self,
        id: ProgId,
        spec: ProgSpec,
        code: impl Executable + 'static,
    ) -> Arc<Prog> {
        Prog::new(id, spec, Box::new(code), &self.progs)
    }

    /// Programs that are loaded, by ascending number.
    #[must_use]
    pub fn progs(&self) -> Vec<Arc<Prog>> {
        self.progs.all()
    }

    /// The program with this number, while it is loaded.
    #[must_use]
    pub fn prog(&self, id: ProgId) -> Option<Arc<Prog>> {
        self.progs.get(id.0.into())
    }

    /// Fields of kernel objects that programs have loaded although the machine knows no value for them:
    /// they read as zero. By name, such as `task_struct.utime`.
    #[must_use]
    pub fn unmodelled_fields(&self) -> Vec<String> {
        self.unmodelled.names()
    }

    /// Notes that a call was asked for something that nothing tells, and answered 0; see [`Self::unmodelled_fields`].
    pub fn note_unknown(&self, what: &str) {
        self.unmodelled.note(what);
    }

    /// Reads of user memory that were answered by the process as it is now, not as it was at the sample.
    #[must_use]
    pub fn stale_user_reads(&self) -> u64 {
        self.stale_user_reads.load(Ordering::Relaxed)
    }

    pub(crate) fn count_stale_user_read(&self) {
        self.stale_user_reads.fetch_add(1, Ordering::Relaxed);
    }
}
