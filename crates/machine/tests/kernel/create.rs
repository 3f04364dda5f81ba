//! What `BPF_MAP_CREATE` takes and refuses.

use skep_abi::MapType;
use skep_machine::map::{KINDS, KeyType, MapFlags};
use skep_machine::{Machine, MapDef};

use crate::bpf::KernelMap;
use crate::rng::Rng;
use crate::setup;

/// Both answers for a definition; definitions that would take much of the host's memory are left out.
fn compare(machine: &Machine, def: &MapDef, inner: Option<&KernelMap>) {
    let kernel = KernelMap::create(def, inner, machine.nr_cpu_ids());
    let ours = machine.create_map(def.clone());
    let kernel_says = kernel.as_ref().map(|_| ()).map_err(|errno| *errno);
    let we_say = ours.as_ref().map(|_| ()).map_err(|error| i32::from(error.errno.0));
    assert_eq!(we_say, kernel_says, "{def:?}: {ours:?}");
    if let (Ok(kernel), Ok(id)) = (kernel, ours) {
        let (_, max_entries) = kernel.info().unwrap();
        assert_eq!(machine.map(id).unwrap().def().max_entries, max_entries, "{def:?}");
    }
}

#[test]
fn definitions_are_taken_and_refused_as_by_the_kernel() {
    let Some(mut machine) = setup() else { return };
    let inner_def = MapDef::new("inner", MapType::Array, 4, 8, 2);
    let inner = KernelMap::create(&inner_def, None, machine.nr_cpu_ids()).unwrap();
    let mut rng = Rng(1);
    let flags: Vec<u32> =
        (0..13).map(|bit| 1 << bit).chain([0, 0, 0, 0, 0, 0, 1 << 19, 1 << 30]).collect();
    for round in 0..20_000 {
        if round % 500 == 0 {
            machine = setup().unwrap();
        }
        let kind = rng.one_of(KINDS);
        let is_ring = kind == MapType::Ringbuf;
        let sizes: &[u32] =
            if is_ring { &[0, 0, 0, 4] } else { &[0, 4, 4, 4, 4, 1, 3, 8, 12, 513] };
        let values: &[u32] = if is_ring {
            &[0, 0, 0, 8]
        } else {
            &[0, 1, 4, 4, 4, 8, 8, 20, 24, 1016, 1024, 32 << 10, (32 << 10) + 1, 4064, 4096]
        };
        let entries: &[u32] = if is_ring {
            &[0, 1, 4095, 4096, 8192, 12288, 65536]
        } else {
            &[0, 1, 2, 3, 5, 64, 100]
        };
        let mut def =
            MapDef::new("random", kind, rng.one_of(sizes), rng.one_of(values), rng.one_of(entries));
        def.flags = MapFlags::from_bits_retain(rng.one_of(&flags) | rng.one_of(&flags));
        def.map_extra = rng.one_of(&[0, 0, 0, 0, 0, 0, 0, 7]);
        def.numa_node = rng.one_of(&[0, 0, 0, 1, 100, u32::MAX]);
        if is_storage(kind) {
            def.key_type = rng.one_of(&[KeyType::Int, KeyType::Int, KeyType::None, KeyType::Other]);
        }
        let of_maps = kind.is_map_in_map();
        if of_maps {
            def = def.with_inner(inner_def.clone());
        }
        compare(&machine, &def, of_maps.then_some(&inner));
    }
}

fn is_storage(kind: MapType) -> bool {
    use MapType as M;
    matches!(kind, M::TaskStorage | M::CgrpStorage | M::InodeStorage | M::SkStorage)
}

