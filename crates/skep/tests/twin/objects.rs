//! Objects of a program's own types: the same in trees of the same shape, in lists, counted alike.

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/objects.bpf.o");

const ADD: u32 = 1;
const REMOVE: u32 = 2;
const TAKE_FRONT: u32 = 3;
const TAKE_BACK: u32 = 4;
const LOOK: u32 = 5;
const ADD_AGAIN: u32 = 6;
const COUNT: u32 = 7;

/// Has both programs do something; what both answered.
fn act(pair: &Pair, action: u32, key: u64) -> Vec<i64> {
    pair.set("key", &key.to_le_bytes());
    pair.set("action", &action.to_le_bytes());
    pair.test_run(&[0; 64], 1);
    pair.numbers("answers")
}

/// How deep each key lies in the tree, from 1; 0 for those that are not there.
fn look(pair: &Pair) -> Vec<i64> {
    act(pair, LOOK, 0);
    pair.both("way");
    pair.both("ends");
    pair.numbers("length")
}

#[test]
fn trees_have_the_kernels_shape_and_lists_its_order() {
    let Some(pair) = Pair::load(OBJECT, "act") else { return };
    let (mut state, mut deepest, mut found) = (7_u64, 0, [0; 8]);
    for step in 0..240 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = state >> 33 & 31;
        // More is added at first, more is taken away towards the end.
        let adds = if step < 120 { 9 } else { 5 };
        let action = match state >> 40 & 15 {
            roll if roll < adds => ADD,
            9..=12 => REMOVE,
            13 => TAKE_FRONT,
            14 => TAKE_BACK,
            _ => ADD_AGAIN,
        };
        let answers = act(&pair, action, key);
        found[action as usize] += usize::from(answers.iter().all(|answer| *answer >= 0));
        deepest = deepest.max(look(&pair).into_iter().max().unwrap());
    }
    assert!(deepest >= 5, "{deepest}");
    assert!([ADD, REMOVE, TAKE_FRONT, ADD_AGAIN].iter().all(|act| found[*act as usize] > 1));
    assert!(pair.machine.leaked_objects().is_empty());
    // What is in either collection, or both, is alive.
    let mut left = 0;
    while act(&pair, TAKE_FRONT, 0)[0] >= 0 {
        left += 1;
    }
    let in_tree = pair.machine.held_objects();
    assert!(left > 0 && in_tree.iter().all(|object| object.references == 1), "{in_tree:?}");
    pair.machine.maps().for_each(skep_machine::Map::free_fields);
    assert_eq!(pair.machine.held_objects(), []);
}

#[test]
fn each_cpu_counts_for_itself() {
    let Some(pair) = Pair::load(OBJECT, "act") else { return };
    for key in 1..=3 {
        act(&pair, COUNT, key);
    }
    assert_eq!(pair.numbers("counted"), [6, 0]);
}
