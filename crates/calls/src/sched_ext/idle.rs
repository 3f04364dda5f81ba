//! `kernel/sched/ext_idle.c`: masks of idle CPUs, and claiming idle CPUs.
//!
//! A call against the rules ends the scheduler with a message, and answers as if nothing was idle. Pointers are lent:
//! they must be given back, and cost nothing.

use skep_abi::{Errno, Node};
use skep_machine::Kernel;
use skep_machine::scx::{PICK_IDLE_IN_NODE, SchedExt};
use skep_macros::calls;

use super::{Mask, scx};
use crate::arg::Cpumask;
use crate::ret::{Answer, Owned};

/// Idle CPUs.
pub(crate) struct Idle;

#[calls(
    since = "6.12",
    gpl,
    hooks { TRACING, STRUCT_OPS, SYSCALL },
    flags { "6.12": ACQUIRE, "7.1": ACQUIRE | IMPLICIT_ARGS },
)]
impl Idle {
    /// Returns the NUMA node of a CPU.
    ///
    /// A CPU that cannot be ends the scheduler ("invalid CPU %d") and gives -1, as does, since 6.18, that no scheduler
    /// is loaded.
    #[kfunc(since = "6.15", flags { "6.15": NONE, "7.1": IMPLICIT_ARGS })]
    fn scx_bpf_cpu_node(k: &mut Kernel<'_, '_>, cpu: i32) -> i32 {
        let scx = scx(k);
        if scx.is_missing() {
            return -1;
        }
        let cpu = scx.valid_cpu(cpu).and_then(|cpu| k.run.machine.cpu(cpu));
        cpu.map_or(-1, |cpu| cpu.node().0.cast_signed())
    }

    /// Lends the mask of a node's idle CPUs; an empty mask where there is none, and for node -1.
    ///
    /// A scheduler without masks for each node ends ("per-node idle tracking is disabled"), as for numbers of nodes
    /// that cannot be ("invalid node %d", "unavailable node %d").
    #[kfunc(since = "6.15", flags { "6.15": ACQUIRE, "7.1": ACQUIRE | IMPLICIT_ARGS })]
    fn scx_bpf_get_idle_cpumask_node(k: &mut Kernel<'_, '_>, node: i32) -> Owned<Cpumask> {
        let scx = scx(k);
        let node = of_node(scx, node);
        Owned::new(node.map_or(scx.none_mask(), |node| scx.idle_mask(Some(node))))
    }

    /// Lends the mask of all idle CPUs; an empty mask where there is none.
    ///
    /// A scheduler with masks for each node ends ("SCX_OPS_BUILTIN_IDLE_PER_NODE enabled"), as does one that tracks
    /// idle CPUs itself ("built-in idle tracking is disabled").
    #[kfunc]
    fn scx_bpf_get_idle_cpumask(k: &mut Kernel<'_, '_>) -> Owned<Cpumask> {
        let scx = scx(k);
        Owned::new(if has_global(scx) { scx.idle_mask(None) } else { scx.none_mask() })
    }

    /// Lends the mask of those CPUs of a node whose whole core is idle; of its idle CPUs where SMT is not active.
    ///
    /// An empty mask, and the end of the scheduler, as for `scx_bpf_get_idle_cpumask_node`.
    #[kfunc(since = "6.15", flags { "6.15": ACQUIRE, "7.1": ACQUIRE | IMPLICIT_ARGS })]
    fn scx_bpf_get_idle_smtmask_node(k: &mut Kernel<'_, '_>, node: i32) -> Owned<Cpumask> {
        let scx = scx(k);
        let node = of_node(scx, node);
        Owned::new(node.map_or(scx.none_mask(), |node| scx.idle_core_mask(Some(node))))
    }

    /// Lends the mask of all CPUs whose whole core is idle; of all idle CPUs where SMT is not active.
    ///
    /// An empty mask, and the end of the scheduler, as for `scx_bpf_get_idle_cpumask`.
    #[kfunc]
    fn scx_bpf_get_idle_smtmask(k: &mut Kernel<'_, '_>) -> Owned<Cpumask> {
        let scx = scx(k);
        Owned::new(if has_global(scx) { scx.idle_core_mask(None) } else { scx.none_mask() })
    }

    /// Gives a mask of idle CPUs back: nothing happens but in the verifier's books.
    #[kfunc(flags { "6.12": RELEASE })]
    fn scx_bpf_put_idle_cpumask(_k: &mut Kernel<'_, '_>, idle_mask: Mask) {
        let _ = idle_mask;
    }

    /// Claims a CPU, and tells whether it was idle. Whether it was or not, its core is not wholly idle afterwards.
    ///
    /// A scheduler that tracks idle CPUs itself ends ("built-in idle tracking is disabled"), as for a CPU that cannot
    /// be ("invalid CPU %d").
    #[kfunc(flags { "6.12": NONE, "7.1": IMPLICIT_ARGS })]
    fn scx_bpf_test_and_clear_cpu_idle(k: &mut Kernel<'_, '_>, cpu: i32) -> bool {
        let scx = scx(k);
        if scx.is_missing() || !scx.check_builtin_idle() {
            return false;
        }
        scx.valid_cpu(cpu).is_some_and(|cpu| scx.test_and_clear_idle(cpu))
    }

