//! The kernel that skep runs on: types, release, options, symbol addresses.

use std::fs;

use skep_abi::KernelVersion;
use skep_btf::Btf;
use skep_object::KernelProfile;

use super::{config, ksyms, nr_cpus};
use crate::Error;

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// The running kernel's profile: types of `/sys/kernel/btf/vmlinux`; options of `/proc/config.gz` or
/// `/boot/config-RELEASE`, none when neither is there; addresses of `/proc/kallsyms` where it shows them.
///
/// # Errors
/// When the kernel shows no types, or its release cannot be told.
pub fn running() -> Result<KernelProfile, Error> {
    let release = release();
    let version = KernelVersion::from_release(&release).ok_or_else(|| {
        Error::environment(format!("the kernel calls itself `{release}`, which is no release"))
    })?;
    let bytes = fs::read(VMLINUX).map_err(|error| {
        Error::environment(format!("cannot read the running kernel's types from {VMLINUX}: {error}"))
            .hint("name a kernel with `--kernel 6.12`, or a file with its types with `--btf RELEASE=FILE`")
    })?;
    let btf =
        Btf::parse(&bytes).map_err(|error| Error::environment(format!("{VMLINUX}: {error}")))?;
    let config = config::of_running(&release);
    let configured = config.get("CONFIG_NR_CPUS").and_then(|number| number.parse().ok());
    let nr_cpus = configured.unwrap_or_else(|| nr_cpus(&btf));
    let trusts_all_args = skep_host::probe::kfuncs_trust_all_args(&btf).support.known();
    Ok(KernelProfile {
        release,
        version,
        config,
        nr_cpus,
        nr_cpu_ids: None,
        btf,
        known: None,
        trusts_all_args,
        ksyms: ksyms::read(),
    })
}

/// `uname -r`.
pub(super) fn release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}
