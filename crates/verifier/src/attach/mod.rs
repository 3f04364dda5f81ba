//! What the program attaches to (`check_attach_btf_id`, `check_struct_ops_btf_id`).

mod function;
mod hooks;
mod struct_ops;
mod target;

use skep_abi::{AttachType, ProgType};

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

pub(crate) use struct_ops::REJECTIONS as STRUCT_OPS_REJECTIONS;
pub(crate) use target::REJECTIONS as TARGET_REJECTIONS;

rejections! {
    /// A program of type `syscall` is not sleepable.
    ///
    /// Programs of this type are run by a system call and always may sleep; the loader must say so.
    SyscallNotSleepable("syscall-not-sleepable", EINVAL, help: "load the program with the flag `BPF_F_SLEEPABLE`, as libbpf does for `SEC(\"syscall\")`") {
    } => "Syscall programs can only be sleepable";

    /// A program is loaded as sleepable that runs where nothing may sleep.
    SleepableType("sleepable-type", EINVAL, help: "use the section name without `.s`") {
    } => "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable";
}

/// Checks it.
pub(crate) fn check(env: &mut Env<'_>) -> Step {
    let prog = env.prog;
    if prog.prog_type == ProgType::Syscall {
        return match prog.sleepable {
            true => Ok(()),
            false => Err(SyscallNotSleepable {}.into()),
        };
    }
    if prog.sleepable && !may_sleep(prog.prog_type, prog.attach_type) {
        return Err(SleepableType {}.into());
    }
    match prog.prog_type {
        ProgType::StructOps => struct_ops::check(env),
        ProgType::Tracing | ProgType::Lsm => target::check(env),
        ProgType::Ext => Stop::unsupported("programs that replace functions of other programs"),
        _ => Ok(()),
    }
}

/// Whether programs of this type can be sleepable (`can_be_sleepable`).
fn may_sleep(prog_type: ProgType, attach_type: AttachType) -> bool {
    match prog_type {
        ProgType::Tracing => matches!(
            attach_type,
            AttachType::TraceFentry
                | AttachType::TraceFexit
                | AttachType::ModifyReturn
                | AttachType::TraceIter
        ),
        ProgType::Lsm => attach_type != AttachType::LsmCgroup,
        // Kprobes too, though only uprobes may be attached then.
        ProgType::Kprobe | ProgType::StructOps => true,
        _ => false,
    }
}
