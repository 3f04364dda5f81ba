//! The machine's maps against those of the running kernel: the same operations give the same results.
//!
//! Where `bpf(2)` is refused, the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod asm;
mod bpf;
mod create;
mod ops;
mod progs;
mod ring;
mod rng;
mod stacks;
mod time;

use skep_abi::MapType;
use skep_machine::{Machine, MapDef};

/// The machine with the host's CPUs, or why there is nothing to compare with.
fn setup() -> Option<Machine> {
    let possible = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    let last = possible.trim().rsplit(['-', ',']).next().and_then(|last| last.parse::<u32>().ok());
    let cpus = last.map_or(1, |last| last + 1);
    let probe = MapDef::new("probe", MapType::Array, 4, 8, 1);
    if let Err(errno) = bpf::KernelMap::create(&probe, None, cpus) {
        skep_skip::skipped!("the kernel refuses to create a map (errno {errno})");
        return None;
    }
    Some(Machine::builder().cpus(cpus).build().unwrap())
}
