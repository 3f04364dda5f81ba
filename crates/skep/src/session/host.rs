//! A machine with the host's clocks, and its CPUs or declared ones, so that samples of the host find theirs.

use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};
use skep_machine::{Clock, Machine};
use skep_object::KernelProfile;
use skep_topology::Topology;

use crate::Error;

/// The seed of random numbers: fixed, so that runs over the same samples repeat.
const SEED: u64 = 0;

/// Builds a machine with the CPUs, NUMA nodes and clock offsets of the host, and the kernel of a profile.
///
/// # Errors
/// When the host has no room for it.
pub fn machine_like_host(profile: &KernelProfile) -> Result<Machine, Error> {
    machine_like_host_seeded(profile, SEED)
}

/// The same with another seed.
pub(crate) fn machine_like_host_seeded(
    profile: &KernelProfile,
    seed: u64,
) -> Result<Machine, Error> {
    build(profile, crate::topology::host()?.topology, seed)
}

/// Builds a machine with these CPUs and nodes, the clock offsets of the host, and the kernel of a profile, which
/// [`crate::topology::kernel_for`] has fitted to them.
///
/// # Errors
/// When the host has no room for it, or the kernel is built for fewer CPUs.
pub fn machine_on(profile: &KernelProfile, topology: Topology) -> Result<Machine, Error> {
    build(profile, topology, SEED)
}

fn build(profile: &KernelProfile, topology: Topology, seed: u64) -> Result<Machine, Error> {
    let hz = profile.config.get("CONFIG_HZ").and_then(|hz| hz.parse().ok()).unwrap_or(250);
    let monotonic = now(DynamicClockId::Known(ClockId::Monotonic));
    let clock = Clock {
        boot_offset: now(DynamicClockId::Boottime) - monotonic,
        tai_offset: now(DynamicClockId::Tai) - monotonic,
        hz,
    };
    Machine::builder()
        .topology(topology)
        .version(profile.version)
        .btf(profile.btf.clone())
        .clock(clock)
        .seed(seed)
        .build()
        .map_err(Error::environment)
}

/// A clock in nanoseconds; 0 where the host has no such clock.
fn now(clock: DynamicClockId<'_>) -> i64 {
    clock_gettime_dynamic(clock).map_or(0, |time| time.tv_sec * 1_000_000_000 + time.tv_nsec)
}
