//! Several CPUs at once.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use skep_abi::{Cpu, MapType};

use super::{MapDef, MapFlags, def, machine, map, user};
use crate::memory::{AtomicOp, Width};
use crate::{Machine, Map};

const CPUS: u32 = 4;
const ROUNDS: u32 = 10_000;

fn on_all_cpus(run: impl Fn(Cpu) + Sync) {
    std::thread::scope(|scope| {
        for cpu in 0..CPUS {
            let run = &run;
            scope.spawn(move || run(Cpu(cpu)));
        }
    });
}

/// What a counting program does: insert at 0 where there is none, then add.
fn count(machine: &Machine, map: &Map, cpu: Cpu, key: u32) {
    let key = key.to_le_bytes();
    let _ = map.update(cpu, &key, &[0; 8], 1);
    let at = map.lookup(cpu, &key).unwrap();
    machine.memory().atomic(at, Width::Dw, AtomicOp::Add, 1).unwrap();
}

#[test]
fn counts_of_all_cpus_add_up() {
    let machine = machine(CPUS);
    for kind in [MapType::Hash, MapType::LruHash, MapType::PercpuHash, MapType::Array] {
        // An insert into an LRU hash takes an element before it knows whether another CPU inserts the same key, so
        // that each CPU may hold one more than there are keys.
        let spares = if kind == MapType::LruHash { CPUS } else { 0 };
        let map = map(&machine, def(kind, 100 + spares));
        on_all_cpus(|cpu| (0..ROUNDS).for_each(|n| count(&machine, map, cpu, n * 7 % 100)));
        let user = user(&machine, map);
        let words = |value: &[u8]| {
            let values = user.percpu_values(value);
            values.iter().map(|v| u64::from_le_bytes(v[..].try_into().unwrap())).sum::<u64>()
        };
        let total: u64 = user.entries().iter().map(|(_, value)| words(value)).sum();
        assert_eq!(total, u64::from(CPUS * ROUNDS), "{kind:?}");
    }
}

#[test]
fn no_element_is_lost_or_doubled_by_racing_inserts_and_deletes() {
    let machine = machine(CPUS);
    let kinds = [
        def(MapType::Hash, 64),
        def(MapType::Hash, 64).with_flags(MapFlags::NO_PREALLOC),
        def(MapType::PercpuHash, 64),
        def(MapType::LruHash, 64),
        def(MapType::LruPercpuHash, 64),
        def(MapType::LruHash, 64).with_flags(MapFlags::NO_COMMON_LRU),
    ];
    for def in kinds {
        let map = map(&machine, def);
        on_all_cpus(|cpu| {
            let mut seed = cpu.0.wrapping_mul(0x9e37_79b9);
            for _ in 0..ROUNDS {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let key = (seed >> 24) % 100;
                let bytes = key.to_le_bytes();
                if seed >> 20 & 3 == 0 {
                    let _ = map.delete(cpu, &bytes);
                } else {
                    let value = u64::from(key) * 0x1_0001;
                    let _ = map.update(cpu, &bytes, &value.to_le_bytes(), 0);
                }
                let _ = map.lookup(cpu, &bytes);
            }
        });
        let user = user(&machine, map);
        let mut keys: Vec<Vec<u8>> = user.entries().into_iter().map(|(key, _)| key).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "no key is there twice");
        for (key, value) in user.entries() {
            let key = u64::from(u32::from_le_bytes(key[..].try_into().unwrap()));
            for word in user.percpu_values(&value) {
                let word = u64::from_le_bytes(word[..].try_into().unwrap());
                assert!(word == key * 0x1_0001 || (word == 0 && map.map_type().is_percpu()));
            }
        }
        // Every element can be had again: none leaked.
        keys.iter().for_each(|key| map.delete(Cpu(0), key).unwrap());
        let fits = (1000..1064_u32)
            .filter(|key| map.update(Cpu(0), &key.to_le_bytes(), &[0; 8], 0).is_ok());
        assert_eq!(fits.count(), 64);
        let per_list =
            if map.def().flags.contains(MapFlags::NO_COMMON_LRU) { 64 / CPUS } else { 64 };
        assert_eq!(user.entries().len(), per_list as usize, "{:?}", map.map_type());
    }
}

#[test]
fn every_record_of_every_cpu_arrives_once() {
    let machine = machine(CPUS);
    let ring = map(&machine, MapDef::new("r", MapType::Ringbuf, 0, 0, 8192)).ringbuf().unwrap();
    let (sent, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut got = Vec::new();
    std::thread::scope(|scope| {
        for cpu in 0..CPUS {
            let (machine, sent, done) = (&machine, &sent, &done);
            scope.spawn(move || {
                for n in 0..ROUNDS / 4 {
                    if let Some(record) = ring.reserve(16, 0) {
                        let memory = machine.memory();
                        memory.store(record, Width::Dw, u64::from(cpu)).unwrap();
                        memory.store(record.offset(8), Width::Dw, u64::from(n)).unwrap();
                        ring.commit(record, 0, n % 5 == 0).unwrap();
                        sent.fetch_add(u64::from(n % 5 != 0), Relaxed);
                    }
                }
                done.fetch_add(1, Relaxed);
            });
        }
        while done.load(Relaxed) < u64::from(CPUS) {
            got.extend(ring.consume());
        }
    });
    got.extend(ring.consume());
    assert_eq!(got.len() as u64, sent.load(Relaxed));
    let mut last = [None; CPUS as usize];
    for record in got {
        let cpu = record[0] as usize;
        let n = u64::from_le_bytes(record[8..16].try_into().unwrap());
        assert!(n % 5 != 0 && last[cpu] < Some(n), "records of a CPU come in order");
        last[cpu] = Some(n);
    }
}

#[test]
fn equal_stacks_of_all_cpus_have_one_id() {
    let machine = machine(CPUS);
    let def = MapDef::new("s", MapType::StackTrace, 4, 80, 4096);
    let stacks = map(&machine, def).stack_trace().unwrap();
    let stack = |n: u32| [u64::from(n), u64::from(n) << 20, 7];
    on_all_cpus(|cpu| {
        for n in 0..ROUNDS {
            let _ = stacks.insert(cpu, &stack(n % 300), 0);
        }
    });
    for n in 0..300 {
        if let Ok(id) = stacks.insert(Cpu(0), &stack(n), 0) {
            assert_eq!(stacks.ips(id).unwrap(), stack(n));
        }
    }
    assert!(stacks.ids().count() > 250);
}
