//! The kernel that judges, as the verifier sees it.

use skep_calls::KernelCalls;
use skep_object::KernelProfile;
use skep_verifier::Kernel;

/// Gives the kernel of a profile, on a machine with so many possible CPUs.
pub fn with_kernel<T>(
    profile: &KernelProfile,
    nr_cpu_ids: u32,
    judge: impl FnOnce(&Kernel<'_>) -> T,
) -> T {
    let option = |name: &str| profile.option(name);
    judge(&Kernel {
        version: profile.version,
        btf: &profile.btf,
        left_out: &|kind, name| profile.left_out(kind, name),
        config: &option,
        nr_cpus: profile.nr_cpus,
        nr_cpu_ids,
        trusts_all_args: profile.trusts_all_args,
        calls: &KernelCalls::of_config(option),
    })
}
