//! A machine with the host's CPUs and clocks, so that samples of the host find theirs.

use std::fs;

use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};
use skep_abi::{Cpu, Node};
use skep_machine::{Clock, Machine};
use skep_object::KernelProfile;
use skep_sample::parse_cpu_list;

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
    let cpus = cpu_list("/sys/devices/system/cpu/possible");
    let count = cpus.last().map_or_else(available, |last| last.0 + 1);
    let hz = profile.config.get("CONFIG_HZ").and_then(|hz| hz.parse().ok()).unwrap_or(250);
    let monotonic = now(DynamicClockId::Known(ClockId::Monotonic));
    let clock = Clock {
        boot_offset: now(DynamicClockId::Boottime) - monotonic,
        tai_offset: now(DynamicClockId::Tai) - monotonic,
        hz,
    };
    Machine::builder()
        .cpus(count)
        .nodes(nodes(count))
        .version(profile.version)
        .btf(profile.btf.clone())
        .clock(clock)
        .seed(seed)
        .build()
        .map_err(Error::environment)
}

fn available() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1))
}

fn cpu_list(path: &str) -> Vec<Cpu> {
    let text = fs::read_to_string(path).unwrap_or_default();
    parse_cpu_list(text.trim()).unwrap_or_default()
}

/// The node of each CPU; 0 where the host does not say.
fn nodes(cpus: u32) -> Vec<Node> {
    let mut of = vec![Node(0); cpus as usize];
    let online = cpu_list("/sys/devices/system/node/possible");
    for node in online {
        for cpu in cpu_list(&format!("/sys/devices/system/node/node{node}/cpulist")) {
            if let Some(slot) = of.get_mut(cpu.0 as usize) {
                *slot = Node(node.0);
            }
        }
    }
    of
}

/// A clock in nanoseconds; 0 where the host has no such clock.
fn now(clock: DynamicClockId<'_>) -> i64 {
    clock_gettime_dynamic(clock).map_or(0, |time| time.tv_sec * 1_000_000_000 + time.tv_nsec)
}
