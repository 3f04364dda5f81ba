//! Kptr fields.

use skep_abi::{Addr, MapType};
use skep_machine::{BtfField, BtfFieldKind, MapDef, Width};

use crate::bench::Bench;

fn field(offset: u32, kind: BtfFieldKind) -> BtfField {
    BtfField { offset, size: 8, kind }
}

#[test]
pub(super) fn what_a_field_held_comes_back() {
    let bench = Bench::new();
    let kptr = BtfFieldKind::Kptr { strukt: "bpf_cpumask".to_owned() };
    let fields = vec![field(8, kptr), field(24, BtfFieldKind::KptrUntrusted)];
    let def = MapDef::new("owner", MapType::Array, 4, 32, 1).with_fields(fields);
    let value = bench.map(def).value_addr(0).unwrap();
    let at = |offset: u64| value.0 + offset;
    assert_eq!(bench.call("bpf_kptr_xchg", [at(8), 0xffff_8880_0000_1000]), 0);
    assert_eq!(bench.call("bpf_kptr_xchg", [at(8), 0xffff_8880_0000_2000]), 0xffff_8880_0000_1000);
    assert_eq!(bench.call("bpf_kptr_xchg", [at(8), 0]), 0xffff_8880_0000_2000);
    assert_eq!(bench.call("bpf_kptr_xchg", [at(8), 0]), 0);
    for wrong in [0, 4, 16, 24] {
        let text = bench.fault("bpf_kptr_xchg", [at(wrong), 0]);
        assert!(text.contains("is no kptr field"), "{text}");
    }
    assert!(bench.fault("bpf_kptr_xchg", [bench.at(8), 0]).contains("is no kptr field"));
    // Plain accesses leave fields alone; a pointer that owns nothing may be stored whole.
    let memory = bench.machine.memory();
    let text = memory.store(Addr(at(8)), Width::Dw, 0).unwrap_err().to_string();
    assert!(
        text.contains("the kptr at offset 8 of the value of map `owner` does not allow it"),
        "{text}"
    );
    assert!(memory.store(Addr(at(6)), Width::W, 0).is_err());
    assert!(memory.load(Addr(at(8)), Width::W).is_err());
    assert_eq!(memory.load(Addr(at(8)), Width::Dw), Ok(0));
    assert_eq!(memory.store(Addr(at(24)), Width::Dw, 5), Ok(()));
    assert!(memory.store(Addr(at(24)), Width::W, 5).is_err());
    assert!(memory.read_vec(value, 32).is_err(), "nor do calls read over them");
}
