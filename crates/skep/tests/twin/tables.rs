//! Queues, stacks, Bloom filters, tries, asked from a program.

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/tables.bpf.o");

#[test]
fn a_programs_questions_to_keyless_maps_and_tries_have_the_kernels_answers() {
    let Some(pair) = Pair::load(OBJECT, "act") else { return };
    for _ in 0..12 {
        pair.set("action", &1_u32.to_le_bytes());
        pair.run("done");
    }
    let asked = u32::from_le_bytes(pair.both("asked").try_into().unwrap());
    assert_eq!(asked, 73);
    let answers = pair.numbers("answers");
    // Of a queue that holds three: the oldest values went.
    assert_eq!(answers[..6], [0, 0, 0, -7, 0, 0]);
    assert_eq!(answers[6..10], [0, 3, 0, 3]);
    assert_eq!(answers[28..32], [0, 6, 0, 6], "of a stack the newest");
    assert!(answers[..73].contains(&14), "a prefix that was replaced");
}
