//! `bpf_for_each_map_elem`.

use skep_abi::{Cpu, Errno, MapType};

use super::{MapDef, def, machine, map, put, user, word};
use crate::Width;

#[test]
fn a_walk_shows_each_element_once() {
    let machine = machine(2);
    for kind in
        [MapType::Hash, MapType::PercpuHash, MapType::LruHash, MapType::Array, MapType::PercpuArray]
    {
        let map = map(&machine, def(kind, 50));
        for key in 0..50 {
            put(map, 1, key, 1000 + u64::from(key)).unwrap();
        }
        let mut walk = map.walk().unwrap();
        let mut seen = Vec::new();
        while let Some((key, value)) = walk.next(Cpu(1)) {
            let key_value = machine.memory().load(key, Width::W).unwrap();
            assert_eq!(word(&machine, value), 1000 + key_value, "{kind:?}");
            assert!(machine.memory().store(key, Width::W, 1).is_err(), "keys are read-only");
            seen.push(key_value);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>(), "{kind:?}");
    }
}

#[test]
fn walks_may_nest_and_change_the_map() {
    let machine = machine(1);
    let array = map(&machine, def(MapType::Array, 3));
    let (mut outer, mut inner) = (array.walk().unwrap(), array.walk().unwrap());
    let (outer_key, _) = outer.next(Cpu(0)).unwrap();
    for expected in 0..3 {
        let (inner_key, _) = inner.next(Cpu(0)).unwrap();
        assert_eq!(machine.memory().load(inner_key, Width::W), Ok(expected));
        assert_eq!(machine.memory().load(outer_key, Width::W), Ok(0), "the outer walk's key stays");
    }
    let hash = map(&machine, def(MapType::Hash, 64));
    (0..64).for_each(|key| put(hash, 0, key, 0).unwrap());
    let mut walk = hash.walk().unwrap();
    let mut shown = 0;
    while let Some((key, _)) = walk.next(Cpu(0)) {
        let key = machine.memory().load(key, Width::W).unwrap() as u32;
        // The element itself, and another one that may not have been shown yet.
        hash.delete(Cpu(0), &key.to_le_bytes()).unwrap();
        let _ = hash.delete(Cpu(0), &(key ^ 1).to_le_bytes());
        shown += 1;
    }
    assert_eq!(shown, 32);
    assert!(user(&machine, hash).entries().is_empty());
}

#[test]
fn kinds_without_walks_refuse_them() {
    let machine = machine(1);
    let of_maps =
        MapDef::new("o", MapType::ArrayOfMaps, 4, 4, 1).with_inner(def(MapType::Array, 1));
    for def in
        [of_maps, def(MapType::StackTrace, 1), MapDef::new("r", MapType::Ringbuf, 0, 0, 4096)]
    {
        assert_eq!(map(&machine, def).walk().err(), Some(Errno::EINVAL));
    }
    let array = map(&machine, def(MapType::Array, 1));
    let walks: Vec<_> = std::iter::from_fn(|| array.walk().ok()).take(1000).collect();
    assert_eq!(walks.len(), 16);
    assert_eq!(array.walk().err(), Some(Errno::EBUSY));
    drop(walks);
    assert!(array.walk().is_ok());
}
