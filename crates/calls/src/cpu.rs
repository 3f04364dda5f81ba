//! `kernel/bpf/helpers.c`: where the program runs, and what each CPU has.

use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use crate::arg::{Anything, PercpuPtr};
use crate::ret::{PercpuVar, PercpuVarOrNull};

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

/// Variables that each CPU has.
pub(crate) struct PercpuVars;

#[calls(since = "5.10", avail { TRACING, BASE: "6.12" })]
impl PercpuVars {
    /// Returns a CPU's variable of a per-CPU variable of the kernel, or of an object of `bpf_percpu_obj_new`; null for a
    /// CPU that there cannot be.
    #[helper(153, effect = PerCpuPtr)]
    fn bpf_per_cpu_ptr(
        k: &mut Kernel<'_, '_>,
        percpu_ptr: PercpuPtr,
        cpu: Anything,
    ) -> Result<PercpuVarOrNull, Fault> {
        k.run.machine.per_cpu_ptr(percpu_ptr.0, cpu.0 as u32).map(PercpuVarOrNull)
    }

    /// Returns this CPU's variable of a per-CPU variable.
    #[helper(154, effect = ThisCpuPtr)]
    fn bpf_this_cpu_ptr(k: &mut Kernel<'_, '_>, percpu_ptr: PercpuPtr) -> Result<PercpuVar, Fault> {
        let var = k.run.machine.per_cpu_ptr(percpu_ptr.0, k.run.cpu.0)?;
        // A program runs on a CPU that there is.
        Ok(PercpuVar(var.unwrap_or(percpu_ptr.0)))
    }
}
