//! Features: what perf writes of the machine.

use crate::{half, word};

/// `struct perf_header_string`, padded as perf pads it.
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let len = (text.len() + 1).next_multiple_of(64);
    half(&mut bytes, len as u32);
    bytes.extend(text.as_bytes());
    bytes.resize(4 + len, 0);
    bytes
}

/// So many texts, with their number in front.
#[must_use]
pub fn strings(texts: &[&str]) -> Vec<u8> {
    let mut bytes = (texts.len() as u32).to_le_bytes().to_vec();
    bytes.extend(texts.iter().flat_map(|one| text(one)));
    bytes
}

/// The features of a machine: number of CPUs, and lists of the CPUs of each socket and core, as `HEADER_NRCPUS` and
/// `HEADER_CPU_TOPOLOGY` have them.
#[must_use]
pub fn cpus(count: u32, sockets: &[&str], cores: &[&str]) -> [(u32, Vec<u8>); 2] {
    let nr = [count, count].into_iter().flat_map(u32::to_le_bytes).collect();
    let mut topology = strings(sockets);
    topology.extend(strings(cores));
    for cpu in 0..count {
        let socket = sockets.iter().position(|list| names(list, cpu)).unwrap_or(0);
        half(&mut topology, cpu);
        half(&mut topology, socket as u32);
    }
    [(7, nr), (13, topology)]
}

/// Whether a list such as `0-3,8` has a number.
fn names(list: &str, number: u32) -> bool {
    list.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let bounds = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
        bounds.is_some_and(|(first, last)| (first..=last).contains(&number))
    })
}

/// A node: its number, KiB of memory, its CPUs.
pub type Node<'a> = (u32, u64, &'a str);

/// `HEADER_NUMA_TOPOLOGY`.
#[must_use]
pub fn numa(nodes: &[Node<'_>]) -> (u32, Vec<u8>) {
    let mut bytes = (nodes.len() as u32).to_le_bytes().to_vec();
    for (node, kib, cpus) in nodes {
        half(&mut bytes, *node);
        word(&mut bytes, *kib);
        word(&mut bytes, 0);
        bytes.extend(text(cpus));
    }
    (14, bytes)
}

/// `HEADER_OSRELEASE`.
#[must_use]
pub fn release(release: &str) -> (u32, Vec<u8>) {
    (4, text(release))
}