#[test]
fn sizes_at_the_limits_are_taken_and_refused_as_by_the_kernel() {
    let Some(machine) = setup() else { return };
    let check = |kind, key, value, entries, flags| {
        let def = MapDef::new("limit", kind, key, value, entries)
            .with_flags(MapFlags::from_bits_retain(flags));
        compare(&machine, &def, None);
    };
    for more in [0, 1, 47, 48, 49] {
        check(MapType::Hash, 4, (4 << 20) - 4 - more, 1, 1);
        check(MapType::Hash, 8, u32::MAX - more, 1, 1);
    }
    for value in [(32 << 10) - 8, (32 << 10) - 7, 32 << 10, (32 << 10) + 1] {
        check(MapType::PercpuHash, 4, value, 1, 0);
        check(MapType::PercpuArray, 4, value, 1, 0);
    }
    for value in [1 << 31, u32::MAX] {
        check(MapType::Array, 4, value, 1, 0);
        check(MapType::Array, 4, value, u32::MAX, 0);
    }
    for value in [127 * 8, 128 * 8, 127 * 32, 128 * 32, 129 * 32] {
        check(MapType::StackTrace, 4, value, 1, 0);
        check(MapType::StackTrace, 4, value, 1, 1 << 5);
    }
    for (key, value) in [(4, 8), (5, 8), (260, 8), (261, 8), (8, 4_194_024), (8, 4_194_025)] {
        check(MapType::LpmTrie, key, value, 1, 1);
    }
    for kind in [MapType::Queue, MapType::Stack, MapType::BloomFilter] {
        check(kind, 0, 4 << 20, 1, 0);
        check(kind, 0, (4 << 20) + 1, 1, 0);
    }
    for kind in KINDS.iter().copied().filter(|kind| is_storage(*kind)) {
        for value in [65_407, 65_408] {
            let def = MapDef::new("limit", kind, 4, value, 0).with_key_type(KeyType::Int);
            compare(&machine, &def.with_flags(MapFlags::NO_PREALLOC), None);
        }
    }
    check(MapType::Hash, 4, 4, (1 << 27) + 1, 1);
    check(MapType::Hash, 4, 4, u32::MAX, 1);
    check(MapType::LruHash, 4, 4, u32::MAX, 0);
    check(MapType::StackTrace, 4, 8, (1 << 31) + 1, 0);
    check(MapType::PercpuHash, 4, 4, u32::MAX, 1);
    check(MapType::Ringbuf, 0, 0, (1 << 31) + 4096, 0);
}

#[test]
fn inner_maps_are_taken_and_refused_as_by_the_kernel() {
    let Some(machine) = setup() else { return };
    let cpus = machine.nr_cpu_ids();
    for outer in [MapType::ArrayOfMaps, MapType::HashOfMaps] {
        for &kind in KINDS {
            let (key, value, entries) = match kind {
                MapType::Ringbuf => (0, 0, 4096),
                MapType::ProgArray | MapType::PerfEventArray => (4, 4, 2),
                MapType::CgroupArray | MapType::Xskmap => (4, 4, 2),
                MapType::CgroupStorage | MapType::PercpuCgroupStorage => (8, 8, 0),
                MapType::LpmTrie => (8, 8, 2),
                MapType::Queue | MapType::Stack | MapType::BloomFilter => (0, 8, 2),
                kind if is_storage(kind) => (4, 8, 0),
                kind if kind.is_map_in_map() => (4, 4, 2),
                _ => (4, 8, 2),
            };
            let mut shape = MapDef::new("shape", kind, key, value, entries);
            if is_storage(kind) {
                shape = shape.with_key_type(KeyType::Int);
            }
            if is_storage(kind) || kind == MapType::LpmTrie {
                shape = shape.with_flags(MapFlags::NO_PREALLOC);
            }
            let leaf_def = MapDef::new("leaf", MapType::Array, 4, 8, 1);
            let leaf = KernelMap::create(&leaf_def, None, cpus).unwrap();
            if kind.is_map_in_map() {
                shape = shape.with_inner(leaf_def);
            }
            let inner =
                KernelMap::create(&shape, kind.is_map_in_map().then_some(&leaf), cpus).unwrap();
            let def = MapDef::new("outer", outer, 4, 4, 2).with_inner(shape);
            compare(&machine, &def, Some(&inner));
        }
    }
}
