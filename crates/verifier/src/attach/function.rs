//! Which functions of the kernel a program may attach to, and how (`bpf_check_attach_target`, `bpf_lsm.c`).
//!
//! The kernel keeps these as lists of functions, of which its BTF shows nothing.

use skep_abi::{AttachType, ProgType};
use skep_btf::TypeId;

use super::hooks::{DISABLED_HOOKS, SLEEPABLE_HOOKS};
use super::target::{
    AttachDenied, AttachDeniedSilently, AttachNoReturn, AttachNoReturnOld, AttachNotModifiable,
    AttachNotSleepable, AttachWrongName, LsmHookDisabled, LsmNeedsGpl,
};
use crate::diag::Step;
use crate::env::Env;

/// Functions that an LSM program attaches to begin so.
const LSM: &str = "bpf_lsm_";
/// Functions whose return value may be changed begin so.
const SECURITY: &str = "security_";

/// Entries of system calls, which may be made to fail.
const SYSCALLS: [&str; 3] = ["__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_"];

/// Other functions that may be made to fail (`ALLOW_ERROR_INJECTION`).
const INJECTABLE: [&str; 12] = [
    "__filemap_add_folio",
    "should_fail_alloc_page",
    "should_failslab",
    "should_fail_bio",
    "should_fail_futex",
    "should_fail_usercopy",
    "open_ctree",
    "btrfs_cow_block",
    "btrfs_search_slot",
    "btrfs_check_leaf_full",
    "btrfs_check_node",
    "io_ctl_init",
];

/// Of those, functions that may run where nothing may sleep.
const NEVER_SLEEPABLE: [&str; 3] =
    ["__filemap_add_folio", "should_fail_alloc_page", "should_failslab"];

/// Functions registered as modifiable, and whether a sleepable program may do so.
const MODIFIABLE: [(&str, bool); 7] = [
    ("bpf_modify_return_test", false),
    ("bpf_modify_return_test2", false),
    ("bpf_modify_return_test_tp", false),
    ("bpf_fentry_test1", true),
    ("bpf_rstat_flush", false),
    ("update_socket_protocol", false),
    ("hid_bpf_device_event", false),
];

/// Functions that tracing itself runs on.
const DENIED: [&str; 7] = [
    "migrate_disable",
    "migrate_enable",
    "rcu_read_unlock_strict",
    "preempt_count_add",
    "preempt_count_sub",
    "__rcu_read_lock",
    "__rcu_read_unlock",
];

/// Functions that never return.
const NO_RETURN: [&str; 13] = [
    "__ia32_sys_exit",
    "__ia32_sys_exit_group",
    "__kunit_abort",
    "kunit_try_catch_throw",
    "__module_put_and_kthread_exit",
    "__x64_sys_exit",
    "__x64_sys_exit_group",
    "do_exit",
    "do_group_exit",
    "kthread_complete_and_exit",
    "kthread_exit",
    "make_task_dead",
    "rewind_stack_and_make_dead",
];

/// Checks the function that a program other than an iterator attaches to.
pub(super) fn check(env: &Env<'_>, id: TypeId, name: &str) -> Step {
    let prog = env.prog;
    let owned = || name.to_owned();
    if prog.sleepable {
        if !may_sleep(env, name) {
            return Err(AttachNotSleepable { name: owned() }.into());
        }
    } else if prog.attach_type == AttachType::ModifyReturn && !is_modifiable(env, name) {
        return Err(AttachNotModifiable { name: owned() }.into());
    }
    if prog.prog_type == ProgType::Lsm {
        return check_hook(env, id, name);
    }
    if DENIED.contains(&name) {
        return match env.features.names_denied_targets() {
            true => Err(AttachDenied { name: owned() }.into()),
            false => Err(AttachDeniedSilently {}.into()),
        };
    }
    let runs_after = matches!(prog.attach_type, AttachType::TraceFexit | AttachType::ModifyReturn);
    if runs_after && env.features.knows_noreturn() && NO_RETURN.contains(&name) {
        return match env.features.names_denied_targets() {
            true => Err(AttachNoReturn { name: owned() }.into()),
            false => Err(AttachNoReturnOld {}.into()),
        };
    }
    Ok(())
}

/// Whether the kernel was built so that functions can be made to fail, and this one is among them.
fn is_injectable(env: &Env<'_>, name: &str) -> bool {
    (env.kernel.config)("CONFIG_FUNCTION_ERROR_INJECTION") != Some(false)
        && (INJECTABLE.contains(&name) || SYSCALLS.iter().any(|prefix| name.starts_with(prefix)))
}

fn may_sleep(env: &Env<'_>, name: &str) -> bool {
    if env.prog.prog_type == ProgType::Lsm {
        return SLEEPABLE_HOOKS.contains(&name);
    }
    is_injectable(env, name) && !NEVER_SLEEPABLE.contains(&name)
        || env.features.registers_modifiable() && MODIFIABLE.contains(&(name, true))
}

fn is_modifiable(env: &Env<'_>, name: &str) -> bool {
    name.starts_with(SECURITY)
        || is_injectable(env, name)
        || env.features.registers_modifiable() && MODIFIABLE.iter().any(|(known, _)| *known == name)
}

/// Whether an LSM program may attach to a hook (`bpf_lsm_verify_prog`).
fn check_hook(env: &Env<'_>, id: TypeId, name: &str) -> Step {
    let name = name.to_owned();
    if !env.prog.gpl_compatible {
        return Err(LsmNeedsGpl {}.into());
    }
    if env.features.disables_lsm_hooks() && DISABLED_HOOKS.contains(&name.as_str()) {
        return Err(LsmHookDisabled { id: id.0, name }.into());
    }
    match name.starts_with(LSM) {
        true => Ok(()),
        false => Err(AttachWrongName { id: id.0, name }.into()),
    }
}
