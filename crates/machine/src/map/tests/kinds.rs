//! Elements and their memory.

use skep_abi::{Cpu, Errno, MapType};

use super::{MapDef, MapFlags, def, get, machine, map, put, user, word};
use crate::Width;

#[test]
fn a_full_hash_refuses_the_next_key_and_no_other() {
    let machine = machine(3);
    for flags in [MapFlags::empty(), MapFlags::NO_PREALLOC] {
        for kind in [MapType::Hash, MapType::PercpuHash] {
            let map = map(&machine, def(kind, 100).with_flags(flags));
            for key in 0..100 {
                assert_eq!(put(map, key % 3, key, 1), Ok(()), "{kind:?}");
            }
            assert_eq!(put(map, 0, 100, 1), Err(Errno::E2BIG));
            assert_eq!(put(map, 2, 50, 2), Ok(()), "an element that exists is replaced");
            assert_eq!(map.delete(Cpu(1), &7_u32.to_le_bytes()), Ok(()));
            assert_eq!(put(map, 0, 100, 1), Ok(()), "what CPU 1 gave back, CPU 0 gets");
            assert_eq!(put(map, 1, 101, 1), Err(Errno::E2BIG));
        }
    }
}

#[test]
fn a_pointer_sees_the_old_value_until_the_element_is_used_again() {
    let machine = machine(1);
    let map = map(&machine, def(MapType::Hash, 10));
    put(map, 0, 1, 100).unwrap();
    let held = map.lookup(Cpu(0), &1_u32.to_le_bytes()).unwrap();
    put(map, 0, 1, 200).unwrap();
    assert_eq!((word(&machine, held), get(&machine, map, 0, 1)), (100, Some(200)));
    put(map, 0, 1, 300).unwrap();
    assert_eq!((word(&machine, held), get(&machine, map, 0, 1)), (300, Some(300)), "used again");
    map.delete(Cpu(0), &1_u32.to_le_bytes()).unwrap();
    assert_eq!(word(&machine, held), 300, "memory of the map stays");
    put(map, 0, 2, 400).unwrap();
    assert_eq!(word(&machine, held), 400, "the next insert gets the element");
}

#[test]
fn values_of_cpus_are_apart_and_a_new_one_zeroes_the_others() {
    let machine = machine(3);
    let map = map(&machine, def(MapType::PercpuHash, 2));
    put(map, 0, 1, 10).unwrap();
    put(map, 1, 1, 11).unwrap();
    assert_eq!([0, 1, 2].map(|cpu| get(&machine, map, cpu, 1)), [Some(10), Some(11), Some(0)]);
    let key = 1_u32.to_le_bytes();
    assert_eq!(map.lookup_percpu(&key, Cpu(1)).map(|at| word(&machine, at)), Some(11));
    assert_eq!(map.lookup_percpu(&key, Cpu(3)), None);
    map.delete(Cpu(0), &key).unwrap();
    put(map, 2, 9, 5).unwrap();
    put(map, 1, 8, 6).unwrap();
    assert_eq!([0, 1, 2].map(|cpu| get(&machine, map, cpu, 9)), [Some(0), Some(0), Some(5)]);
    let user = user(&machine, map);
    let value = user.lookup(&9_u32.to_le_bytes(), 0).unwrap();
    let words: Vec<Vec<u8>> =
        [0_u64, 0, 5].iter().map(|word| word.to_le_bytes().to_vec()).collect();
    assert_eq!(user.percpu_values(&value), words);
}

#[test]
fn an_overrun_of_a_value_is_found() {
    let machine = machine(1);
    let map = map(&machine, MapDef::new("counts", MapType::Array, 4, 12, 3));
    let value = map.lookup(Cpu(0), &1_u32.to_le_bytes()).unwrap();
    let memory = machine.memory();
    assert_eq!(memory.store(value.offset(8), Width::W, 1), Ok(()));
    let fault = memory.store(value.offset(8), Width::Dw, 1).unwrap_err().to_string();
    assert!(fault.contains("past the end of value 1 of map `counts` (12 bytes)"), "{fault}");
    assert!(memory.load(value.offset(-1), Width::B).is_err());
}

