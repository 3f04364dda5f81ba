//! Every function of CPU masks.

use std::collections::BTreeSet;

use skep_abi::{CallKind, KernelVersion};
use skep_btf::TypeId;
use skep_isa::opcode as op;
use skep_object::ObjectSpec;

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/cpumask.bpf.o");

/// Kernel functions that the program of the next test calls.
fn called() -> BTreeSet<String> {
    let profile = skep::profile::shipped(KernelVersion::new(6, 18)).unwrap();
    let resolved = ObjectSpec::parse("cpumask", OBJECT).unwrap().resolve(&profile).unwrap();
    let program = resolved.programs.iter().find(|program| program.name == "masks").unwrap();
    let calls = program
        .insns
        .iter()
        .filter(|insn| insn.code == op::JMP | op::CALL && insn.src.0 == op::PSEUDO_KFUNC_CALL);
    let name = |id: i32| profile.btf.ty(TypeId(id.cast_unsigned())).name().to_owned();
    calls.map(|insn| name(insn.imm)).collect()
}

#[test]
fn every_function_of_masks_and_sections_is_called_on_both_sides() {
    let called = called();
    let families = ["bpf_cpumask_", "bpf_rcu_read_", "bpf_preempt_"];
    let kfuncs = skep_calls::calls().filter(|call| {
        let name = call.spec.name;
        call.spec.kind == CallKind::Kfunc && families.iter().any(|family| name.starts_with(family))
    });
    let kfuncs: BTreeSet<String> = kfuncs.map(|call| call.spec.name.to_owned()).collect();
    assert_eq!(kfuncs.len(), 26 + 2 + 2);
    assert_eq!(called, kfuncs);
}

fn counts(outcome: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_le_bytes(outcome[at..at + 4].try_into().unwrap());
    (number(0), number(4))
}

#[test]
fn masks_that_a_program_makes_answer_as_in_the_kernel() {
    let Some(pair) = Pair::load(OBJECT, "masks") else { return };
    pair.run("runs");
    let outcome = pair.value("outcomes", 0).unwrap();
    let (asked, kept) = counts(&outcome);
    assert!(asked > 40 && kept > 15, "{asked} answers and {kept} states");
    assert!(asked <= 128 && kept <= 24, "all are there");
    assert!(pair.machine.held_objects().is_empty());
}

#[test]
fn plain_memory_serves_as_a_mask_as_in_the_kernel() {
    let Some(pair) = Pair::load(OBJECT, "plain_memory") else { return };
    pair.run("runs");
    let outcome = pair.value("outcomes", 0).unwrap();
    assert!(counts(&outcome).0 > 12);
    let words = pair.value("plain", 0).unwrap();
    assert!(words.iter().filter(|byte| **byte != 0).count() > 200);
}
