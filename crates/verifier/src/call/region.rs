//! Critical sections that a path is in: RCU, preemption, interrupts (`in_rcu_cs`, `in_sleepable`).

use skep_abi::{Effect, KfuncFlags, TypeFlags};

use super::graph;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{RegState, SlotKind, State};

rejections! {
    /// A tree callback runs with the tree's lock held, which is an RCU section already.
    RcuInTreeCallback("rcu-in-rbtree-callback", EACCES, help: "leave the RCU calls out of the comparison callback") {
    } => "Calling bpf_rcu_read_{{lock,unlock}} in unnecessary rbtree callback";

    /// An RCU read-side section begins within another one. Kernels before 6.19 know no nesting.
    NestedRcu("rcu-nested", EINVAL, help: "unlock before locking again, or leave the inner pair out") {
        name: &'static str,
    } => "nested rcu read lock (kernel function {name})";

    /// An RCU read-side section ends that never began on this path.
    UnmatchedRcuUnlock("rcu-unlock-unmatched", EINVAL, help: "call bpf_rcu_read_lock() first, on every path") {
        name: &'static str,
    } => "unmatched rcu read unlock (kernel function {name})";

    /// A call that may sleep is made within an RCU read-side section, where nothing may sleep.
    SleepsInRcu("sleep-in-rcu", EACCES, help: "make the call before the RCU section or after it") {
        name: &'static str,
    } => "kernel func {name} is sleepable within rcu_read_lock region";

    /// Preemption is enabled more often than it was disabled.
    UnmatchedPreemptEnable("preempt-enable-unmatched", EINVAL, help: "call bpf_preempt_disable() first, on every path") {
        name: &'static str,
    } => "unmatched attempt to enable preemption (kernel function {name})";

    /// A call that may sleep is made while preemption is disabled.
    SleepsInNonPreemptible("sleep-in-non-preemptible", EACCES, help: "enable preemption before the call") {
        name: &'static str,
    } => "kernel func {name} is sleepable within non-preemptible region";

    /// A call that may sleep is made while interrupts are disabled.
    SleepsWithIrqsOff("sleep-with-irqs-off", EACCES, help: "restore interrupts before the call") {
        name: &'static str,
    } => "kernel func {name} is sleepable within IRQ-disabled region";

    /// The kernel function returns or walks objects that only RCU keeps alive, so it must be called within a section.
    NeedsRcu("rcu-section-missing", EACCES, help: "put bpf_rcu_read_lock() and bpf_rcu_read_unlock() around the call and around every use of what it gives") {
        name: &'static str,
    } => "kernel func {name} requires RCU critical section protection";
}

impl Env<'_> {
    /// Whether the path may sleep, critical sections aside (`in_sleepable`).
    pub(crate) fn in_sleepable(&self) -> bool {
        let by_program = !self.features.callbacks_sleep_on_their_own() && self.prog.sleepable;
        by_program || self.state.in_sleepable
    }

    /// Whether RCU keeps objects alive here (`in_rcu_cs`): programs that do not sleep always run under RCU.
    pub(crate) fn in_rcu_cs(&self) -> bool {
        let refs = &self.state.refs;
        let locks = self.features.locks_are_rcu_sections() && refs.active_locks > 0;
        refs.rcu > 0 || locks || !self.in_sleepable()
    }
}

/// Enters and leaves sections as a kfunc does, and refuses those that may not be called in one.
pub(super) fn apply(
    env: &mut Env<'_>,
    name: &'static str,
    flags: KfuncFlags,
    effect: Option<Effect>,
) -> Step {
    let sleeps = flags.contains(KfuncFlags::SLEEPABLE);
    rcu(env, name, effect, sleeps)?;
    match effect {
        Some(Effect::PreemptDisable) => env.state.refs.preempt += 1,
        Some(Effect::PreemptEnable) => match env.state.refs.preempt.checked_sub(1) {
            Some(depth) => env.state.refs.preempt = depth,
            None => return Err(UnmatchedPreemptEnable { name }.into()),
        },
        _ if sleeps && env.state.refs.preempt > 0 => {
            return Err(SleepsInNonPreemptible { name }.into());
        }
        _ => {}
    }
    if sleeps && env.state.refs.irq_id != 0 {
        return Err(SleepsWithIrqsOff { name }.into());
    }
    let needs_rcu = flags.contains(KfuncFlags::RCU_PROTECTED);
    if needs_rcu && env.features.enforces_rcu_protected() && !env.in_rcu_cs() {
        return Err(NeedsRcu { name }.into());
    }
    Ok(())
}

fn rcu(env: &mut Env<'_>, name: &'static str, effect: Option<Effect>, sleeps: bool) -> Step {
    let (locks, unlocks) = (effect == Some(Effect::RcuLock), effect == Some(Effect::RcuUnlock));
    let depth = env.state.refs.rcu;
    if depth > 0 && (locks || unlocks) && graph::in_tree_callback(env) {
        return Err(RcuInTreeCallback {}.into());
    }
    if locks {
        if depth > 0 && !env.features.nests_rcu_sections() {
            return Err(NestedRcu { name }.into());
        }
        env.state.refs.rcu = depth + 1;
    } else if unlocks {
        if depth == 0 {
            return Err(UnmatchedRcuUnlock { name }.into());
        }
        env.state.refs.rcu = depth - 1;
        if depth == 1 {
            end_rcu(&mut env.state);
        }
    } else if sleeps && depth > 0 {
        return Err(SleepsInRcu { name }.into());
    }
    Ok(())
}

/// What RCU kept alive may be gone now: pointers to it, iterators over it among them, are not trusted any more.
fn end_rcu(state: &mut State) {
    let demote = |reg: &mut RegState| {
        if reg.ty.has(TypeFlags::MEM_RCU) {
            reg.ty.flags -= TypeFlags::MEM_RCU | TypeFlags::PTR_MAYBE_NULL;
            reg.ty.flags |= TypeFlags::PTR_UNTRUSTED;
        }
    };
    for frame in &mut state.frames {
        frame.regs.iter_mut().for_each(demote);
        for slot in &mut frame.stack {
            if slot.is_spill() || slot.kinds[0] == SlotKind::Iter {
                demote(&mut slot.spilled);
            }
        }
    }
}
