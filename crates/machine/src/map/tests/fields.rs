//! Which maps may have special fields, and what user space sees of them.

use skep_abi::{Errno, MapType};

use crate::map::{KINDS, MapFlags};
use crate::{BtfField, BtfFieldKind, Machine, MapDef};

fn field(kind: BtfFieldKind) -> Vec<BtfField> {
    let size = if kind == BtfFieldKind::SpinLock { 4 } else { 8 };
    vec![BtfField { offset: 8, size, kind }]
}

fn kptr() -> BtfFieldKind {
    BtfFieldKind::Kptr { strukt: "bpf_cpumask".to_owned() }
}

#[test]
fn kinds_of_maps_have_the_fields_that_the_kernel_lets_them_have() {
    use BtfFieldKind as K;
    let machine = Machine::builder().build().unwrap();
    let create = |map, kind| {
        let def = MapDef::new("m", map, 4, 16, 4).with_fields(field(kind));
        machine.create_map(def).err().map(|error| error.errno)
    };
    let values = [MapType::Hash, MapType::Array, MapType::LruHash];
    let percpu = [MapType::PercpuHash, MapType::PercpuArray, MapType::LruPercpuHash];
    for map in KINDS.iter().copied().filter(|map| values.contains(map) || percpu.contains(map)) {
        let is_percpu = percpu.contains(&map);
        let refused = |yes: bool| yes.then_some(Errno::EOPNOTSUPP);
        assert_eq!(create(map, kptr()), None, "{map:?}");
        assert_eq!(create(map, K::KptrUntrusted), None, "{map:?}");
        assert_eq!(create(map, K::Refcount), None, "{map:?}");
        assert_eq!(create(map, K::Deferred), refused(is_percpu), "{map:?}");
        assert_eq!(create(map, K::ListHead), refused(is_percpu), "{map:?}");
        assert_eq!(create(map, K::RbRoot), refused(is_percpu), "{map:?}");
        assert_eq!(create(map, K::Uptr), refused(true), "{map:?}");
        let no_lock = is_percpu || map == MapType::LruHash;
        assert_eq!(create(map, K::SpinLock), refused(no_lock), "{map:?}");
    }
    let read_only = MapDef::new("m", MapType::Array, 4, 16, 1).with_flags(MapFlags::RDONLY_PROG);
    let error = machine.create_map(read_only.with_fields(field(kptr()))).unwrap_err();
    assert_eq!(error.errno, Errno::EACCES);
}

#[test]
fn user_space_neither_sees_nor_sets_a_field() {
    let machine = Machine::builder().cpus(2).build().unwrap();
    for map in [MapType::Array, MapType::Hash, MapType::PercpuArray, MapType::PercpuHash] {
        let def = MapDef::new("m", map, 4, 24, 4).with_fields(field(kptr()));
        let id = machine.create_map(def).unwrap();
        let user = machine.user_side(id).unwrap();
        let copies = user.value_size() / 24;
        user.update(&[1, 0, 0, 0], &[0xee; 24].repeat(copies), 0).unwrap();
        let mut expected = [0xee; 24];
        expected[8..16].fill(0);
        assert_eq!(user.lookup(&[1, 0, 0, 0], 0).unwrap(), expected.repeat(copies), "{map:?}");
        let held = machine.map(id).unwrap().lookup(skep_abi::Cpu(1), &[1, 0, 0, 0]).unwrap();
        let mut bytes = [0; 24];
        machine.memory().kernel_read(held, &mut bytes).unwrap();
        assert_eq!(bytes, expected, "{map:?}: nor is it there");
    }
}

#[test]
fn what_was_never_an_object_is_reported_when_its_reference_is_given_up() {
    let machine = Machine::builder().build().unwrap();
    let def = MapDef::new("m", MapType::Array, 4, 24, 1).with_fields(field(kptr()));
    let id = machine.create_map(def).unwrap();
    let value = machine.map(id).unwrap().value_addr(0).unwrap();
    machine.kptr_xchg(value.offset(8), value).unwrap();
    machine.user_side(id).unwrap().update(&[0; 4], &[0; 24], 0).unwrap();
    let faults = machine.kptr_faults();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].to_string().contains("no usage.refs.counter"), "{}", faults[0]);
}
