//! Which element goes when an LRU hash is full.

use skep_abi::{Cpu, MapType};

use super::{MapFlags, def, get, machine, map, put, user};

#[test]
fn the_oldest_unused_element_goes() {
    let machine = machine(1);
    for kind in [MapType::LruHash, MapType::LruPercpuHash] {
        let map = map(&machine, def(kind, 4));
        for key in 0..4 {
            put(map, 0, key, key.into()).unwrap();
        }
        // Key 0 is used, so key 1 is the oldest one that is not.
        assert_eq!(get(&machine, map, 0, 0), Some(0));
        put(map, 0, 4, 4).unwrap();
        let user = user(&machine, map);
        let is_there = |key: u32| user.lookup(&key.to_le_bytes(), 0).is_ok();
        assert_eq!([0, 1, 2, 3, 4].map(is_there), [true, false, true, true, true], "{kind:?}");
        // A look from user space is no use.
        assert!(is_there(2));
        put(map, 0, 5, 5).unwrap();
        assert!(!is_there(2) && is_there(0));
    }
}

#[test]
fn an_lru_hash_is_never_too_full_and_never_refuses() {
    let machine = machine(2);
    for flags in [MapFlags::empty(), MapFlags::NO_COMMON_LRU] {
        let map = map(&machine, def(MapType::LruHash, 50).with_flags(flags));
        for key in 0..1000_u32 {
            put(map, key % 2, key, key.into()).unwrap();
            assert_eq!(get(&machine, map, 0, key), Some(key.into()), "the newest one is there");
        }
        assert_eq!(user(&machine, map).entries().len(), 50);
    }
}

#[test]
fn cpus_with_lists_of_their_own_share_the_elements_equally() {
    let machine = machine(4);
    let map = map(&machine, def(MapType::LruHash, 10).with_flags(MapFlags::NO_COMMON_LRU));
    assert_eq!(map.def().max_entries, 12, "rounded up to whole lists");
    for key in 0..100 {
        put(map, 1, key, 0).unwrap();
    }
    assert_eq!(user(&machine, map).entries().len(), 3);
}

#[test]
fn deleted_elements_are_free_again() {
    let machine = machine(1);
    let map = map(&machine, def(MapType::LruHash, 3));
    for round in 0..50_u32 {
        for key in 0..3 {
            put(map, 0, round * 3 + key, 0).unwrap();
        }
        assert_eq!(user(&machine, map).entries().len(), 3);
        for key in 0..3 {
            assert_eq!(
                map.delete(Cpu(0), &(round * 3 + key).to_le_bytes()),
                Ok(()),
                "round {round}"
            );
        }
    }
}
