//! The machine that was recorded: its CPUs, cores, caches and nodes, as perf wrote them down.

use std::collections::BTreeMap;

use skep_abi::{Cpu, Node};
use skep_topology::{
    Distances, MAX_CPUS, MAX_NODES, NodeSpec, PartialCpu, Topology, TopologyError, TopologySpec,
    fill_in, parse_list,
};

use super::error::RecordingError;
use super::feature::{Feature, Features};
use super::section::Fields;

/// Caches of a machine: four levels and kinds for each CPU, as perf counts them.
const MAX_CACHES: u32 = 4 * MAX_CPUS;

/// What a recording tells of its machine.
#[derive(Clone, Debug)]
pub struct RecordedMachine {
    /// The machine.
    pub topology: Topology,
    /// What the recording does not say, and what was taken instead: sentences without a full stop.
    pub notes: Vec<String>,
}

/// Reads what the features say; `highest` is the highest CPU that a record names.
///
/// # Errors
/// When what they say is no machine, and the CPUs by themselves are none either.
pub(super) fn machine(
    features: &Features,
    highest: Option<Cpu>,
) -> Result<RecordedMachine, TopologyError> {
    let mut notes = Vec::new();
    let cpus = cpus(features, highest, &mut notes);
    let nodes = or_remark(nodes(features), &mut notes);
    let (topology, contradiction) = spec(cpus, nodes).build_or_flat()?;
    notes.extend(contradiction.map(|error| {
        format!("cores and caches are left out, since the recording contradicts itself: {error}")
    }));
    Ok(RecordedMachine { topology, notes })
}

/// A node: its number, KiB of memory, its CPUs.
type NodeSeen = (u32, u64, Vec<u32>);

fn spec(mut cpus: BTreeMap<Cpu, PartialCpu>, seen: Vec<NodeSeen>) -> TopologySpec {
    let mut nodes = BTreeMap::new();
    for (node, kib, on_it) in seen {
        nodes.insert(Node(node), NodeSpec { memory: kib.saturating_mul(1024), online: true });
        for cpu in on_it {
            if let Some(of) = cpus.get_mut(&Cpu(cpu)) {
                of.node = Some(node);
            }
        }
    }
    // CPUs that no node claims, as offline ones, go to the first.
    let first = nodes.keys().next().map(|node| node.0);
    cpus.values_mut().for_each(|of| of.node = of.node.or(first));
    TopologySpec { cpus: fill_in(&cpus), nodes, distances: Distances::default(), nr_cpus: None }
}

fn or_remark<T: Default>(read: Result<T, RecordingError>, notes: &mut Vec<String>) -> T {
    read.unwrap_or_else(|error| {
        notes.push(error.to_string());
        T::default()
    })
}

/// Every CPU that the description names; without one, that a record does.
fn cpus(
    features: &Features,
    highest: Option<Cpu>,
    notes: &mut Vec<String>,
) -> BTreeMap<Cpu, PartialCpu> {
    let count = features.fields(Feature::NrCpus).and_then(|mut fields| fields.u32("a count").ok());
    let Places { cores, sockets } = or_remark(places(features, count.unwrap_or(0)), notes);
    let llcs = or_remark(llcs(features), notes);
    let seen = highest.map_or(0, |cpu| cpu.0.saturating_add(1));
    let known = count.unwrap_or(0).max(cores.keys().last().map_or(0, |cpu| cpu + 1));
    let count = if known > 0 { known } else { seen }.clamp(1, MAX_CPUS);
    if cores.is_empty() {
        notes.push(
            "the recording does not tell which CPUs share a core: each is taken for a core of its own"
                .to_owned(),
        );
    }
    let of = |cpu: u32| PartialCpu {
        // perf lists the siblings of CPUs that are online.
        online: cores.is_empty() || cores.contains_key(&cpu),
        core: cores.get(&cpu).map(|first| u64::from(*first)),
        // -1 for an offline CPU.
        socket: sockets
            .get(cpu as usize)
            .filter(|socket| **socket != u32::MAX)
            .map(|s| (*s).into()),
        llc: llcs.get(&cpu).map(|first| u64::from(*first)),
        ..PartialCpu::default()
    };
    (0..count).map(|cpu| (Cpu(cpu), of(cpu))).collect()
}

