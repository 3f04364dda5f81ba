//! `kernel/sched/ext_idle.c`: the kernel's own choice of a CPU for a task that wakes up.
//!
//! From 7.1 on programs that trace may not ask for it.

use skep_abi::{Addr, Errno};
use skep_machine::Kernel;
use skep_machine::scx::Wakeup;
use skep_macros::calls;

use super::Mask;
use super::idle::{loaded, picked};
use crate::arg::{BoolPtr, Kptr, SelectCpuArgs, TaskStruct};
use crate::ret::{Answer, Halt};

/// Choosing CPUs.
pub(crate) struct SelectCpu;

/// The arguments that all forms have.
struct Request {
    task: Addr,
    prev_cpu: i32,
    wake_flags: u64,
    allowed: Option<Addr>,
    flags: u64,
}

#[calls(
    since = "6.16",
    gpl,
    hooks { TRACING: "6.16".."7.1", STRUCT_OPS, SYSCALL },
    flags { "6.16": RCU },
)]
impl SelectCpu {
    /// Claims an idle CPU out of `cpus_allowed` for a task: the one it ran on, one that shares its cache or node, or
    /// any; CPUs whose whole core is idle come first, and no others do with flag 1. Flag 2 stays in the node.
    ///
    /// *Errors*: `ENODEV` when no scheduler is loaded (since 6.18); `EINVAL` for a CPU that cannot be, which ends the
    /// scheduler; `EBUSY` when no CPU is idle, and for schedulers that track idle CPUs themselves, which end.
    #[kfunc]
    fn scx_bpf_select_cpu_and(
        k: &mut Kernel<'_, '_>,
        p: Kptr<TaskStruct>,
        prev_cpu: i32,
        wake_flags: u64,
        cpus_allowed: Mask,
        flags: u64,
    ) -> Answer<i32> {
        let allowed = Some(cpus_allowed.addr());
        select(k, &Request { task: p.addr(), prev_cpu, wake_flags, allowed, flags })
    }

    /// As `scx_bpf_select_cpu_and`, with the numbers in a struct: `prev_cpu`, `wake_flags`, `flags`.
    ///
    /// *Errors*: the same.
    #[kfunc(
        since = "6.19",
        flags { "6.19": RCU, "7.1": RCU | IMPLICIT_ARGS },
    )]
    fn __scx_bpf_select_cpu_and(
        k: &mut Kernel<'_, '_>,
        p: Kptr<TaskStruct>,
        cpus_allowed: Mask,
        args: Kptr<SelectCpuArgs>,
    ) -> Answer<i32> {
        let memory = k.run.memory();
        let mut bytes = [0; 24];
        memory.read(args.addr(), &mut bytes)?;
        let [prev_cpu, wake_flags, flags] =
            [0, 8, 16].map(|at| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte])));
        let (prev_cpu, allowed) = (prev_cpu as i32, Some(cpus_allowed.addr()));
        select(k, &Request { task: p.addr(), prev_cpu, wake_flags, allowed, flags })
    }

    /// As `scx_bpf_select_cpu_and` with the task's own CPUs; where no CPU is idle, the one it ran on. `is_idle` says
    /// whether the CPU was idle.
    ///
    /// *Errors*: `ENODEV` when no scheduler is loaded (since 6.18).
    #[kfunc(
        since = "6.12",
        hooks { TRACING: "6.18".."7.1", STRUCT_OPS, SYSCALL: "6.18" },
        flags { "6.12": RCU, "7.1": RCU | IMPLICIT_ARGS },
    )]
    fn scx_bpf_select_cpu_dfl(
        k: &mut Kernel<'_, '_>,
        p: Kptr<TaskStruct>,
        prev_cpu: i32,
        wake_flags: u64,
        is_idle: BoolPtr,
    ) -> Answer<i32> {
        loaded(k)?;
        let request = Request { task: p.addr(), prev_cpu, wake_flags, allowed: None, flags: 0 };
        let (found, cpu) = match select(k, &request) {
            Ok(cpu) => (true, cpu),
            Err(Halt::Errno(_)) => (false, prev_cpu),
            Err(stop) => return Err(stop),
        };
        k.run.memory().write(is_idle.0, &[found.into()])?;
        Ok(cpu)
    }
}

fn select(k: &Kernel<'_, '_>, request: &Request) -> Answer<i32> {
    let scx = loaded(k)?;
    let prev = scx.valid_cpu(request.prev_cpu).ok_or(Errno::EINVAL)?;
    if !scx.check_builtin_idle() {
        return Err(Errno::EBUSY.into());
    }
    let tasks = k.run.machine.tasks();
    let waker = tasks.get(k.run.task);
    let Some((cpus, nr_cpus)) = tasks.cpus_allowed(request.task)? else {
        super::thread(k, request.task)?;
        return Err(Errno::EBUSY.into());
    };
    picked(scx.select_cpu(&Wakeup {
        on: k.run.cpu,
        waker: waker.as_deref(),
        cpus,
        nr_cpus,
        allowed: request.allowed,
        prev,
        wake_flags: request.wake_flags,
        flags: request.flags,
    })?)
}
