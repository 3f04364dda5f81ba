//! Masks that maps own, in every kind of map that may have them.

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/kptr.bpf.o");

const FILL: u32 = 1;
const LOOK: u32 = 2;
const UPDATE: u32 = 3;
const DELETE: u32 = 4;
const FLOOD: u32 = 5;

/// Places by their numbers in the program.
const PLACES: [&str; 10] = [
    "in_array",
    "in_hash",
    "in_allocated_hash",
    "in_lru",
    "in_percpu_array",
    "in_percpu_hash",
    "in_percpu_lru",
    "in_struct",
    "second_of_two",
    "in_global",
];

fn pair() -> Option<Pair> {
    Pair::load(OBJECT, "act")
}

fn act(pair: &Pair, action: u32) {
    pair.set("action", &action.to_le_bytes());
    pair.run("done");
}

/// References to each place's mask, of which one is elsewhere, and what each place holds.
fn look(pair: &Pair) -> (Vec<i64>, Vec<i64>) {
    act(pair, LOOK);
    for name in ["returned", "weight", "unsure", "answers"] {
        pair.both(name);
    }
    (pair.numbers("references"), pair.numbers("holds"))
}

/// `struct value` with bytes in the field that mean nothing.
fn value() -> Vec<u8> {
    [7_u64, 0xdead_beef_dead_beef, 8].iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn a_mask_in_a_field_is_held_and_hidden_from_user_space() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    assert_eq!(look(&pair), (vec![2; 10], vec![1; 10]));
    for (map, key) in [("in_array", 1), ("in_hash", 1), ("in_percpu_lru", 1), ("in_struct", 0)] {
        let value = pair.value(map, key).unwrap();
        assert!(value.iter().all(|byte| *byte < 8), "{map}: {value:?}");
    }
    // Filled again: what the places held is given back, each once.
    act(&pair, FILL);
    assert_eq!(look(&pair), (vec![2; 10], vec![1; 10]));
    let held = pair.machine.held_objects();
    assert!(held.iter().all(|object| object.leaked() == 0), "{held:?}");
    let mut holders: Vec<&str> = held[0].holders.iter().map(|holder| &*holder.map).collect();
    holders.sort_unstable();
    assert!(held.len() == 10 && holders.contains(&"keeper") && holders.len() == 2, "{holders:?}");
}

#[test]
fn a_program_that_replaces_a_value_drops_its_mask() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    act(&pair, UPDATE);
    let (references, holds) = look(&pair);
    assert_eq!((references, holds), (vec![1; 10], vec![0; 10]));
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn a_program_that_deletes_an_element_drops_its_mask() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    act(&pair, DELETE);
    let (references, holds) = look(&pair);
    assert_eq!((references[1], holds[1]), (1, 2), "gone from a hash");
    assert_eq!((references[0], holds[0]), (2, 1), "arrays do not delete");
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn an_update_or_deletion_by_user_space_drops_masks_too() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    for map in &PLACES[..7] {
        pair.update(map, 1, &value());
        let now = pair.value(map, 1).unwrap();
        assert_eq!(now[..8], 7_u64.to_le_bytes(), "{map}");
        assert_eq!(now[8..16], [0; 8], "{map}: bytes in the field are ignored");
    }
    look(&pair);
    act(&pair, FILL);
    for map in &PLACES[..7] {
        pair.delete(map, 1);
        pair.value(map, 1);
    }
    let (references, holds) = look(&pair);
    assert_eq!((references[1..4].to_vec(), holds[1..4].to_vec()), (vec![1; 3], vec![2; 3]));
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn an_element_that_is_evicted_drops_its_mask() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    for _ in 0..4 {
        act(&pair, FLOOD);
    }
    let (references, holds) = look(&pair);
    assert_eq!([references[3], holds[3], references[6], holds[6]], [1, 2, 1, 2]);
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn freeing_a_map_drops_its_masks() {
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    assert_eq!(pair.machine.held_objects().len(), 10);
    for map in &pair.loaded.maps {
        pair.machine.map(map.id).unwrap().free_fields();
    }
    assert_eq!(pair.machine.held_objects(), []);
    assert_eq!(pair.machine.kptr_faults(), []);
}
