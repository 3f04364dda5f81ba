//! Longest prefixes.

use skep_abi::{Cpu, Errno, MapType};

use super::{MapDef, MapFlags, machine, map, user, word};

fn key(bits: u32, data: [u8; 4]) -> Vec<u8> {
    [bits.to_le_bytes(), data].concat()
}

fn def(max_entries: u32) -> MapDef {
    MapDef::new("routes", MapType::LpmTrie, 8, 8, max_entries).with_flags(MapFlags::NO_PREALLOC)
}

#[test]
fn the_longest_prefix_is_found() {
    let machine = machine(1);
    let map = map(&machine, def(4));
    let put = |bits, data, value: u64, flags| {
        map.update(Cpu(0), &key(bits, data), &value.to_le_bytes(), flags)
    };
    let find = |bits, data| map.lookup(Cpu(0), &key(bits, data)).map(|at| word(&machine, at));
    assert_eq!(find(32, [10, 0, 0, 1]), None);
    assert_eq!(put(8, [10, 0, 0, 0], 8, 0), Ok(()));
    assert_eq!(put(16, [10, 1, 0, 0], 16, 0), Ok(()));
    assert_eq!(put(19, [10, 1, 0xe0, 0], 19, 0), Ok(()));
    assert_eq!(find(32, [10, 2, 3, 4]), Some(8));
    assert_eq!(find(32, [10, 1, 0xff, 4]), Some(19));
    assert_eq!(find(32, [10, 1, 0xdf, 4]), Some(16));
    assert_eq!(find(18, [10, 1, 0xff, 4]), Some(16), "no longer than the key itself");
    assert_eq!(find(32, [11, 1, 0, 0]), None);
    assert_eq!(put(0, [9; 4], 1, 0), Ok(()));
    assert_eq!(find(32, [11, 1, 0, 0]), Some(1), "no bit counts");
    assert_eq!(put(24, [10, 0, 0, 0], 24, 0), Err(Errno::ENOSPC));
    assert_eq!(put(8, [10, 7, 7, 7], 88, 2), Ok(()), "bits beyond the prefix do not count");
    assert_eq!(find(8, [10, 0, 0, 0]), Some(88));
    assert_eq!(put(8, [10, 0, 0, 0], 8, 1), Err(Errno::EEXIST));
    assert_eq!(put(9, [10, 0, 0, 0], 8, 2), Err(Errno::ENOENT));
    assert_eq!(put(33, [10, 0, 0, 0], 8, 0), Err(Errno::EINVAL));
    assert_eq!(put(8, [10, 0, 0, 0], 8, 4), Err(Errno::EINVAL));
    assert_eq!(map.delete(Cpu(0), &key(16, [10, 1, 9, 9])), Ok(()));
    assert_eq!(map.delete(Cpu(0), &key(16, [10, 1, 9, 9])), Err(Errno::ENOENT));
    assert_eq!(map.delete(Cpu(0), &key(40, [0; 4])), Err(Errno::EINVAL));
    assert_eq!(find(18, [10, 1, 0xff, 4]), Some(88));
}

#[test]
fn what_a_program_has_found_stays_until_it_ends() {
    let machine = machine(2);
    let map = map(&machine, def(4));
    let put = |value: u64| map.update(Cpu(0), &key(8, [10; 4]), &value.to_le_bytes(), 0);
    put(1).unwrap();
    let busy = machine.cpu(Cpu(1)).unwrap().enter();
    let held = map.lookup(Cpu(1), &key(8, [10; 4])).unwrap();
    user(&machine, map).update(&key(8, [10; 4]), &2_u64.to_le_bytes(), 0).unwrap();
    assert_eq!(word(&machine, held), 1);
    assert_ne!(map.lookup(Cpu(0), &key(8, [10; 4])), Some(held));
    drop(busy);
    let gone = machine.memory().load(held, crate::Width::Dw).unwrap_err().to_string();
    assert!(gone.contains("no longer alive"), "{gone}");
}

#[test]
fn longer_prefixes_are_walked_before_those_that_they_begin_with() {
    let machine = machine(1);
    let map = map(&machine, def(10));
    let user = user(&machine, map);
    let keys = [
        key(32, [10, 1, 0, 1]),
        key(32, [10, 1, 0, 2]),
        key(16, [10, 1, 3, 3]),
        key(8, [10, 0, 0, 0]),
        key(24, [192, 168, 1, 0]),
        key(0, [0; 4]),
    ];
    for (at, key) in keys.iter().enumerate().rev() {
        user.update(key, &[at as u8; 8], 0).unwrap();
    }
    let walked: Vec<_> = user.entries().into_iter().map(|(key, _)| key).collect();
    assert_eq!(walked, keys);
    assert_eq!(user.next_key(None), Ok(keys[0].clone()));
    assert_eq!(user.next_key(Some(&keys[2])), Ok(keys[3].clone()));
    assert_eq!(user.next_key(Some(&key(9, [1; 4]))), Ok(keys[0].clone()), "not there");
    assert_eq!(user.next_key(Some(&keys[5])), Err(Errno::ENOENT));
}
