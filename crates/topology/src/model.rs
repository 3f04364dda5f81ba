//! A machine whose description has been checked, and the questions that it answers.

use std::collections::BTreeMap;
use std::fmt;

use skep_abi::{Cpu, Node};

use crate::distance::Distances;
use crate::{CpuMask, TopologyBuilder, TopologyError, TopologySpec};

macro_rules! number {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A core of the whole machine, numbered from 0 by its lowest CPU.
    Core
}
number! {
    /// A last level cache of the whole machine, numbered from 0 by its lowest CPU.
    Llc
}
number! {
    /// A socket, numbered from 0 by its lowest CPU.
    Socket
}

/// A possible CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuInfo {
    /// Its number.
    pub cpu: Cpu,
    /// Its NUMA node (`cpu_to_node`).
    pub node: Node,
    /// Its socket.
    pub socket: Socket,
    /// Its last level cache.
    pub llc: Llc,
    /// Its core.
    pub core: Core,
    /// Which of the core's threads it is, from 0.
    pub thread: u32,
    /// Its capacity, 0 to 1024 (`arch_scale_cpu_capacity`).
    pub capacity: u32,
    /// Its highest frequency in kHz, where known.
    pub max_khz: Option<u32>,
}

/// A possible NUMA node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its number.
    pub node: Node,
    /// Bytes of its memory; 0 for a node without.
    pub memory: u64,
    /// Whether it is there.
    pub online: bool,
    /// Its possible CPUs, ascending; none for a node of memory only.
    pub cpus: Vec<Cpu>,
}

/// A machine. Everything is as declared; which CPUs are online while it runs, the running machine knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// By number: `None` in holes.
    cpus: Vec<Option<CpuInfo>>,
    nodes: Vec<NodeInfo>,
    cores: Vec<Vec<Cpu>>,
    llcs: Vec<Vec<Cpu>>,
    sockets: Vec<Vec<Cpu>>,
    possible: CpuMask,
    present: CpuMask,
    online: CpuMask,
    distances: Distances,
    nr_cpus: Option<u32>,
}

/// Numbers groups densely in the order in which they are met, and gathers their members.
#[derive(Default)]
struct Groups {
    dense: BTreeMap<u32, u32>,
    members: Vec<Vec<Cpu>>,
}

impl Groups {
    fn add(&mut self, group: u32, cpu: Cpu) -> u32 {
        let next = self.members.len() as u32;
        let dense = *self.dense.entry(group).or_insert(next);
        if dense == next {
            self.members.push(Vec::new());
        }
        self.members[dense as usize].push(cpu);
        dense
    }
}

impl Topology {
    /// Starts to describe a machine.
    #[must_use]
    #[expect(clippy::new_ret_no_self, reason = "a machine begins as its description")]
    pub fn new() -> TopologyBuilder {
        TopologyBuilder::default()
    }

    /// A machine of equal CPUs, each its own core, in one node with one cache.
    ///
    /// # Errors
    /// When it would have no CPU, or more than 8,192.
    pub fn uniform(cpus: u32) -> Result<Self, TopologyError> {
        Self::new().cores_per_node(cpus).build()
    }

    /// `spec` holds together, as [`TopologySpec::build`] has found.
    pub(crate) fn from_checked(spec: TopologySpec) -> Self {
        let (mut cores, mut llcs, mut sockets) =
            (Groups::default(), Groups::default(), Groups::default());
        let mut nodes: Vec<NodeInfo> = spec
            .nodes
            .iter()
            .map(|(&node, of)| NodeInfo {
                node,
                memory: of.memory,
                online: of.online,
                cpus: vec![],
            })
            .collect();
        let count = spec.cpus.last_key_value().map_or(0, |(cpu, _)| cpu.0 + 1);
        let mut cpus = vec![None; count as usize];
        for (&cpu, of) in &spec.cpus {
            let core = cores.add(of.core, cpu);
            cpus[cpu.0 as usize] = Some(CpuInfo {
                cpu,
                node: of.node,
                socket: Socket(sockets.add(of.socket, cpu)),
                llc: Llc(llcs.add(of.llc, cpu)),
                core: Core(core),
                thread: cores.members[core as usize].len() as u32 - 1,
                capacity: of.capacity,
                max_khz: of.max_khz,
            });
            if let Ok(index) = nodes.binary_search_by_key(&of.node, |node| node.node) {
                nodes[index].cpus.push(cpu);
            }
        }
        let those = |is_in: fn(&crate::CpuSpec) -> bool| {
            spec.cpus.iter().filter(|(_, of)| is_in(of)).map(|(&cpu, _)| cpu).collect::<CpuMask>()
        };
        Self {
            cpus,
            nodes,
            cores: cores.members,
            llcs: llcs.members,
            sockets: sockets.members,
            possible: those(|_| true),
            present: those(|of| of.present),
            online: those(|of| of.online),
            distances: spec.distances,
            nr_cpus: spec.nr_cpus,
        }
    }

