//! Locks, exceptions, preemption, values of cgroups.

use skep_abi::{Addr, Cpu, MapType};
use skep_machine::{BtfField, BtfFieldKind, MapDef, Stop, Width};

use crate::bench::Bench;

#[test]
pub(super) fn a_lock_is_held_once() {
    let bench = Bench::new();
    bench.write(0, &[0; 4]);
    assert_eq!(bench.call("bpf_spin_lock", [bench.at(0)]), 0);
    assert_eq!(bench.machine.memory().load(Addr(bench.at(0)), Width::W), Ok(1));
    assert_eq!(bench.call("bpf_spin_unlock", [bench.at(0)]), 0);
    assert_eq!(
        bench.fault("bpf_spin_unlock", [bench.at(0)]),
        "bpf_spin_unlock: the lock is not held"
    );
}

#[test]
pub(super) fn a_lock_in_a_value_is_taken_though_programs_may_not_touch_it() {
    let bench = Bench::new();
    let field = BtfField { offset: 4, size: 4, kind: BtfFieldKind::SpinLock };
    let map = bench.map(MapDef::new("m", MapType::Array, 4, 8, 1).with_fields(vec![field]));
    let lock = map.lookup(Cpu(0), &[0; 4]).unwrap().0 + 4;
    assert_eq!(bench.call("bpf_spin_lock", [lock]), 0);
    assert!(bench.machine.memory().load(Addr(lock), Width::W).is_err());
    assert_eq!(bench.call("bpf_spin_unlock", [lock]), 0);
    assert_eq!(bench.fault("bpf_spin_unlock", [lock]), "bpf_spin_unlock: the lock is not held");
}

#[test]
pub(super) fn an_exception_ends_the_program() {
    let thrown = Bench::new().try_call("bpf_throw", [77]);
    assert!(matches!(thrown, Err(Stop::Throw(77))));
}

#[test]
pub(super) fn preemption_changes_nothing_that_a_program_sees() {
    let bench = Bench::new();
    bench.call("bpf_preempt_disable", []);
    bench.call("bpf_preempt_enable", []);
}

#[test]
pub(super) fn a_program_has_a_value_for_its_cgroup() {
    let bench = Bench::new();
    let storage = bench.map(MapDef::new("storage", MapType::CgroupStorage, 16, 8, 0)).addr().0;
    let value = bench.call("bpf_get_local_storage", [storage, 0]);
    bench.machine.memory().store(Addr(value), Width::Dw, 7).unwrap();
    assert_eq!(bench.call("bpf_get_local_storage", [storage, 0]), value);
    let each = bench.map(MapDef::new("each", MapType::PercpuCgroupStorage, 8, 8, 0)).addr().0;
    assert_ne!(bench.call("bpf_get_local_storage", [each, 0]), value);
    let other = bench.map(MapDef::new("array", MapType::Array, 4, 8, 1)).addr().0;
    assert!(bench.fault("bpf_get_local_storage", [other, 0]).contains("cannot take map `array`"));
}