#[test]
fn restricted_values_are_only_read_or_only_written() {
    let machine = machine(1);
    let at = |flags| {
        let map = map(&machine, def(MapType::Array, 1).with_flags(flags));
        map.value_addr(0).unwrap()
    };
    let memory = machine.memory();
    let (read_only, write_only) = (at(MapFlags::RDONLY_PROG), at(MapFlags::WRONLY_PROG));
    assert!(
        memory.load(read_only, Width::B).is_ok() && memory.store(read_only, Width::B, 1).is_err()
    );
    assert!(
        memory.load(write_only, Width::B).is_err() && memory.store(write_only, Width::B, 1).is_ok()
    );
}

#[test]
fn global_data_has_an_address_by_offset() {
    let machine = machine(1);
    let bss = map(&machine, MapDef::new(".bss", MapType::Array, 4, 100, 1));
    let user = user(&machine, bss);
    let bytes: Vec<u8> = (0..100).collect();
    user.update(&[0; 4], &bytes, 0).unwrap();
    let at = bss.value_addr(98).unwrap();
    assert_eq!(machine.memory().load(at, Width::H), Ok(99 << 8 | 98));
    assert_eq!(bss.value_addr(100), Err(Errno::EINVAL));
    let two = map(&machine, def(MapType::Array, 2));
    assert_eq!(two.value_addr(0), Err(Errno::EINVAL));
}

#[test]
fn keys_and_values_of_other_sizes_are_refused() {
    let machine = machine(1);
    for kind in [MapType::Hash, MapType::Array, MapType::PercpuArray, MapType::LruHash] {
        let map = map(&machine, def(kind, 4));
        assert_eq!(map.update(Cpu(0), &[0; 3], &[0; 8], 0), Err(Errno::EINVAL));
        assert_eq!(map.update(Cpu(0), &[0; 4], &[0; 9], 0), Err(Errno::EINVAL));
        assert_eq!(map.lookup(Cpu(0), &[0; 5]), None);
        let user = user(&machine, map);
        assert_eq!(user.lookup(&[], 0), Err(Errno::EINVAL));
        assert_eq!(user.update(&[0; 4], &[0; 7], 0), Err(Errno::EINVAL));
    }
}

#[test]
fn maps_are_found_by_their_addresses() {
    let machine = machine(1);
    let (first, second) =
        (map(&machine, def(MapType::Hash, 1)), map(&machine, def(MapType::Array, 1)));
    assert_eq!(machine.map_at(first.addr()).unwrap().id(), first.id());
    assert_eq!(machine.map_at(second.addr()).unwrap().id(), second.id());
    for no_map in [skep_abi::Addr::NULL, first.addr().offset(1), second.value_addr(0).unwrap()] {
        let fault = machine.map_at(no_map).unwrap_err().to_string();
        assert!(fault.contains("is no map: it is"), "{fault}");
    }
}

#[test]
fn inner_maps_are_looked_up_by_address() {
    let machine = machine(1);
    let shape = def(MapType::Hash, 5);
    let inner = map(&machine, shape.clone());
    for kind in [MapType::ArrayOfMaps, MapType::HashOfMaps] {
        let outer = map(&machine, MapDef::new("outer", kind, 4, 4, 3).with_inner(shape.clone()));
        assert_eq!(outer.lookup(Cpu(0), &[0; 4]), None);
        user(&machine, outer).set_inner(&[0; 4], inner.id(), 0).unwrap();
        assert_eq!(outer.lookup(Cpu(0), &[0; 4]), Some(inner.addr()));
        assert_eq!(user(&machine, outer).entries().len(), 1);
    }
}

#[test]
fn what_cannot_be_created_says_why() {
    let machine = machine(1);
    let why = |def| machine.create_map(def).unwrap_err().to_string();
    assert_eq!(
        why(MapDef::new("ring", MapType::Ringbuf, 0, 0, 5000)),
        "map `ring` cannot be created: max_entries is 5000, and a ring buffer's size is a power of two and \
         whole pages of 4096 bytes (-EINVAL (-22))"
    );
    assert!(why(def(MapType::Arena, 1)).contains("does not simulate arena maps yet"));
    let huge =
        machine.create_map(MapDef::new("huge", MapType::Array, 4, 1 << 20, 1 << 24)).unwrap_err();
    assert_eq!(huge.errno, Errno::ENOMEM);
}
