//! `kernel/sched/ext.c`: CPUs, their performance, and tasks, as schedulers see them.

use skep_machine::sched::CPUPERF_ONE;
use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use super::{Mask, scx, thread};
use crate::arg::{ConstKptr, Cpumask, TaskStruct};
use crate::ret::Owned;

/// What is neither idle nor queued.
pub(crate) struct Ext;

#[calls(
    since = "6.12",
    gpl,
    hooks { TRACING, STRUCT_OPS, SYSCALL },
    flags { "6.12": NONE },
)]
impl Ext {
    /// Returns the capacity of a CPU in relation to the strongest ones, which have 1024.
    ///
    /// A CPU that cannot be ends the scheduler ("invalid CPU %d") and gives 1024, as does, since 6.18, that no
    /// scheduler is loaded.
    #[kfunc(flags { "6.12": NONE, "7.1": IMPLICIT_ARGS })]
    fn scx_bpf_cpuperf_cap(k: &mut Kernel<'_, '_>, cpu: i32) -> u32 {
        let scx = scx(k);
        let cpu = if scx.is_missing() { None } else { scx.valid_cpu(cpu) };
        let of = cpu.and_then(|cpu| k.run.machine.topology().cpu(cpu));
        of.map_or(CPUPERF_ONE, |cpu| cpu.capacity)
    }

    /// Returns the present frequency of a CPU in relation to its highest, which is 1024.
    ///
    /// As `scx_bpf_cpuperf_cap` for CPUs that cannot be and without a scheduler.
    #[kfunc(flags { "6.12": NONE, "7.1": IMPLICIT_ARGS })]
    fn scx_bpf_cpuperf_cur(k: &mut Kernel<'_, '_>, cpu: i32) -> u32 {
        let scx = scx(k);
        let cpu = if scx.is_missing() { None } else { scx.valid_cpu(cpu) };
        cpu.map_or(CPUPERF_ONE, |cpu| k.run.machine.cpuperf(cpu))
    }

    /// Asks for a frequency of a CPU in relation to its highest, which is 1024.
    ///
    /// More than that ends the scheduler ("Invalid cpuperf target %u for CPU %d"), as does a CPU that cannot be.
    #[kfunc(flags { "6.12": NONE, "7.1": IMPLICIT_ARGS })]
    fn scx_bpf_cpuperf_set(k: &mut Kernel<'_, '_>, cpu: i32, perf: u32) {
        let scx = scx(k);
        if scx.is_missing() {
            return;
        }
        if perf > CPUPERF_ONE {
            scx.error(format_args!("Invalid cpuperf target {perf} for CPU {cpu}"));
            return;
        }
        if let Some(cpu) = scx.valid_cpu(cpu) {
            k.run.machine.set_cpuperf_target(cpu, perf);
        }
    }

    /// Returns the highest possible node, + 1.
    #[kfunc(since = "6.15", flags { "6.15": NONE })]
    fn scx_bpf_nr_node_ids(k: &mut Kernel<'_, '_>) -> u32 {
        k.run.machine.nr_nodes()
    }

    /// Returns the highest possible CPU, + 1.
    #[kfunc]
    fn scx_bpf_nr_cpu_ids(k: &mut Kernel<'_, '_>) -> u32 {
        k.run.machine.nr_cpu_ids()
    }

    /// Lends the mask of CPUs that can ever be there.
    #[kfunc(flags { "6.12": ACQUIRE })]
    fn scx_bpf_get_possible_cpumask(k: &mut Kernel<'_, '_>) -> Owned<Cpumask> {
        Owned::new(scx(k).possible_mask())
    }

    /// Lends the mask of CPUs that run.
    #[kfunc(flags { "6.12": ACQUIRE })]
    fn scx_bpf_get_online_cpumask(k: &mut Kernel<'_, '_>) -> Owned<Cpumask> {
        Owned::new(scx(k).online_mask())
    }

    /// Gives a mask back: nothing happens but in the verifier's books.
    #[kfunc(flags { "6.12": RELEASE })]
    fn scx_bpf_put_cpumask(_k: &mut Kernel<'_, '_>, cpumask: Mask) {
        let _ = cpumask;
    }

    /// Tells whether a task runs at this moment.
    #[kfunc(flags { "6.12": RCU })]
    fn scx_bpf_task_running(
        k: &mut Kernel<'_, '_>,
        p: ConstKptr<TaskStruct>,
    ) -> Result<bool, Fault> {
        let (tid, machine) = (thread(k, p.addr())?, k.run.machine);
        let is_current = || {
            let cpu = machine.tasks().cpu_of(tid)?;
            Some(machine.current(cpu) == Some(tid))
        };
        Ok(tid == k.run.task || is_current().unwrap_or(false))
    }

    /// Returns the CPU on which a task runs or ran last; 0 where nothing tells.
    #[kfunc(flags { "6.12": RCU })]
    fn scx_bpf_task_cpu(k: &mut Kernel<'_, '_>, p: ConstKptr<TaskStruct>) -> Result<i32, Fault> {
        let tid = thread(k, p.addr())?;
        if tid == k.run.task {
            return Ok(k.run.cpu.0.cast_signed());
        }
        let cpu = k.run.machine.tasks().cpu_of(tid);
        if cpu.is_none() {
            k.run.machine.note_unknown("the CPU of a task (scx_bpf_task_cpu)");
        }
        Ok(cpu.map_or(0, |cpu| cpu.0.cast_signed()))
    }

    /// Returns the time in nanoseconds; on one CPU it never goes back.
    // DEVIATION(linux): the kernel's is the scheduler's clock, which starts at another moment than CLOCK_MONOTONIC and
    // is not slewed; here it is CLOCK_MONOTONIC as of the sample.
    #[kfunc(since = "6.14", flags { "6.14": NONE })]
    fn scx_bpf_now(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.machine.rq_clock(k.run.cpu, k.run.now())
    }
}
