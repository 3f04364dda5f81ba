//! What the verifier asks about calls: prototypes, who may make them, which maps go with which helper.
//!
//! Helpers as `struct bpf_func_proto` has them and as the `get_func_proto` of each program type hands them out
//! (`facts/helper-protos.tsv`, `facts/helper-tables.tsv`); kfuncs as the BTF id sets register them.

mod caller;
mod effect;
mod func;
mod kfunc;
mod map;
mod spelling;
mod table;

use skep_abi::{CallTable, Caller, HelperAnswer, KfuncAnswer, MapAnswer, MapType};

/// How much a kernel hides from its administrator (`/sys/kernel/security/lockdown`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lockdown {
    /// Nothing.
    #[default]
    None,
    /// What changes the kernel: `bpf_probe_write_user` does not exist.
    Integrity,
    /// Also what reads it: neither do `bpf_probe_read_kernel` and its kin.
    Confidentiality,
}

/// The calls of Linux, in every release that skep knows.
///
/// ```
/// use skep_abi::{AttachType, CallTable, Caller, HelperAnswer, KernelVersion, ProgType};
///
/// let caller = Caller {
///     prog_type: ProgType::Xdp,
///     attach_type: AttachType::Xdp,
///     sleepable: false,
///     attach_target: None,
///     struct_ops: None,
///     version: KernelVersion::new(6, 18),
/// };
/// let calls = skep_calls::KernelCalls::default();
/// assert!(matches!(calls.helper(1, &caller), HelperAnswer::Proto(proto) if proto.pkt_access));
/// assert!(matches!(calls.helper(9, &caller), HelperAnswer::Denied));
/// assert!(matches!(calls.helper(212, &caller), HelperAnswer::Unknown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelCalls {
    /// What the kernel hides.
    pub lockdown: Lockdown,
    /// Whether `CONFIG_BPF_KPROBE_OVERRIDE` is set; no measured kernel sets it.
    pub kprobe_override: bool,
    /// Whether `CONFIG_SYSTEM_DATA_VERIFICATION` is set: without it, signatures cannot be verified.
    pub data_verification: bool,
}

impl Default for KernelCalls {
    fn default() -> Self {
        Self::OPEN
    }
}

impl KernelCalls {
    /// A kernel that hides nothing, with the options that distributors set.
    pub const OPEN: Self =
        Self { lockdown: Lockdown::None, kprobe_override: false, data_verification: true };

    /// What a kernel's options say about its calls; `is_set` tells of an option by its full name.
    ///
    /// Lockdown that came later, by command line or securityfs, is not seen.
    #[must_use]
    pub fn of_config(is_set: impl Fn(&str) -> Option<bool>) -> Self {
        let verifies = is_set("CONFIG_SYSTEM_DATA_VERIFICATION");
        let is_set = |name| is_set(name) == Some(true);
        let lockdown = match () {
            () if is_set("CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY") => {
                Lockdown::Confidentiality
            }
            () if is_set("CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY") => Lockdown::Integrity,
            () => Lockdown::None,
        };
        Self {
            lockdown,
            kprobe_override: is_set("CONFIG_BPF_KPROBE_OVERRIDE"),
            data_verification: verifies != Some(false),
        }
    }
}

impl CallTable for KernelCalls {
    fn helper(&self, id: u32, caller: &Caller<'_>) -> HelperAnswer {
        table::helper(self, id, caller)
    }

    fn helper_name(&self, id: u32) -> Option<&'static str> {
        crate::helper_name(id)
    }

    fn kfunc(&self, name: &str, caller: &Caller<'_>) -> KfuncAnswer {
        kfunc::kfunc(self, name, caller)
    }

    fn map_takes(&self, map: MapType, helper: u32, caller: &Caller<'_>) -> MapAnswer {
        map::takes(map, helper, caller)
    }
}

#[cfg(test)]
mod tests;
