//! Whether something is still held where the program leaves (`check_resource_leak`).

use skep_abi::ProgType;
use skep_isa::Reg;

use super::refs;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::RefKind;

rejections! {
    /// The program leaves while it still holds a `bpf_spin_lock`.
    LeaksLock("exit-with-lock", EINVAL, help: "unlock on every path") {
        what: String,
    } => "{what} cannot be used inside bpf_spin_lock-ed region";

    /// The program, or before Linux 6.8 any function of it, leaves while it still holds a `bpf_spin_lock`.
    LeaksLockOld("exit-with-lock-old", EINVAL, help: "unlock on every path, in the function that locks") {
    } => "bpf_spin_unlock is missing";

    /// A packet is loaded from while a reference is held (as kernels before 6.14 say it).
    LeaksReferenceAtLoad("reference-leak-at-load", EINVAL, help: "release the reference before the load") {
        held: String,
    } => "{held}BPF_LD_[ABS|IND] cannot be mixed with socket references";

    /// The program leaves while it still holds a reference that it acquired (as kernels before 6.14 say it).
    LeaksReferenceOld("reference-leak-old", EINVAL, help: "release the reference on every path that leads to the exit") {
        held: String,
    } => "{held}";

    /// The program leaves while it still holds a reference that it acquired.
    ///
    /// Every reference that a call hands out (a socket, a ring buffer record, a task, an allocated object) must be
    /// released, submitted or stored on every path, also on those that handle errors.
    LeaksReference("reference-leak", EINVAL, help: "release the reference on every path that leads to the exit") {
        held: String, what: String,
    } => "{held}{what} would lead to reference leak";

    /// The program leaves with interrupts disabled.
    LeaksIrq("exit-with-irqs-off", EINVAL, help: "restore interrupts on every path") {
        what: String,
    } => "{what} cannot be used inside bpf_local_irq_save-ed region";

    /// The program leaves within an RCU read-side critical section.
    LeaksRcu("exit-with-rcu", EINVAL, help: "call bpf_rcu_read_unlock() on every path") {
        what: String,
    } => "{what} cannot be used inside bpf_rcu_read_lock-ed region";

    /// The program leaves with preemption disabled.
    LeaksPreempt("exit-with-preemption-off", EINVAL, help: "call bpf_preempt_enable() on every path") {
        what: String,
    } => "{what} cannot be used inside bpf_preempt_disable-ed region";
}

/// Checks that nothing is held; `what` begins the kernel's sentence, such as `BPF_EXIT instruction in main prog`.
///
/// Locks and critical sections matter only with `check_lock`; references only where the outermost frame leaves, or
/// with `exception_exit`, which leaves all, and where a callback leaves that must release its own.
pub(crate) fn check_leaks(
    env: &mut Env<'_>,
    exception_exit: bool,
    check_lock: bool,
    what: &str,
) -> Step {
    let what = || what.to_owned();
    let refs = &env.state.refs;
    let names_exit = env.features.locks_are_references();
    if check_lock && refs.active_locks > 0 && !names_exit {
        return Err(LeaksLockOld {}.into());
    }
    if check_lock && refs.active_locks > 0 {
        return Err(LeaksLock { what: what() }.into());
    }
    let held = lingering(env, exception_exit);
    if !held.is_empty() && !names_exit && what().starts_with("BPF_LD") {
        return Err(LeaksReferenceAtLoad { held }.into());
    }
    if !held.is_empty() && !names_exit && what().starts_with("BPF_EXIT") {
        return Err(LeaksReferenceOld { held: held.trim_end().to_owned() }.into());
    }
    if !held.is_empty() {
        return Err(LeaksReference { held, what: what() }.into());
    }
    if !check_lock {
        return Ok(());
    }
    if refs.irq_id != 0 {
        return Err(LeaksIrq { what: what() }.into());
    }
    if refs.rcu > 0 {
        return Err(LeaksRcu { what: what() }.into());
    }
    if refs.preempt > 0 {
        return Err(LeaksPreempt { what: what() }.into());
    }
    Ok(())
}

/// A line for each reference that is still held (`check_reference_leak`).
fn lingering(env: &Env<'_>, exception_exit: bool) -> String {
    let callback = refs::own_callback(env).filter(|_| !exception_exit);
    if !exception_exit && callback.is_none() && env.state.curframe() > 0 {
        return String::new();
    }
    // A struct_ops program may hand a reference back to the kernel; its type is checked with the return value.
    let returned = (env.prog.prog_type == ProgType::StructOps && !exception_exit)
        .then(|| env.reg(Reg::R0).ref_id);
    let held = env.state.refs.held.iter();
    held.filter(|r| r.kind == RefKind::Ptr && Some(r.id) != returned)
        .filter(|r| callback.is_none_or(|frame| r.callback == frame))
        .map(|r| format!("Unreleased reference id={} alloc_insn={}\n", r.id, r.insn))
        .collect()
}
