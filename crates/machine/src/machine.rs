//! A whole machine, and how it is built.

use std::io;

use skep_abi::{Addr, Cpu, KernelVersion, MapId, Node};
use skep_btf::Btf;

use crate::memory::{Append, Owner};
use crate::{Clock, CpuState, Fault, Map, MapDef, MapError, Memory, Outputs, Tasks};

/// Why a machine was not built.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A machine has at least one CPU and at most 8192.
    #[error("a machine has 1 to 8192 CPUs, not {0}")]
    Cpus(u32),
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
    version: KernelVersion,
    btf: Option<Btf>,
    clock: Clock,
    seed: u64,
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

    /// Builds it.
    ///
    /// # Errors
    /// [`MachineError`].
    pub fn build(self) -> Result<Machine, MachineError> {
        if self.cpus == 0 || self.cpus > 8192 {
            return Err(MachineError::Cpus(self.cpus));
        }
        let memory = Memory::new().map_err(MachineError::AddressSpace)?;
        let node = |cpu: u32| self.nodes.get(cpu as usize).copied().unwrap_or_default();
        let cpus = (0..self.cpus)
            .map(|cpu| CpuState::new(Cpu(cpu), node(cpu), self.seed, &memory))
            .collect::<Result<_, _>>()?;
        Ok(Machine {
            memory,
            cpus,
            version: self.version,
            btf: self.btf,
            clock: self.clock,
            maps: Append::new(),
            tasks: Tasks::default(),
            outputs: Outputs::new(self.cpus),
        })
    }
}

/// A simulated machine. Threads share it by reference.
#[derive(Debug)]
pub struct Machine {
    memory: Memory,
    cpus: Box<[CpuState]>,
    version: KernelVersion,
    btf: Option<Btf>,
    clock: Clock,
    maps: Append<Map>,
    tasks: Tasks,
    outputs: Outputs,
}

impl Machine {
    /// Starts to describe a machine.
    #[must_use]
    pub fn builder() -> MachineBuilder {
        MachineBuilder {
            cpus: 1,
            nodes: Vec::new(),
            version: KernelVersion::new(6, 18),
            btf: None,
            clock: Clock::default(),
            seed: 0,
        }
    }

    /// Its memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Number of CPUs (`nr_cpu_ids`): all are possible, present and online.
    #[must_use]
    pub fn nr_cpus(&self) -> u32 {
        self.cpus.len() as u32
    }

    /// A CPU.
    #[must_use]
    pub fn cpu(&self, cpu: Cpu) -> Option<&CpuState> {
        self.cpus.get(cpu.0 as usize)
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

    /// What programs hand to user space.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Creates a map.
    ///
    /// # Errors
    /// [`MapError`] with the kernel's errno and the rule.
    pub fn create_map(&self, def: MapDef) -> Result<MapId, MapError> {
        Err(MapError { map: def.name, errno: skep_abi::Errno::ENOSYS, why: "not yet".to_owned() })
    }

    /// A map by its number.
    #[must_use]
    pub fn map(&self, id: MapId) -> Option<&Map> {
        self.maps.get(id.0)
    }

    /// The map whose `struct bpf_map` is at an address.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when there is none.
    pub fn map_at(&self, addr: Addr) -> Result<&Map, Fault> {
        match self.memory.owner(addr) {
            Some(Owner::Map(id)) => self.map(id),
            _ => None,
        }
        .filter(|map| map.addr() == addr)
        .ok_or_else(|| Fault::WrongObject {
            addr,
            what: "map",
            found: self.memory.describe(addr),
        })
    }

    /// The ring buffer in whose records an address lies.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when there is none.
    pub fn ringbuf_at(&self, addr: Addr) -> Result<&Map, Fault> {
        match self.memory.owner(addr) {
            Some(Owner::Ringbuf(id)) => self.map(id),
            _ => None,
        }
        .ok_or_else(|| Fault::WrongObject {
            addr,
            what: "ring buffer record",
            found: self.memory.describe(addr),
        })
    }
}
