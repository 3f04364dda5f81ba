//! A machine described in code.

use std::collections::BTreeMap;

use skep_abi::{Cpu, Node};

use crate::distance::Distances;
use crate::shape::{Level, Numbering, Shape};
use crate::{MAX_CPUS, MAX_NODES, NodeSpec, Topology, TopologyError, TopologySpec};

/// What an entry of a list does to a CPU.
#[derive(Clone, Copy, Debug)]
enum Change {
    Offline,
    Absent,
    Capacity(u32),
    MaxKhz(u32),
}

/// Describes a machine; [`Topology::new`] starts one. Everything that is not said is 1; sockets, nodes and
/// caches that are not said go with each other: `nodes(2)` has two sockets with a cache each.
#[derive(Clone, Debug, Default)]
pub struct TopologyBuilder {
    shape: Option<Vec<(Level, u32)>>,
    sockets: Option<u32>,
    nodes: Option<u32>,
    llcs_per_node: Option<u32>,
    cores_per_node: Option<u32>,
    smt: Option<u32>,
    numbering: Numbering,
    node_ids: Option<Vec<u32>>,
    memory: BTreeMap<u32, u64>,
    memory_of_all: Option<u64>,
    memory_nodes: Vec<(u32, u64)>,
    offline_nodes: Vec<u32>,
    is_smt_off: bool,
    changes: Vec<(u32, Change)>,
    distance: Option<u32>,
    distances: Option<Vec<Vec<u32>>>,
    nr_cpus: Option<u32>,
}

impl TopologyBuilder {
    /// The nesting of a regular machine, outermost first, instead of the counts below.
    #[must_use]
    pub fn shape(mut self, levels: &[(Level, u32)]) -> Self {
        self.shape = Some(levels.to_vec());
        self
    }

    /// Sockets of the machine: the nodes are shared out among them.
    #[must_use]
    pub fn sockets(mut self, sockets: u32) -> Self {
        self.sockets = Some(sockets);
        self
    }

