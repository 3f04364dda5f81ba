//! A machine with many CPUs stays small on the host.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use skep_abi::{Cpu, MapType};
use skep_machine::{Machine, MapDef, Width};

/// Resident bytes of this process.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn untouched_cpus_and_elements_cost_next_to_nothing() {
    let before = resident();
    let machine = Machine::builder().cpus(256).build().unwrap();
    let defs = [
        MapDef::new("hash", MapType::Hash, 16, 64, 1 << 20),
        MapDef::new("lru", MapType::LruHash, 16, 64, 1 << 20),
        MapDef::new("percpu", MapType::PercpuHash, 16, 256, 1 << 14),
        MapDef::new("array", MapType::Array, 4, 4096, 1 << 20),
        MapDef::new("percpu_array", MapType::PercpuArray, 4, 1024, 1 << 10),
        MapDef::new("stacks", MapType::StackTrace, 4, 127 * 8, 1 << 18),
        MapDef::new("ring", MapType::Ringbuf, 0, 0, 1 << 28),
    ];
    for def in defs {
        let name = def.name.clone();
        let key = vec![0; def.key_size as usize];
        let map = machine.map(machine.create_map(def).unwrap()).unwrap();
        if let Some(ring) = map.ringbuf() {
            ring.output(&[1; 64], 0).unwrap();
        } else if let Some(stacks) = map.stack_trace() {
            stacks.insert(Cpu(200), &[1, 2, 3], 0).unwrap();
        } else {
            let value = vec![1; map.def().value_size as usize];
            map.update(Cpu(200), &key, &value, 0).unwrap();
            let at = map.lookup(Cpu(200), &key).unwrap();
            assert_eq!(machine.memory().load(at, Width::B), Ok(1), "{name}");
        }
    }
    let used = resident() - before;
    assert!(used < 16 << 20, "{} KiB are resident", used >> 10);
}
