//! Tail calls and random numbers.

use skep_abi::{MapType, ProgId, ProgType};
use skep_machine::{MapDef, Stop};

use crate::bench::Bench;

#[test]
pub(super) fn random_numbers_repeat_with_the_seed() {
    let draw = |seed| {
        let bench = Bench::with(|builder| builder.seed(seed));
        [(); 8].map(|()| bench.call("bpf_get_prandom_u32", []))
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert!(draw(1).iter().all(|number| *number <= u64::from(u32::MAX)));
}

#[test]
pub(super) fn a_tail_call_leaves_for_the_program_in_the_slot() {
    let bench = Bench::new();
    let map = bench.map(MapDef::new("progs", MapType::ProgArray, 4, 4, 2));
    map.prog_array().unwrap().set(1, ProgId(7), ProgType::PerfEvent).unwrap();
    let jump = |index: u64| bench.try_call("bpf_tail_call", [bench.at(0), map.addr().0, index]);
    assert!(matches!(jump(1), Err(Stop::TailCall(ProgId(7)))));
    assert!(matches!(jump(1 | 1 << 40), Err(Stop::TailCall(ProgId(7)))), "32 bits count");
    assert!(jump(0).is_ok(), "an empty slot");
    assert!(jump(2).is_ok(), "past the end");
    assert!(jump(u64::MAX).is_ok());
}

#[test]
fn only_a_program_array_can_be_jumped_through() {
    let bench = Bench::new();
    let map = bench.map(MapDef::new("counts", MapType::Array, 4, 8, 2));
    assert_eq!(
        bench.fault("bpf_tail_call", [bench.at(0), map.addr().0, 0]),
        "bpf_tail_call: cannot take map `counts`, which is of type array"
    );
    assert!(bench.fault("bpf_tail_call", [0, bench.at(0), 0]).contains("is no map"));
}
