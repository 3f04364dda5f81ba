//! Possible CPUs, which per-CPU values and lists exist for.

use std::sync::Arc;

use skep_abi::Cpu;
use skep_topology::Topology;

/// The possible CPUs of a machine; there may be holes between them. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct PossibleCpus(Arc<Numbers>);

#[derive(Debug)]
struct Numbers {
    cpus: Box<[Cpu]>,
    /// By CPU: its place among the possible ones.
    places: Box<[Option<u32>]>,
}

impl PossibleCpus {
    pub(crate) fn new(topology: &Topology) -> Self {
        let cpus: Box<[Cpu]> = topology.cpus().map(|of| of.cpu).collect();
        let mut places = vec![None; topology.nr_cpu_ids() as usize];
        for (place, cpu) in (0..).zip(&cpus) {
            places[cpu.0 as usize] = Some(place);
        }
        Self(Arc::new(Numbers { cpus, places: places.into() }))
    }

    /// How many there are (`num_possible_cpus`); at least one.
    pub(crate) fn count(&self) -> u32 {
        self.0.cpus.len() as u32
    }

    /// The highest, + 1 (`nr_cpu_ids`).
    pub(crate) fn ids(&self) -> u32 {
        self.0.places.len() as u32
    }

    /// The CPUs, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cpu> + '_ {
        self.0.cpus.iter().copied()
    }

    pub(crate) fn contains(&self, cpu: Cpu) -> bool {
        self.place(cpu).is_some()
    }

    /// Which of the possible CPUs it is, from 0.
    pub(crate) fn place(&self, cpu: Cpu) -> Option<u32> {
        self.0.places.get(cpu.0 as usize).copied().flatten()
    }
}
