//! The kernel that an object is resolved against.

use std::collections::BTreeMap;

use skep_abi::KernelVersion;
use skep_btf::Btf;
use skep_btf::core::{KnownNames, Target};

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
    /// The highest possible CPU of the machine that it runs on, + 1 (`nr_cpu_ids`), where that is known; it
    /// may be as large as `nr_cpus`.
    pub nr_cpu_ids: Option<u32>,
    /// The kernel's types.
    pub btf: Btf,
    /// For reduced profiles, such as the shipped ones: the names of all types that the kernel has, so that one
    /// that `btf` lacks makes a program unsupported, never wrong. None when `btf` is the kernel's whole BTF.
    pub known: Option<KnownNames>,
    /// Whether each kfunc takes trusted pointers alone, where the kernel was asked; else its release decides.
    pub trusts_all_args: Option<bool>,
    /// Addresses of kernel symbols, where they are known (`/proc/kallsyms`); else empty.
    pub ksyms: BTreeMap<String, u64>,
}

impl KernelProfile {
    /// Whether `btf` is the whole BTF of the kernel.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.known.is_none()
    }

    /// Tells whether a `CONFIG_*` option is set, as built-in code or a module; `None` when unknown.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<bool> {
        // A whole configuration names its compiler; a shipped profile lists the options that are known, and no others.
        let is_whole = self.config.contains_key("CONFIG_CC_VERSION_TEXT");
        let value = self.config.get(name);
        (is_whole || value.is_some())
            .then(|| value.is_some_and(|value| value == "y" || value == "m"))
    }

    /// Whether the kernel has a type or variable of this name that the reduced `btf` left out.
    ///
    /// Functions are in no list of names: reductions keep those that programs call and attach to, and others are taken
    /// to be absent.
    #[must_use]
    pub fn left_out(&self, kind: skep_btf::Kind, name: &str) -> bool {
        self.known.as_ref().is_some_and(|known| known.contains(kind, name))
            && self.btf.find(name, kind).is_none()
    }

    /// The types as CO-RE relocations look at them.
    #[must_use]
    pub fn core_target(&self) -> Target<'_> {
        let target = Target::new(&self.btf);
        match &self.known {
            Some(known) => target.reduced(known),
            None => target,
        }
    }
}