    /// NUMA nodes of the machine.
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = Some(nodes);
        self
    }

    /// Last level caches of each node: its cores are shared out among them.
    #[must_use]
    pub fn llcs_per_node(mut self, llcs: u32) -> Self {
        self.llcs_per_node = Some(llcs);
        self
    }

    /// Cores of each node.
    #[must_use]
    pub fn cores_per_node(mut self, cores: u32) -> Self {
        self.cores_per_node = Some(cores);
        self
    }

    /// Threads of each core.
    #[must_use]
    pub fn smt(mut self, threads: u32) -> Self {
        self.smt = Some(threads);
        self
    }

    /// How CPUs are numbered ([`Numbering::SiblingsApart`]).
    #[must_use]
    pub fn numbering(mut self, numbering: Numbering) -> Self {
        self.numbering = numbering;
        self
    }

    /// Numbers of the nodes that have CPUs, instead of 0, 1, …: there may be holes.
    #[must_use]
    pub fn node_ids(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.node_ids = Some(ids.into_iter().take(MAX_NODES as usize + 1).collect());
        self
    }

    /// Bytes of memory of each node with CPUs.
    #[must_use]
    pub fn memory_per_node(mut self, bytes: u64) -> Self {
        self.memory_of_all = Some(bytes);
        self
    }

    /// Bytes of memory of one node; 0 for a node without.
    #[must_use]
    pub fn node_memory(mut self, node: u32, bytes: u64) -> Self {
        self.memory.insert(node, bytes);
        self
    }

    /// Adds a node that has memory and no CPU.
    #[must_use]
    pub fn memory_node(mut self, node: u32, bytes: u64) -> Self {
        self.memory_nodes.push((node, bytes));
        self
    }

    /// Nodes that are possible but not there: their CPUs are not present.
    #[must_use]
    pub fn offline_nodes(mut self, nodes: impl IntoIterator<Item = u32>) -> Self {
        self.offline_nodes.extend(nodes.into_iter().take(MAX_NODES as usize + 1));
        self
    }

    /// CPUs that are present but do not run.
    #[must_use]
    pub fn offline(self, cpus: impl IntoIterator<Item = u32>) -> Self {
        self.change(cpus, Change::Offline)
    }

    /// CPUs that are possible but not present.
    #[must_use]
    pub fn absent(self, cpus: impl IntoIterator<Item = u32>) -> Self {
        self.change(cpus, Change::Absent)
    }

    /// All threads but the first of each core do not run, as after a boot with `nosmt`.
    #[must_use]
    pub fn smt_off(mut self) -> Self {
        self.is_smt_off = true;
        self
    }

    /// Capacity of some CPUs, 0 to 1024.
    #[must_use]
    pub fn capacity(self, cpus: impl IntoIterator<Item = u32>, capacity: u32) -> Self {
        self.change(cpus, Change::Capacity(capacity))
    }

    /// Highest frequency of some CPUs in kHz.
    #[must_use]
    pub fn max_khz(self, cpus: impl IntoIterator<Item = u32>, khz: u32) -> Self {
        self.change(cpus, Change::MaxKhz(khz))
    }

    /// Distance between any two nodes (20).
    #[must_use]
    pub fn distance(mut self, distance: u32) -> Self {
        self.distance = Some(distance);
        self
    }

    /// Distances between nodes: a row for each, in ascending order of numbers, memory-only nodes included.
    #[must_use]
    pub fn distances<R: Into<Vec<u32>>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        self.distances = Some(rows.into_iter().map(Into::into).collect());
        self
    }

    /// The size that the kernel is to be compiled for (`NR_CPUS`).
    #[must_use]
    pub fn nr_cpus(mut self, nr_cpus: u32) -> Self {
        self.nr_cpus = Some(nr_cpus);
        self
    }

    fn change(mut self, cpus: impl IntoIterator<Item = u32>, change: Change) -> Self {
        // One more than can be right, so that too many are found and not stored.
        let cpus = cpus.into_iter().take(MAX_CPUS as usize + 1);
        self.changes.extend(cpus.map(|cpu| (cpu, change)));
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// [`TopologyError`].
    pub fn build(self) -> Result<Topology, TopologyError> {
        self.spec()?.build()
    }

    /// The description in full, for whoever wants to change what has no word here.
    ///
    /// # Errors
    /// [`TopologyError`] when the counts make no machine; the rest is checked by [`TopologySpec::build`].
    pub fn spec(&self) -> Result<TopologySpec, TopologyError> {
        let levels = match &self.shape {
            Some(levels) => levels.clone(),
            None => self.levels()?,
        };
        let shape = Shape::new(&levels, self.numbering)?;
        let mut spec = shape.spec();
        if let Some(bytes) = self.memory_of_all {
            spec.nodes.values_mut().for_each(|node| node.memory = bytes);
        }
        self.renumber(&mut spec, shape.nodes())?;
        for &(node, memory) in &self.memory_nodes {
            spec.nodes.insert(Node(node), NodeSpec { memory, online: true });
        }
        for (&node, &bytes) in &self.memory {
            let of = spec.nodes.get_mut(&Node(node));
            of.ok_or(TopologyError::NoSuchNode(Node(node)))?.memory = bytes;
        }
        if self.is_smt_off {
            turn_smt_off(&mut spec);
        }
        self.apply_changes(&mut spec)?;
        spec.nr_cpus = self.nr_cpus;
        if let Some(distance) = self.distance {
            spec.distances = Distances::uniform(distance)?;
        }
        if let Some(rows) = &self.distances {
            let nodes: Vec<Node> = spec.nodes.keys().copied().collect();
            spec.distances = Distances::from_rows(&nodes, rows)?;
        }
        Ok(spec)
    }

    fn levels(&self) -> Result<Vec<(Level, u32)>, TopologyError> {
        let share = |parts: u32, what, among: u32, of| match parts.checked_rem(among) {
            Some(0) => Ok(parts / among),
            Some(_) => Err(TopologyError::Uneven { parts, what, among, of }),
            None => Err(TopologyError::Zero(of)),
        };
        let mut levels = Vec::new();
        if let Some(sockets) = self.sockets {
            levels.push((Level::Socket, sockets));
        }
        if let Some(nodes) = self.nodes {
            let nodes = match self.sockets {
                Some(sockets) if nodes > 0 => share(nodes, "nodes", sockets, "sockets")?,
                _ => nodes,
            };
            levels.push((Level::Node, nodes));
        }
        let mut cores = self.cores_per_node.unwrap_or(self.llcs_per_node.unwrap_or(1));
        if let Some(llcs) = self.llcs_per_node {
            if cores > 0 {
                cores = share(cores, "cores", llcs, "llcs")?;
            }
            levels.push((Level::Llc, llcs));
        }
        levels.push((Level::Core, cores));
        levels.push((Level::Thread, self.smt.unwrap_or(1)));
        Ok(levels)
    }

    fn renumber(&self, spec: &mut TopologySpec, nodes: u32) -> Result<(), TopologyError> {
        let Some(ids) = &self.node_ids else { return Ok(()) };
        let sorted: std::collections::BTreeSet<u32> = ids.iter().copied().collect();
        if ids.len() != nodes as usize || sorted.len() != ids.len() {
            return Err(TopologyError::NodeIds { given: sorted.len(), nodes });
        }
        let to = |node: Node| ids.get(node.0 as usize).map_or(node, |id| Node(*id));
        spec.cpus.values_mut().for_each(|cpu| cpu.node = to(cpu.node));
        spec.nodes =
            std::mem::take(&mut spec.nodes).into_iter().map(|(n, of)| (to(n), of)).collect();
        Ok(())
    }

    fn apply_changes(&self, spec: &mut TopologySpec) -> Result<(), TopologyError> {
        for &(cpu, change) in &self.changes {
            let of = spec.cpus.get_mut(&Cpu(cpu)).ok_or(TopologyError::NoSuchCpu(Cpu(cpu)))?;
            match change {
                Change::Offline => of.online = false,
                Change::Absent => (of.present, of.online) = (false, false),
                Change::Capacity(capacity) => of.capacity = capacity,
                Change::MaxKhz(khz) => of.max_khz = Some(khz),
            }
        }
        for &node in &self.offline_nodes {
            let node = Node(node);
            spec.nodes.get_mut(&node).ok_or(TopologyError::NoSuchNode(node))?.online = false;
            for cpu in spec.cpus.values_mut().filter(|cpu| cpu.node == node) {
                (cpu.present, cpu.online) = (false, false);
            }
        }
        Ok(())
    }
}

/// Ends all threads but the lowest CPU of each core.
fn turn_smt_off(spec: &mut TopologySpec) {
    let mut cores = std::collections::BTreeSet::new();
    for cpu in spec.cpus.values_mut() {
        if !cores.insert(cpu.core) {
            cpu.online = false;
        }
    }
}
