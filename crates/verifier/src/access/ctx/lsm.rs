//! Hooks of security modules: which arguments can be trusted, and what hooks return (`kernel/bpf/bpf_lsm.c`).

/// Hooks that see objects which are not there yet or no longer (`untrusted_lsm_hooks`).
const UNTRUSTED: [&str; 7] = [
    "bpf_lsm_bpf_map_free",
    "bpf_lsm_bpf_prog_free",
    "bpf_lsm_file_alloc_security",
    "bpf_lsm_file_free_security",
    "bpf_lsm_sk_alloc_security",
    "bpf_lsm_sk_free_security",
    "bpf_lsm_task_free",
];

/// Hooks that return 0 or 1 (`bool_lsm_hooks`).
const BOOLEAN: [&str; 3] = [
    "bpf_lsm_xfrm_state_pol_flow_match",
    "bpf_lsm_audit_rule_known",
    "bpf_lsm_inode_xattr_skipcap",
];

/// Whether the arguments of a hook are trusted.
pub(super) fn is_trusted(hook: &str) -> bool {
    !UNTRUSTED.contains(&hook)
}

/// What a hook that returns anything returns.
pub(super) fn returns(hook: &str) -> (i32, i32) {
    if BOOLEAN.contains(&hook) { (0, 1) } else { (-4095, 0) }
}
