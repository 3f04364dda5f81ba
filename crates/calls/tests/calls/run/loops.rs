//! Loops whose body is a callback.

use skep_abi::{Addr, Cpu, MapType};
use skep_machine::{Fault, MapDef, Stop};

use crate::bench::{Bench, CALLBACK};

const EINVAL: u64 = -22i64 as u64;
const E2BIG: u64 = -7i64 as u64;

#[test]
pub(super) fn a_loop_runs_until_the_callback_says_stop() {
    let bench = Bench::new();
    let run = |nr: u64, stop_at: u64| {
        let mut seen = Vec::new();
        let r0 = bench.try_call_with("bpf_loop", [nr, CALLBACK, 77, 0, 9], &mut |args| {
            assert_eq!(args[1..], [77, 0, 0, 0]);
            seen.push(args[0]);
            Ok(u64::from(args[0] == stop_at))
        });
        (r0.unwrap(), seen)
    };
    assert_eq!(run(0, 9), (0, vec![]));
    assert_eq!(run(3, 9), (3, vec![0, 1, 2]));
    assert_eq!(run(3, 1), (2, vec![0, 1]));
}

#[test]
fn before_6_0_a_loop_was_a_call_that_took_32_bits() {
    let bench = Bench::with(|builder| builder.version(skep_abi::KernelVersion::new(5, 19)));
    let run = |nr: u64| bench.try_call_with("bpf_loop", [nr, CALLBACK, 0, 0, 0], &mut |_| Ok(0));
    assert_eq!(run(1 << 32 | 2).unwrap(), 2);
    assert_eq!(run((1 << 23) + 1).unwrap(), E2BIG);
}

#[test]
fn a_loop_has_eight_million_iterations() {
    let bench = Bench::new();
    let mut count = 0u64;
    let mut run = |nr: u64, flags: u64| {
        let args = [nr, CALLBACK, 0, flags, 0];
        let r0 = bench.try_call_with("bpf_loop", args, &mut |_| {
            count += 1;
            Ok(0)
        });
        r0.unwrap()
    };
    assert_eq!(run(1 << 23, 0), 1 << 23);
    assert_eq!(run((1 << 23) + 1, 0), E2BIG & 0xffff_ffff, "32 bits of it");
    assert_eq!(run(1 << 32, 0), E2BIG & 0xffff_ffff, "64 bits are compared");
    assert_eq!(run((1 << 23) + 1, 1), EINVAL, "flags are looked at first");
    assert_eq!(count, 1 << 23);
}

#[test]
fn what_stops_the_callback_stops_the_loop() {
    let bench = Bench::new();
    let fault = || Stop::Fault(Fault::Call { call: "bpf_loop", why: "enough".to_owned() });
    let mut count = 0;
    let result = bench.try_call_with("bpf_loop", [5, CALLBACK, 0, 0, 0], &mut |_| {
        count += 1;
        if count == 2 { Err(fault()) } else { Ok(0) }
    });
    assert!(matches!(result, Err(Stop::Fault(_))));
    assert_eq!(count, 2);
}

/// Visits a map; returns R0 and each key with its value, both 8 bytes at most.
fn visit(bench: &Bench, map: Addr, flags: u64, stop_after: usize) -> (u64, Vec<(u64, u64)>) {
    let key_size = bench.machine.map_at(map).unwrap().def().key_size;
    let word = |addr: u64, size: u32| {
        let mut bytes = bench.machine.memory().read_vec(Addr(addr), u64::from(size)).unwrap();
        bytes.resize(8, 0);
        u64::from_le_bytes(bytes.try_into().unwrap())
    };
    let mut seen = Vec::new();
    let args = [map.0, CALLBACK, 77, flags, 9];
    let r0 = bench.try_call_with("bpf_for_each_map_elem", args, &mut |args| {
        assert_eq!((args[0], args[3], args[4]), (map.0, 77, 0));
        seen.push((word(args[1], key_size), word(args[2], 8)));
        Ok(u64::from(seen.len() == stop_after))
    });
    (r0.unwrap(), seen)
}

#[test]
pub(super) fn elements_are_visited_until_the_callback_says_stop() {
    let bench = Bench::new();
    let array = bench.map(MapDef::new("array", MapType::Array, 4, 8, 3));
    array.update(bench.cpu, &1u32.to_le_bytes(), &7u64.to_le_bytes(), 0).unwrap();
    assert_eq!(visit(&bench, array.addr(), 0, 9), (3, vec![(0, 0), (1, 7), (2, 0)]));
    assert_eq!(visit(&bench, array.addr(), 0, 2), (2, vec![(0, 0), (1, 7)]));
    assert_eq!(visit(&bench, array.addr(), 1, 9), (EINVAL, vec![]));

    let hash = bench.map(MapDef::new("hash", MapType::Hash, 8, 8, 8));
    for n in 1..=5u64 {
        hash.update(bench.cpu, &n.to_le_bytes(), &(n * n).to_le_bytes(), 0).unwrap();
    }
    let (r0, mut seen) = visit(&bench, hash.addr(), 0, 99);
    seen.sort_unstable();
    assert_eq!((r0, seen), (5, vec![(1, 1), (2, 4), (3, 9), (4, 16), (5, 25)]));
    assert_eq!(visit(&bench, hash.addr(), 0, 2).0, 2);
}

#[test]
fn per_cpu_maps_show_the_value_of_the_current_cpu() {
    let mut bench = Bench::new();
    for map_type in [MapType::PercpuArray, MapType::PercpuHash] {
        let map = bench.map(MapDef::new("percpu", map_type, 4, 8, 1));
        let addr = map.addr();
        for cpu in 0..2 {
            map.update(Cpu(cpu), &[0; 4], &u64::from(cpu + 5).to_le_bytes(), 0).unwrap();
        }
        for cpu in 0..2 {
            bench.cpu = Cpu(cpu);
            assert_eq!(visit(&bench, addr, 0, 9), (1, vec![(0, u64::from(cpu + 5))]));
        }
    }
}

#[test]
fn a_map_without_elements_to_walk_is_refused() {
    let bench = Bench::new();
    let ring = bench.map(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096)).addr();
    assert_eq!(bench.call("bpf_for_each_map_elem", [ring.0, CALLBACK, 0, 0]), EINVAL);
}
