//! `kernel/bpf/helpers.c`: where the program runs.

use skep_machine::Kernel;
use skep_macros::calls;

/// CPU and NUMA node.
pub(crate) struct ThisCpu;

#[calls(since = "4.1", avail { BASE })]
impl ThisCpu {
    /// Returns the number of the CPU on which the program runs.
    #[helper(8, avail { BASE, TRACING: "4.2" })]
    fn bpf_get_smp_processor_id(k: &mut Kernel<'_, '_>) -> u32 {
        k.run.cpu.0
    }

    /// Returns the NUMA node of that CPU.
    #[helper(42, since = "4.10")]
    fn bpf_get_numa_node_id(k: &mut Kernel<'_, '_>) -> u32 {
        k.run.machine.cpu(k.run.cpu).map_or(0, |cpu| cpu.node().0)
    }
}
