//! The kernel that an object is resolved against.

use std::collections::BTreeMap;

use skep_abi::KernelVersion;
use skep_btf::Btf;

/// A kernel as the loader and the verifier see it: release, configuration, and types.
#[derive(Clone, Debug)]
pub struct KernelProfile {
    /// `uname -r`, such as `6.12.107-amd64`.
    pub release: String,
    /// The same as a number.
    pub version: KernelVersion,
    /// `CONFIG_*` options by full name with the value as `.config` spells it (`y`, `m`, `250`, `"text"`).
    pub config: BTreeMap<String, String>,
    /// `NR_CPUS`.
    pub nr_cpus: u32,
    /// The kernel's types.
    pub btf: Btf,
    /// Whether `btf` is the whole BTF of the kernel; a shipped profile is reduced, and a type that it
    /// lacks makes a program unsupported, never wrong.
    pub complete: bool,
    /// Addresses of kernel symbols, where they are known (`/proc/kallsyms`); else empty.
    pub ksyms: BTreeMap<String, u64>,
}
