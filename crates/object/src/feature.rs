//! What libbpf asks the running kernel for, answered by the profile's release instead.

use skep_abi::KernelVersion;

use crate::KernelProfile;

/// Whether `bpf_probe_read_{kernel,user}{,_str}` exist (5.5); before, `bpf_probe_read{,_str}` take their place.
pub(crate) fn has_probe_read_kernel(version: KernelVersion) -> bool {
    version >= KernelVersion::new(5, 5)
}

/// Whether arrays may be mapped into user space (5.5).
pub(crate) fn has_array_mmap(version: KernelVersion) -> bool {
    version >= KernelVersion::new(5, 5)
}

/// Whether perf events carry a cookie for `bpf_get_attach_cookie` (5.15): `LINUX_HAS_BPF_COOKIE`.
pub(crate) fn has_bpf_cookie(version: KernelVersion) -> bool {
    version >= KernelVersion::new(5, 15)
}

/// Whether system calls have wrappers that take `pt_regs` (4.17 on x86-64): `LINUX_HAS_SYSCALL_WRAPPER`.
///
/// libbpf tells by placing a kprobe on one, so that a kernel whose configuration leaves kprobe events out has none
/// for it. `CONFIG_HAVE_KPROBES`, which is set on every x86-64 kernel, tells that the profile would know.
pub(crate) fn has_syscall_wrapper(profile: &KernelProfile) -> bool {
    let known = profile.config.contains_key("CONFIG_HAVE_KPROBES");
    let kprobes = profile.config.get("CONFIG_KPROBE_EVENTS").is_some_and(|value| value == "y");
    profile.version >= KernelVersion::new(4, 17) && (kprobes || !known)
}

/// Whether links for many uprobes exist (6.6), which USDT probes then use.
pub(crate) fn has_uprobe_multi_link(version: KernelVersion) -> bool {
    version >= KernelVersion::new(6, 6)
}

/// Whether `ld_imm64` may point anywhere into an arena (7.0); then its variables lie at its end.
pub(crate) fn has_full_range_offset(version: KernelVersion) -> bool {
    version >= KernelVersion::new(7, 0)
}
