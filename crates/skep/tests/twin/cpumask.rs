//! Every function of CPU masks.

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/cpumask.bpf.o");

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
