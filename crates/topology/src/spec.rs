//! A description of a machine, not yet checked: what parsers and the builder produce.

use std::collections::BTreeMap;

use skep_abi::{Cpu, Node};

use crate::distance::Distances;
use crate::partial::{PartialCpu, fill_in};
use crate::{CAPACITY_SCALE, MAX_CPUS, MAX_NODES, Topology, TopologyError};

/// Bytes of memory that a node has where nothing is said.
pub const DEFAULT_NODE_MEMORY: u64 = 16 << 30;

/// What is said of one possible CPU. Cores, caches and sockets are told apart by any numbers; those of the
/// [`Topology`] are dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSpec {
    /// Its NUMA node.
    pub node: Node,
    /// Its socket.
    pub socket: u32,
    /// Its core, of the whole machine: CPUs with one number are SMT siblings.
    pub core: u32,
    /// Its last level cache, of the whole machine.
    pub llc: u32,
    /// Its capacity, 0 to 1024.
    pub capacity: u32,
    /// Its highest frequency in kHz, where known.
    pub max_khz: Option<u32>,
    /// Whether it is plugged in.
    pub present: bool,
    /// Whether it runs at first.
    pub online: bool,
}

impl CpuSpec {
    /// A CPU of full capacity that runs, alone on a core with this number, in node, socket and cache 0.
    #[must_use]
    pub const fn new(core: u32) -> Self {
        Self {
            node: Node(0),
            socket: 0,
            core,
            llc: 0,
            capacity: CAPACITY_SCALE,
            max_khz: None,
            present: true,
            online: true,
        }
    }
}

/// What is said of one possible node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// Bytes of its memory; 0 for a node without.
    pub memory: u64,
    /// Whether it is there at first: the CPUs of a node that is not are not present.
    pub online: bool,
}

impl Default for NodeSpec {
    fn default() -> Self {
        Self { memory: DEFAULT_NODE_MEMORY, online: true }
    }
}

/// A whole description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopologySpec {
    /// Possible CPUs.
    pub cpus: BTreeMap<Cpu, CpuSpec>,
    /// Possible nodes; those that only CPUs name are added when it is built.
    pub nodes: BTreeMap<Node, NodeSpec>,
    /// Distances between nodes.
    pub distances: Distances,
    /// The size that the kernel is to be compiled for (`NR_CPUS`), where one is wanted.
    pub nr_cpus: Option<u32>,
}

impl TopologySpec {
    /// Checks it; where what CPUs share contradicts itself, as firmware may have it, leaves cores, caches and sockets out.
    /// *Returns* the contradiction too.
    ///
    /// # Errors
    /// [`TopologyError`], when the CPUs and nodes by themselves are no machine either.
    pub fn build_or_flat(self) -> Result<(Topology, Option<TopologyError>), TopologyError> {
        match self.clone().build() {
            Err(error @ (TopologyError::SplitCore { .. } | TopologyError::SplitLlc { .. })) => {
                let alone =
                    |of: CpuSpec| PartialCpu { socket: None, core: None, llc: None, ..of.into() };
                let cpus = self.cpus.iter().map(|(cpu, of)| (*cpu, alone(*of))).collect();
                let flat = Self { cpus: fill_in(&cpus), ..self };
                Ok((flat.build()?, Some(error)))
            }
            built => Ok((built?, None)),
        }
    }

    /// Checks it.
    ///
    /// # Errors
    /// [`TopologyError`].
    pub fn build(mut self) -> Result<Topology, TopologyError> {
        self.check_numbers()?;
        for cpu in self.cpus.values() {
            self.nodes.entry(cpu.node).or_default();
        }
        self.check_cpus()?;
        self.check_shared()?;
        if let Distances::Table(table) = &self.distances
            && table.len() != self.nodes.len() * self.nodes.len()
        {
            let found = format!("it has {} numbers", table.len());
            return Err(TopologyError::DistanceTable { nodes: self.nodes.len(), found });
        }
        Ok(Topology::from_checked(self))
    }

    fn check_numbers(&self) -> Result<(), TopologyError> {
        let Some((highest, _)) = self.cpus.last_key_value() else {
            return Err(TopologyError::NoCpus);
        };
        if highest.0 >= MAX_CPUS {
            return Err(TopologyError::CpuNumber(highest.0));
        }
        let nodes = self.cpus.values().map(|cpu| cpu.node).chain(self.nodes.keys().copied());
        if let Some(node) = nodes.max().filter(|node| node.0 >= MAX_NODES) {
            return Err(TopologyError::NodeNumber(node.0));
        }
        match self.nr_cpus {
            Some(nr_cpus) if nr_cpus == 0 || nr_cpus > MAX_CPUS => {
                Err(TopologyError::NrCpus(nr_cpus))
            }
            Some(nr_cpus) if nr_cpus <= highest.0 => {
                Err(TopologyError::NrCpusTooSmall { nr_cpus, nr_cpu_ids: highest.0 + 1 })
            }
            _ => Ok(()),
        }
    }

    fn check_cpus(&self) -> Result<(), TopologyError> {
        for (&cpu, spec) in &self.cpus {
            if spec.online && !spec.present {
                return Err(TopologyError::OnlineNotPresent(cpu));
            }
            if spec.capacity > CAPACITY_SCALE {
                return Err(TopologyError::Capacity { cpu, capacity: spec.capacity });
            }
            let is_node_online = self.nodes.get(&spec.node).is_none_or(|node| node.online);
            if spec.present && !is_node_online {
                return Err(TopologyError::OfflineNode { node: spec.node, cpu });
            }
        }
        match self.cpus.values().any(|spec| spec.online) {
            true => Ok(()),
            false => Err(TopologyError::NothingOnline),
        }
    }

    /// Siblings share everything above them; a cache lies in one socket. It may span nodes (sub-NUMA
    /// clusters), and a node may span sockets (`numa=off`).
    fn check_shared(&self) -> Result<(), TopologyError> {
        let mut cores = BTreeMap::new();
        let mut llcs = BTreeMap::new();
        for (&cpu, spec) in &self.cpus {
            let (first, of) = *cores.entry(spec.core).or_insert((cpu, spec));
            let split = [
                (of.node != spec.node, "node"),
                (of.socket != spec.socket, "socket"),
                (of.llc != spec.llc, "last level cache"),
            ];
            if let Some((_, what)) = split.into_iter().find(|(is_split, _)| *is_split) {
                return Err(TopologyError::SplitCore { first, second: cpu, what });
            }
            let (first, socket) = *llcs.entry(spec.llc).or_insert((cpu, spec.socket));
            if socket != spec.socket {
                return Err(TopologyError::SplitLlc { first, second: cpu });
            }
        }
        Ok(())
    }
}
