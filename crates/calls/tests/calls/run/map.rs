//! Elements of maps.

use skep_abi::{Addr, MapType};
use skep_machine::{MapDef, Width};

use crate::bench::Bench;

const ENOENT: u64 = -2i64 as u64;
const E2BIG: u64 = -7i64 as u64;
const EEXIST: u64 = -17i64 as u64;
const EINVAL: u64 = -22i64 as u64;

const KEY: u64 = 0;
const VALUE: u64 = 64;

/// A bench with a key and a value to use.
fn bench_with(key: u64, value: u64) -> Bench {
    let bench = Bench::new();
    set(&bench, key, value);
    bench
}

fn set(bench: &Bench, key: u64, value: u64) {
    bench.write(KEY, &key.to_le_bytes());
    bench.write(VALUE, &value.to_le_bytes());
}

#[test]
pub(super) fn elements_are_created_found_replaced_and_deleted() {
    let bench = bench_with(5, 50);
    let map = bench.map(MapDef::new("hash", MapType::Hash, 8, 8, 1)).addr().0;
    let (key, value) = (bench.at(KEY), bench.at(VALUE));
    let update = |flags| bench.call("bpf_map_update_elem", [map, key, value, flags]);
    let lookup = || bench.call("bpf_map_lookup_elem", [map, key]);
    let delete = || bench.call("bpf_map_delete_elem", [map, key]);

    assert_eq!(lookup(), 0);
    assert_eq!(delete(), ENOENT);
    assert_eq!(update(2), ENOENT, "BPF_EXIST");
    assert_eq!(update(0), 0);
    assert_eq!(update(1), EEXIST, "BPF_NOEXIST");
    assert_eq!(update(8), EINVAL);
    let found = |addr| bench.machine.memory().load(Addr(addr), Width::Dw).unwrap();
    assert_eq!(found(lookup()), 50);
    set(&bench, 5, 51);
    assert_eq!(update(2), 0);
    assert_eq!(found(lookup()), 51);
    set(&bench, 6, 60);
    assert_eq!(update(0), E2BIG);
    set(&bench, 5, 0);
    assert_eq!(delete(), 0);
    assert_eq!(lookup(), 0);
}

#[test]
fn arrays_have_all_their_elements() {
    let bench = bench_with(1, 7);
    let map = bench.map(MapDef::new("array", MapType::Array, 4, 8, 2)).addr().0;
    let (key, value) = (bench.at(KEY), bench.at(VALUE));
    assert_ne!(bench.call("bpf_map_lookup_elem", [map, key]), 0);
    assert_eq!(bench.call("bpf_map_update_elem", [map, key, value, 1]), EEXIST);
    assert_eq!(bench.call("bpf_map_delete_elem", [map, key]), EINVAL);
    bench.write(KEY, &2u32.to_le_bytes());
    assert_eq!(bench.call("bpf_map_lookup_elem", [map, key]), 0);
    assert_eq!(bench.call("bpf_map_update_elem", [map, key, value, 0]), E2BIG);
}

#[test]
fn keys_and_values_that_are_not_there_are_faults() {
    let bench = bench_with(0, 0);
    let map = bench.map(MapDef::new("hash", MapType::Hash, 8, 8, 1)).addr().0;
    let key = bench.at(KEY);
    assert!(bench.fault("bpf_map_lookup_elem", [map, 0]).contains("null pointer"));
    assert!(bench.fault("bpf_map_lookup_elem", [key, key]).contains("is no map"));
    assert!(bench.fault("bpf_map_update_elem", [map, key, 0x5000, 0]).contains("user space"));
    let end = bench.at(crate::bench::SCRATCH - 4);
    assert!(bench.fault("bpf_map_delete_elem", [map, end]).contains("runs past the end"));
}

#[test]
pub(super) fn values_without_keys_come_and_go() {
    let bench = bench_with(0, 50);
    let queue = bench.map(MapDef::new("queue", MapType::Queue, 0, 8, 1)).addr().0;
    let (value, out) = (bench.at(VALUE), bench.at(128));
    let push = |map, flags| bench.call("bpf_map_push_elem", [map, value, flags]);
    let pop = || bench.call("bpf_map_pop_elem", [queue, out]);
    let peek = |map, at| bench.call("bpf_map_peek_elem", [map, at]);
    bench.write(128, &[0xaa; 8]);
    assert_eq!((pop(), bench.read(128, 8)), (ENOENT, vec![0; 8]), "zeroes where there is none");
    assert_eq!((push(queue, 0), push(queue, 0)), (0, E2BIG));
    assert_eq!((push(queue, 1), push(queue, 3), push(queue, 8)), (EINVAL, EINVAL, EINVAL));
    assert_eq!((peek(queue, out), bench.read(128, 1)), (0, vec![50]));
    set(&bench, 0, 51);
    assert_eq!(push(queue, 2), 0, "BPF_EXIST replaces the oldest");
    assert_eq!((pop(), bench.read(128, 1)), (0, vec![51]));
    assert_eq!(peek(queue, out), ENOENT);

    let filter = bench.map(MapDef::new("filter", MapType::BloomFilter, 0, 8, 10)).addr().0;
    assert_eq!((peek(filter, value), push(filter, 0), peek(filter, value)), (ENOENT, 0, 0));
    assert_eq!(push(filter, 2), EINVAL);
}

#[test]
pub(super) fn each_cpus_value_is_found() {
    let bench = Bench::new();
    let map = bench.map(MapDef::new("m", MapType::PercpuHash, 4, 8, 4));
    let (addr, key, value) = (map.addr().0, bench.at(0), bench.at(8));
    bench.write(8, &7_u64.to_le_bytes());
    assert_eq!(bench.call("bpf_map_update_elem", [addr, key, value, 0]), 0);
    let on = |cpu: u64| bench.call("bpf_map_lookup_percpu_elem", [addr, key, cpu]);
    let own = bench.call("bpf_map_lookup_elem", [addr, key]);
    assert_eq!((on(1), on(2), on(u64::MAX)), (own, 0, 0), "the program runs on CPU 1");
    assert!(on(0) != 0 && on(0) != own);
    bench.write(0, &[9]);
    assert_eq!(on(1), 0, "no such element");
}
