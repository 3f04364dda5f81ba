//! CPUs near a CPU that run: `include/linux/topology.h`, `kernel/sched/topology.c`.

use skep_abi::{Cpu, Node};
use skep_topology::{CpuMask, Topology};

use super::SchedExt;

impl<'m> SchedExt<'m> {
    pub(super) fn topology(self) -> &'m Topology {
        self.machine.topology()
    }

    fn running(self, cpus: &[Cpu]) -> CpuMask {
        let online = self.machine.online();
        cpus.iter().copied().filter(|cpu| online.contains(*cpu)).collect()
    }

    /// CPUs of a core that run (`cpu_smt_mask`): none for a CPU that does not.
    pub(super) fn smt_siblings(self, cpu: Cpu) -> CpuMask {
        let core = self.running(self.topology().siblings(cpu));
        if core.contains(cpu) { core } else { CpuMask::new() }
    }

    /// CPUs of a node that run (`cpumask_of_node`).
    pub(super) fn of_node(self, node: Node) -> CpuMask {
        self.running(self.topology().cpus_of_node(node))
    }

    /// CPUs that share a last level cache with one, and run.
    pub(super) fn of_llc(self, cpu: Cpu) -> CpuMask {
        self.running(self.topology().llc_siblings(cpu))
    }
}
