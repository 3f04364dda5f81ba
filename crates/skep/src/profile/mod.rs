//! Kernel profiles: the running kernel, a file with a kernel's types, or one of those that skep ships.

mod config;
mod file;
mod ksyms;
mod running;
mod shipped;
#[cfg(test)]
mod tests;

use skep_abi::KernelVersion;
use skep_btf::{Btf, Kind};
use skep_object::KernelProfile;

use crate::Error;

pub use file::from_btf_file;
pub use running::running;
pub use shipped::{Shipped, shipped, shipped_list};

/// The profile to use when nobody named one, and a notice for the user when it is not the running kernel's.
#[derive(Debug)]
pub struct HostProfile {
    /// The profile.
    pub profile: KernelProfile,
    /// Why it is not the running kernel's, and what was taken instead: one sentence.
    pub notice: Option<String>,
}

/// The running kernel's profile, or the shipped one that is nearest to it.
///
/// # Errors
/// When the running kernel's types cannot be read and its release cannot be told either.
pub fn for_host() -> Result<HostProfile, Error> {
    let refused = match running() {
        Ok(profile) => return Ok(HostProfile { profile, notice: None }),
        Err(refused) => refused,
    };
    let release = running::release();
    let version = KernelVersion::from_release(&release);
    let nearest = version.and_then(|version| shipped(shipped::nearest(version)));
    let Some(profile) = nearest else { return Err(refused) };
    let notice =
        format!("{}; using skep's reduced types of {} instead", refused.message, profile.release);
    Ok(HostProfile { profile, notice: Some(notice) })
}

/// The newest shipped kernel up to a release that has a property, else the oldest newer one.
pub(crate) fn nearest_that(
    version: KernelVersion,
    has: impl Fn(&KernelProfile) -> bool,
) -> Option<KernelProfile> {
    let (older, newer): (Vec<_>, Vec<_>) =
        shipped_list().iter().partition(|shipped| shipped.version <= version);
    let order = older.into_iter().rev().chain(newer);
    order.map(Shipped::unpack).find(has)
}

/// `NR_CPUS` as the size of `struct cpumask` tells it; 0 where a kernel has none (without `CONFIG_SMP`).
fn nr_cpus(btf: &Btf) -> u32 {
    let bytes = btf.find("cpumask", Kind::Struct).and_then(|id| btf.size_of(id)).unwrap_or(0);
    u32::try_from(bytes.saturating_mul(8)).unwrap_or(0)
}