/// For each CPU, the first of those that it shares something with.
type Groups = BTreeMap<u32, u32>;

/// Enters a group of CPUs; those that are in one already stay there.
fn enter(groups: &mut Groups, list: &str) {
    let cpus = parse_list(list, MAX_CPUS).unwrap_or_default();
    let Some(first) = cpus.first().copied() else { return };
    for cpu in cpus {
        groups.entry(cpu).or_insert(first);
    }
}

#[derive(Default)]
struct Places {
    /// The first CPU of each CPU's core, of those that are online.
    cores: Groups,
    /// The socket of each CPU.
    sockets: Vec<u32>,
}

/// How many things of a kind follow.
fn count_of(
    fields: &mut Fields<'_>,
    part: &'static str,
    field: &'static str,
    max: u32,
) -> Result<u32, RecordingError> {
    match fields.u32(field)? {
        count if count <= max => Ok(count),
        count => Err(RecordingError::Many { part, field, count, max }),
    }
}

/// `HEADER_CPU_TOPOLOGY`: lists of CPUs of each socket, then of each core, then core and socket of each CPU.
fn places(features: &Features, count: u32) -> Result<Places, RecordingError> {
    let Some(mut fields) = features.fields(Feature::CpuTopology) else {
        return Ok(Places::default());
    };
    let part = Feature::CpuTopology.name();
    for _ in 0..count_of(&mut fields, part, "sockets", MAX_CPUS)? {
        fields.string("the CPUs of a socket")?;
    }
    let mut cores = Groups::new();
    for _ in 0..count_of(&mut fields, part, "cores", MAX_CPUS)? {
        enter(&mut cores, &fields.string("the CPUs of a core")?);
    }
    let mut sockets = Vec::new();
    for _ in 0..count.min(MAX_CPUS) {
        // The numbers of cores repeat in each socket: the lists tell better.
        if fields.u32("the core of a CPU").is_err() {
            break;
        }
        sockets.push(fields.u32("the socket of a CPU")?);
    }
    Ok(Places { cores, sockets })
}

/// `HEADER_NUMA_TOPOLOGY`.
fn nodes(features: &Features) -> Result<Vec<NodeSeen>, RecordingError> {
    let Some(mut fields) = features.fields(Feature::NumaTopology) else { return Ok(Vec::new()) };
    let mut nodes = Vec::new();
    for _ in 0..count_of(&mut fields, Feature::NumaTopology.name(), "nodes", MAX_NODES)? {
        let node = fields.u32("the number of a node")?;
        let kib = fields.u64("the memory of a node")?;
        fields.u64("the free memory of a node")?;
        let list = fields.string("the CPUs of a node")?;
        if node < MAX_NODES {
            nodes.push((node, kib, parse_list(&list, MAX_CPUS).unwrap_or_default()));
        }
    }
    Ok(nodes)
}

/// `HEADER_CACHE`: for each CPU, the first of those that share its cache of the highest level that holds data.
fn llcs(features: &Features) -> Result<Groups, RecordingError> {
    let Some(mut fields) = features.fields(Feature::Cache) else { return Ok(Groups::new()) };
    fields.u32("the version")?;
    let (mut highest, mut groups) = (0, Groups::new());
    for _ in 0..count_of(&mut fields, Feature::Cache.name(), "caches", MAX_CACHES)? {
        let level = fields.u32("a level")?;
        fields.bytes("sizes", 12)?;
        let kind = fields.string("a type")?;
        fields.string("a size")?;
        let list = fields.string("the CPUs of a cache")?;
        if kind == "Instruction" || level < highest {
            continue;
        }
        if level > highest {
            (highest, groups) = (level, Groups::new());
        }
        enter(&mut groups, &list);
    }
    Ok(groups)
}
