//! Makes every CPU switch once, so that each tells at once who runs on it.

use rustix::thread::{CpuSet, sched_setaffinity};
use skep_abi::Cpu;

/// Lets a thread of its own run for a moment on each CPU. CPUs that this process may not use stay unvisited: they tell
/// with their next switch.
pub(super) fn visit(cpus: impl Iterator<Item = Cpu>) {
    let cpus: Vec<Cpu> = cpus.filter(|cpu| (cpu.0 as usize) < CpuSet::MAX_CPU).collect();
    let walk = move || {
        for cpu in cpus {
            let mut only = CpuSet::new();
            only.set(cpu.0 as usize);
            // The call returns on the CPU that was asked for.
            let _ = sched_setaffinity(None, &only);
        }
    };
    // Without a thread to spare nothing is visited.
    if let Ok(visitor) = std::thread::Builder::new().name("skep-visit".into()).spawn(walk) {
        let _ = visitor.join();
    }
}
