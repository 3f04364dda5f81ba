//! Objects that a program allocates: what it holds, what it gave to a list, what is gone.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Cpu, MapType};
use skep_interp::{Interp, Trap, TrapKind};
use skep_machine::{BtfField, BtfFieldKind as K, Machine, MapDef, ObjType};

use crate::bench::Bench;
use crate::refs::spec;

/// Runs a program with the address of a map's value, which has a list's head at 8, in R1; it may allocate type 7: a number,
/// and at 8 a node of a list.
fn run(text: &str) -> Result<u64, Box<Trap>> {
    let machine = Machine::builder().build().unwrap();
    let field = |offset, size, kind| BtfField { offset, size, kind };
    let fields = vec![field(0, 4, K::SpinLock), field(8, 16, K::ListHead)];
    let def = MapDef::new("m", MapType::Array, 4, 24, 1).with_fields(fields);
    let id = machine.create_map(def).unwrap();
    let value = machine.map(id).unwrap().lookup(Cpu(0), &[0; 4]).unwrap();
    let fields = vec![field(8, 24, K::ListNode)];
    let node = ObjType { name: "node".to_owned(), size: 32, fields };
    let mut spec = spec(text);
    spec.obj_types = Arc::new(HashMap::from([(7, Arc::new(node))]));
    let bench = Bench { machine, interp: Interp::new() };
    bench.run(&bench.load_spec(spec), &[value.0])
}

fn trap(text: &str) -> Trap {
    match run(text) {
        Ok(r0) => panic!("{text}\nreturned {r0:#x}"),
        Err(trap) => *trap,
    }
}

const NEW: &str = "r6 = r1\nr1 = 7\ncall bpf_obj_new_impl\nif r0 == 0 goto out\nr7 = r0\n";
const DROP: &str = "r1 = r7\ncall bpf_obj_drop_impl\n";
const PUSH: &str = "r1 = r6\nr1 += 8\nr2 = r7\nr2 += 8\nr4 = 0\ncall bpf_list_push_front_impl\n";
const POP: &str = "r1 = r6\nr1 += 8\ncall bpf_list_pop_front\nr8 = r0\n";
const OUT: &str = "out: r0 = 0\nexit";

#[test]
fn an_object_is_used_given_to_a_list_and_taken_back() {
    assert_eq!(run(&format!("{NEW}*(u64 *)(r7 +0) = 5\n{DROP}{OUT}")).unwrap(), 0);
    // In the list it may still be looked at; what is taken off is held again.
    let text = format!(
        "{NEW}*(u64 *)(r7 +0) = 5\n{PUSH}r9 = *(u64 *)(r7 +0)\n{POP}r8 -= 8\nr7 = *(u64 *)(r8 +0)\n\
         r7 += r9\nr1 = r8\ncall bpf_obj_drop_impl\nr0 = r7\nexit\n{OUT}"
    );
    assert_eq!(run(&text).unwrap(), 10);
}

#[test]
fn what_is_not_given_up_leaks() {
    for text in [format!("{NEW}{OUT}"), format!("{NEW}{PUSH}{POP}{OUT}")] {
        let trap = trap(&text);
        let TrapKind::Leaked { object, .. } = &trap.kind else { panic!("{trap}") };
        assert!(object.contains("node #0"), "{object}");
    }
}

#[test]
fn what_was_given_up_is_gone() {
    let used = trap(&format!("{NEW}{DROP}r0 = *(u64 *)(r7 +0)\nexit\n{OUT}"));
    assert!(matches!(used.kind, TrapKind::UsedAfterRelease { .. }), "{used}");
    // The list holds it, not the program.
    let dropped = trap(&format!("{NEW}{PUSH}{DROP}{OUT}"));
    assert!(matches!(dropped.kind, TrapKind::NotHeld { .. }), "{dropped}");
    let field = trap(&format!("{NEW}r1 = *(u64 *)(r7 +8)\n{DROP}{OUT}"));
    assert!(field.to_string().contains("list or tree node at offset 8 of node #0"), "{field}");
}