    /// Claims an idle CPU of a mask, first in a node, then in the others from the nearest on; CPUs whose whole core is
    /// idle come first. Flags: 1 takes no others (`SCX_PICK_IDLE_CORE`), 2 stays in the node
    /// (`SCX_PICK_IDLE_IN_NODE`).
    ///
    /// *Errors*: `ENODEV` when no scheduler is loaded (since 6.18), `EOPNOTSUPP` and `EINVAL` as they end the scheduler
    /// (see `scx_bpf_get_idle_cpumask_node`), `ENOENT` for node -1, `EBUSY` when no CPU is idle.
    #[kfunc(since = "6.15", flags { "6.15": RCU, "7.1": RCU | IMPLICIT_ARGS })]
    fn scx_bpf_pick_idle_cpu_node(
        k: &mut Kernel<'_, '_>,
        cpus_allowed: Mask,
        node: i32,
        flags: u64,
    ) -> Answer<i32> {
        let scx = loaded(k)?;
        let node = scx.valid_node(node)?;
        picked(scx.pick_idle(k.run.cpu, cpus_allowed.addr(), Some(node), flags)?)
    }

    /// Claims an idle CPU of a mask; CPUs whose whole core is idle come first, and no others do with flag 1
    /// (`SCX_PICK_IDLE_CORE`).
    ///
    /// *Errors*: `ENODEV` when no scheduler is loaded (since 6.18); `EBUSY` when no CPU is idle, for schedulers with
    /// masks for each node, which end ("per-node idle tracking is enabled"), and for those that track idle CPUs
    /// themselves, which end too ("built-in idle tracking is disabled").
    #[kfunc(flags { "6.12": RCU, "7.1": RCU | IMPLICIT_ARGS })]
    fn scx_bpf_pick_idle_cpu(
        k: &mut Kernel<'_, '_>,
        cpus_allowed: Mask,
        flags: u64,
    ) -> Answer<i32> {
        let scx = loaded(k)?;
        refuse_per_node(scx)?;
        if !scx.check_builtin_idle() {
            return Err(Errno::EBUSY.into());
        }
        picked(scx.pick_idle(k.run.cpu, cpus_allowed.addr(), None, flags)?)
    }

    /// As `scx_bpf_pick_idle_cpu_node`; where no CPU is idle, any CPU of the mask, and with flag 2 of the node, in turn.
    ///
    /// *Errors*: the same; `EBUSY` when the mask has no such CPU.
    #[kfunc(since = "6.15", flags { "6.15": RCU, "7.1": RCU | IMPLICIT_ARGS })]
    fn scx_bpf_pick_any_cpu_node(
        k: &mut Kernel<'_, '_>,
        cpus_allowed: Mask,
        node: i32,
        flags: u64,
    ) -> Answer<i32> {
        let scx = loaded(k)?;
        let (node, allowed) = (scx.valid_node(node)?, cpus_allowed.addr());
        if let Some(cpu) = scx.pick_idle(k.run.cpu, allowed, Some(node), flags)? {
            return picked(Some(cpu));
        }
        let within = (flags & PICK_IDLE_IN_NODE != 0).then_some(node);
        picked(scx.pick_any(k.run.cpu, allowed, within)?)
    }

    /// As `scx_bpf_pick_idle_cpu`; where no CPU is idle, or none is known to be, any CPU of the mask, in turn.
    ///
    /// *Errors*: `ENODEV` when no scheduler is loaded (since 6.18); `EBUSY` when the mask is empty, and for schedulers
    /// with masks for each node, which end ("per-node idle tracking is enabled").
    #[kfunc(flags { "6.12": RCU, "7.1": RCU | IMPLICIT_ARGS })]
    fn scx_bpf_pick_any_cpu(k: &mut Kernel<'_, '_>, cpus_allowed: Mask, flags: u64) -> Answer<i32> {
        let scx = loaded(k)?;
        refuse_per_node(scx)?;
        let allowed = cpus_allowed.addr();
        if scx.has_builtin_idle()
            && let Some(cpu) = scx.pick_idle(k.run.cpu, allowed, None, flags)?
        {
            return picked(Some(cpu));
        }
        picked(scx.pick_any(k.run.cpu, allowed, None)?)
    }
}

/// The scheduler, where calls that need one find it.
pub(super) fn loaded<'m>(k: &Kernel<'_, 'm>) -> Result<SchedExt<'m>, Errno> {
    let scx = scx(k);
    if scx.is_missing() { Err(Errno::ENODEV) } else { Ok(scx) }
}

/// The node whose masks are lent; none where an empty one is.
fn of_node(scx: SchedExt<'_>, node: i32) -> Option<Node> {
    if scx.is_missing() { None } else { scx.valid_node(node).ok() }
}

/// Whether the masks of the whole machine are lent.
fn has_global(scx: SchedExt<'_>) -> bool {
    if scx.is_missing() {
        return false;
    }
    if scx.is_per_node() {
        scx.error(format_args!("SCX_OPS_BUILTIN_IDLE_PER_NODE enabled"));
        return false;
    }
    scx.check_builtin_idle()
}

fn refuse_per_node(scx: SchedExt<'_>) -> Result<(), Errno> {
    if scx.is_per_node() {
        scx.error(format_args!("per-node idle tracking is enabled"));
        return Err(Errno::EBUSY);
    }
    Ok(())
}

pub(super) fn picked(cpu: Option<skep_abi::Cpu>) -> Answer<i32> {
    Ok(cpu.ok_or(Errno::EBUSY)?.0.cast_signed())
}
