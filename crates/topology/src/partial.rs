//! CPUs of which only some things are known, and what is taken for the rest.

use std::collections::BTreeMap;

use skep_abi::{Cpu, Node};

use crate::{CAPACITY_SCALE, CpuSpec};

/// What a source says of a CPU. Sockets, cores and caches are told apart by any numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialCpu {
    /// Its node; else node 0.
    pub node: Option<u32>,
    /// Its socket; else that of the first CPU of its node that says one, else each node is one.
    pub socket: Option<u64>,
    /// Its core; else it has one for itself.
    pub core: Option<u64>,
    /// Its last level cache; else that of the first CPU of its node and socket that says one, else all of
    /// them share one.
    pub llc: Option<u64>,
    /// Its capacity; else 1024.
    pub capacity: Option<u32>,
    /// Its highest frequency in kHz.
    pub max_khz: Option<u32>,
    /// Whether it is plugged in.
    pub present: bool,
    /// Whether it runs at first.
    pub online: bool,
}

impl Default for PartialCpu {
    fn default() -> Self {
        Self {
            node: None,
            socket: None,
            core: None,
            llc: None,
            capacity: None,
            max_khz: None,
            present: true,
            online: true,
        }
    }
}

impl From<CpuSpec> for PartialCpu {
    fn from(spec: CpuSpec) -> Self {
        Self {
            node: Some(spec.node.0),
            socket: Some(spec.socket.into()),
            core: Some(spec.core.into()),
            llc: Some(spec.llc.into()),
            capacity: Some(spec.capacity),
            max_khz: spec.max_khz,
            present: spec.present,
            online: spec.online,
        }
    }
}

/// Gives each key a number.
struct Numbers<K>(BTreeMap<K, u32>);

impl<K: Ord> Numbers<K> {
    fn of(&mut self, key: K) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }
}

/// What a group is known by: the source's number, or what stands in for it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Said(u64),
    Cpu(Cpu),
    Node(u32),
    Place(u32, u32),
}

/// Fills in what is not known.
#[must_use]
pub fn fill_in(cpus: &BTreeMap<Cpu, PartialCpu>) -> BTreeMap<Cpu, CpuSpec> {
    let mut sockets = Numbers(BTreeMap::new());
    let mut cores = Numbers(BTreeMap::new());
    let mut llcs = Numbers(BTreeMap::new());
    let mut socket_of = BTreeMap::new();
    let mut llc_of = BTreeMap::new();
    for of in cpus.values() {
        let node = of.node.unwrap_or(0);
        if let Some(socket) = of.socket {
            socket_of.entry(node).or_insert(socket);
        }
    }
    let socket_key = |of: &PartialCpu| {
        let node = of.node.unwrap_or(0);
        of.socket.or_else(|| socket_of.get(&node).copied()).map_or(Key::Node(node), Key::Said)
    };
    for of in cpus.values() {
        let place = (of.node.unwrap_or(0), sockets.of(socket_key(of)));
        if let Some(llc) = of.llc {
            llc_of.entry(place).or_insert(llc);
        }
    }
    let filled = cpus.iter().map(|(&cpu, of)| {
        let node = of.node.unwrap_or(0);
        let socket = sockets.of(socket_key(of));
        let llc = of.llc.or_else(|| llc_of.get(&(node, socket)).copied());
        let spec = CpuSpec {
            node: Node(node),
            socket,
            core: cores.of(of.core.map_or(Key::Cpu(cpu), Key::Said)),
            llc: llcs.of(llc.map_or(Key::Place(node, socket), Key::Said)),
            capacity: of.capacity.unwrap_or(CAPACITY_SCALE),
            max_khz: of.max_khz,
            present: of.present,
            online: of.online,
        };
        (cpu, spec)
    });
    filled.collect()
}