    /// The highest possible CPU, + 1 (`nr_cpu_ids`).
    #[must_use]
    pub fn nr_cpu_ids(&self) -> u32 {
        self.cpus.len() as u32
    }

    /// The size that the kernel is to be compiled for (`NR_CPUS`), where one is wanted.
    #[must_use]
    pub fn nr_cpus(&self) -> Option<u32> {
        self.nr_cpus
    }

    /// The highest possible node, + 1 (`nr_node_ids`).
    #[must_use]
    pub fn nr_node_ids(&self) -> u32 {
        self.nodes.last().map_or(1, |last| last.node.0 + 1)
    }

    /// A possible CPU.
    #[must_use]
    pub fn cpu(&self, cpu: Cpu) -> Option<&CpuInfo> {
        self.cpus.get(cpu.0 as usize)?.as_ref()
    }

    /// Possible CPUs, ascending.
    pub fn cpus(&self) -> impl Iterator<Item = &CpuInfo> {
        self.cpus.iter().flatten()
    }

    /// A possible node.
    #[must_use]
    pub fn node(&self, node: Node) -> Option<&NodeInfo> {
        self.index(node).map(|index| &self.nodes[index])
    }

    /// Possible nodes, ascending.
    #[must_use]
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }

    /// CPUs that can ever be there (`cpu_possible_mask`).
    #[must_use]
    pub fn possible(&self) -> &CpuMask {
        &self.possible
    }

    /// CPUs that are plugged in (`cpu_present_mask`).
    #[must_use]
    pub fn present(&self) -> &CpuMask {
        &self.present
    }

    /// CPUs that run at first (`cpu_online_mask`).
    #[must_use]
    pub fn online(&self) -> &CpuMask {
        &self.online
    }

    /// Possible CPUs of a CPU's core, itself among them; none for a CPU that is not possible. The kernel's
    /// `topology_sibling_cpumask` has those of them that are online.
    #[must_use]
    pub fn siblings(&self, cpu: Cpu) -> &[Cpu] {
        self.cpu(cpu).map_or(&[], |of| &self.cores[of.core.0 as usize])
    }

    /// Possible CPUs that share a CPU's last level cache, itself among them.
    #[must_use]
    pub fn llc_siblings(&self, cpu: Cpu) -> &[Cpu] {
        self.cpu(cpu).map_or(&[], |of| self.cpus_of_llc(of.llc))
    }

    /// Possible CPUs of a node, ascending. The kernel's `cpumask_of_node` has those of them that are online.
    #[must_use]
    pub fn cpus_of_node(&self, node: Node) -> &[Cpu] {
        self.node(node).map_or(&[], |of| &of.cpus)
    }

    /// Possible CPUs of a last level cache, ascending.
    #[must_use]
    pub fn cpus_of_llc(&self, llc: Llc) -> &[Cpu] {
        self.llcs.get(llc.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Possible CPUs of a socket, ascending.
    #[must_use]
    pub fn cpus_of_socket(&self, socket: Socket) -> &[Cpu] {
        self.sockets.get(socket.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Cores, by their numbers: their possible CPUs, ascending.
    #[must_use]
    pub fn cores(&self) -> &[Vec<Cpu>] {
        &self.cores
    }

    /// Last level caches, by their numbers: their possible CPUs, ascending.
    #[must_use]
    pub fn llcs(&self) -> &[Vec<Cpu>] {
        &self.llcs
    }

    /// Sockets, by their numbers: their possible CPUs, ascending.
    #[must_use]
    pub fn sockets(&self) -> &[Vec<Cpu>] {
        &self.sockets
    }

    /// Whether some CPU that runs at first has a sibling that does.
    #[must_use]
    pub fn is_smt_active(&self) -> bool {
        self.is_smt_active_with(&self.online)
    }

    /// Whether some core has two CPUs in `online` (`sched_smt_active`).
    #[must_use]
    pub fn is_smt_active_with(&self, online: &CpuMask) -> bool {
        let runs = |cpus: &[Cpu]| cpus.iter().filter(|cpu| online.contains(**cpu)).count();
        self.cores.iter().any(|cpus| runs(cpus) > 1)
    }

    /// Distance between nodes (`node_distance`); `None` unless both are possible.
    #[must_use]
    pub fn distance(&self, from: Node, to: Node) -> Option<u8> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        Some(self.distances.between(from, to, self.nodes.len()))
    }

    /// Distances between all nodes.
    #[must_use]
    pub fn distances(&self) -> &Distances {
        &self.distances
    }

    /// Possible nodes from the nearest on, the node itself first; of equally far ones the lower first, as
    /// `numa_nearest_node` finds them. None for a node that is not possible.
    #[must_use]
    pub fn nodes_by_distance(&self, from: Node) -> Vec<Node> {
        let Some(here) = self.index(from) else { return Vec::new() };
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|&to| (to != here, self.distances.between(here, to, self.nodes.len())));
        order.into_iter().map(|index| self.nodes[index].node).collect()
    }

    fn index(&self, node: Node) -> Option<usize> {
        self.nodes.binary_search_by_key(&node, |of| of.node).ok()
    }
}
