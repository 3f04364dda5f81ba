//! `lstopo --of xml` of hwloc 2: the whole tree, memory, distances, frequencies of kinds of CPUs.
//!
//! What hwloc says of offline CPUs is only that they exist. Its caches are trees' nodes here: the last level
//! cache of a CPU is the highest one above it.

mod bitmap;
mod reader;

use std::collections::BTreeMap;

use skep_abi::{Cpu, Node};

use super::{Form, ParseError, Parsed, Problem};
use crate::distance::Distances;
use crate::partial::{PartialCpu, fill_in};
use crate::{NodeSpec, TopologySpec, format_list};
use reader::Found;

/// Reads a machine.
///
/// # Errors
/// [`ParseError`] with the line and column.
pub fn parse(content: &str) -> Result<Parsed, ParseError> {
    let mut found = reader::read(content)?;
    let mut notes = Vec::new();
    let mut nodes = BTreeMap::new();
    // A second kind of memory of the same CPUs (HBM beside DDR) is a node without CPUs for Linux.
    for (&node, of) in &found.nodes {
        nodes.insert(Node(node), NodeSpec { memory: of.memory, online: true });
        for cpu in of.cpus.iter() {
            if let Some(cpu) = found.cpus.get_mut(&Cpu(cpu)) {
                cpu.node = cpu.node.or(Some(node));
            }
        }
    }
    if let Some((cpu, _)) = found.cpus.iter().find(|(_, of)| of.node.is_none()) {
        let what = format!("PU {cpu} is in the cpuset of no NUMANode");
        return Err(ParseError::new(Form::Hwloc, Problem::Missing(what)));
    }
    for (cpus, khz) in &found.kinds {
        for cpu in cpus.iter() {
            if let Some(cpu) = found.cpus.get_mut(&Cpu(cpu)) {
                cpu.max_khz = Some(*khz);
            }
        }
    }
    let offline: Vec<u32> =
        found.complete.iter().filter(|cpu| !found.cpus.contains_key(&Cpu(*cpu))).collect();
    if !offline.is_empty() && !found.cpus.is_empty() {
        for cpu in &offline {
            found.cpus.insert(Cpu(*cpu), PartialCpu { online: false, ..PartialCpu::default() });
        }
        notes.push(format!(
            "hwloc does not say where the offline CPUs {} are: each is taken for a core of its own on node 0",
            format_list(offline)
        ));
    }
    let distances = distances(&found, &nodes, &mut notes);
    let spec = TopologySpec { cpus: fill_in(&found.cpus), nodes, distances, nr_cpus: None };
    let topology =
        spec.build().map_err(|error| ParseError::new(Form::Hwloc, Problem::Topology(error)))?;
    Ok(Parsed { topology, form: Form::Hwloc, notes })
}

/// The matrix of latencies, when it is one that Linux could have.
fn distances(
    found: &Found,
    nodes: &BTreeMap<Node, NodeSpec>,
    notes: &mut Vec<String>,
) -> Distances {
    let Some(matrix) = &found.distances else { return Distances::default() };
    let mut ignore = |why: String| {
        notes.push(format!("the distances of nodes are left out: {why}"));
        Distances::default()
    };
    let mut order: Vec<usize> = (0..matrix.nodes.len()).collect();
    order.sort_by_key(|&index| matrix.nodes[index]);
    let sorted: Vec<Node> = order.iter().map(|&index| Node(matrix.nodes[index])).collect();
    if !sorted.iter().eq(nodes.keys()) {
        return ignore(format!("they are of nodes {:?}", matrix.nodes));
    }
    let row = |&from: &usize| -> Vec<u32> {
        let at = |&to: &usize| matrix.values.get(from * matrix.nodes.len() + to).copied();
        order.iter().filter_map(at).collect()
    };
    let rows: Vec<Vec<u32>> = order.iter().map(row).collect();
    Distances::from_rows(&sorted, &rows).unwrap_or_else(|error| ignore(error.to_string()))
}
