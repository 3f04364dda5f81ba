//! What hooks of security modules may return (`bpf_lsm_get_retval_range`).

use skep_abi::AttachType;

use super::RetRange;
use crate::env::Env;

/// Hooks that answer yes or no (`bool_lsm_hooks`); all others return 0 or an error.
const YES_NO: [&str; 3] = [
    "bpf_lsm_audit_rule_known",
    "bpf_lsm_inode_xattr_skipcap",
    "bpf_lsm_xfrm_state_pol_flow_match",
];

/// The greatest error number.
const MAX_ERRNO: i32 = 4095;

/// The range of the hook that the program attaches to; none when any number will do.
pub(super) fn range(env: &Env<'_>) -> Option<RetRange> {
    let checks = env.features.checks_lsm_return() && env.prog.attach_type == AttachType::LsmMac;
    if !checks || env.attach_returns_void() {
        return None;
    }
    let hook = env.kernel.btf.name(env.prog.attach_btf_id?);
    let range = if YES_NO.contains(&hook) { (0, 1) } else { (-MAX_ERRNO, 0) };
    Some(RetRange { is_32_bit: true, ..RetRange::new(range) })
}
