//! Maps from user space.

use std::os::fd::AsFd;

use skep_abi::{Errno, MapType, ProgType};
use skep_host::{Map, MapAttr, UpdateFlag, possible_cpus};

use crate::ask::{flagged, load, map, may_ask, word};

const MMAPABLE: u32 = 1 << 10;

#[test]
fn elements_are_set_read_and_removed() {
    if !may_ask() {
        return;
    }
    let map = map(MapType::Hash, 4, 8, 2);
    let (one, two, three) = (1_u32.to_ne_bytes(), 2_u32.to_ne_bytes(), 3_u32.to_ne_bytes());
    assert_eq!(map.lookup(&one).unwrap(), None);
    assert_eq!(map.update_if(&one, &[7; 8], UpdateFlag::Exist).unwrap_err().errno, Errno::ENOENT);
    map.update_if(&one, &[7; 8], UpdateFlag::NoExist).unwrap();
    assert_eq!(map.update_if(&one, &[8; 8], UpdateFlag::NoExist).unwrap_err().errno, Errno::EEXIST);
    map.update(&two, &[9; 8]).unwrap();
    assert_eq!(map.update(&three, &[9; 8]).unwrap_err().errno, Errno::E2BIG);
    assert_eq!(map.lookup(&one).unwrap(), Some(vec![7; 8]));
    assert_eq!(map.take(&two).unwrap(), Some(vec![9; 8]));
    assert!(map.delete(&one).unwrap() && !map.delete(&one).unwrap());
    assert_eq!(map.keys().unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn keys_and_values_of_another_length_are_refused_before_the_kernel_reads_them() {
    if !may_ask() {
        return;
    }
    let map = map(MapType::Hash, 4, 8, 2);
    assert_eq!(map.lookup(&[0; 3]).unwrap_err().errno, Errno::EINVAL);
    assert_eq!(map.update(&[0; 4], &[0; 7]).unwrap_err().errno, Errno::EINVAL);
    assert_eq!(map.delete(&[]).unwrap_err().errno, Errno::EINVAL);
    assert_eq!(map.next_key(Some(&[0; 5])).unwrap_err().errno, Errno::EINVAL);
    let refused = map.update(&[0; 5], &[0; 8]).unwrap_err().to_string();
    assert_eq!(refused, "the kernel refuses to set an element of map tested: -EINVAL (-22)");
}

#[test]
fn batches_and_single_steps_read_the_same() {
    if !may_ask() {
        return;
    }
    let kinds = [
        MapType::Hash,
        MapType::LruHash,
        MapType::Array,
        MapType::PercpuHash,
        MapType::PercpuArray,
        MapType::LruPercpuHash,
    ];
    for kind in kinds {
        let map = map(kind, 4, 8, 3000);
        let cpus = if map.is_percpu() { map.lookup(&[0; 4]).ok().flatten() } else { None };
        let values = cpus.map_or(usize::from(!map.is_percpu()), |value| value.len() / 8);
        let values = if values == 0 { possible_count() } else { values };
        for key in 0..2000_u32 {
            let value = u64::from(key).to_ne_bytes().repeat(values);
            map.update(&key.to_ne_bytes(), &value).unwrap();
        }
        let mut batch = map.entries().unwrap();
        let mut single = map.entries_one_by_one().unwrap();
        batch.sort();
        single.sort();
        assert!(batch == single, "{kind:?}");
        let expected =
            if matches!(kind, MapType::Array | MapType::PercpuArray) { 3000 } else { 2000 };
        assert_eq!(batch.len(), expected, "{kind:?}");
        for (key, value) in batch {
            let key = u64::from(u32::from_ne_bytes(key.try_into().unwrap()));
            let wanted = if key < 2000 { key } else { 0 };
            let values = map.per_cpu(&value);
            assert!(values.iter().all(|one| word(one) == wanted), "{kind:?}");
        }
    }
}

fn possible_count() -> usize {
    possible_cpus() as usize
}

#[test]
fn values_per_cpu_are_those_of_the_cpu_that_wrote_them() {
    if !may_ask() {
        return;
    }
    let map = map(MapType::PercpuArray, 4, 4, 1);
    let whole = map.lookup(&[0; 4]).unwrap().unwrap();
    assert_eq!(map.per_cpu(&whole), vec![vec![0; 4]; whole.len() / 8]);
    let numbered: Vec<u8> =
        (0..whole.len() / 8).flat_map(|cpu| (cpu as u64).to_ne_bytes()).collect();
    map.update(&[0; 4], &numbered).unwrap();
    let values = map.per_cpu(&map.lookup(&[0; 4]).unwrap().unwrap());
    let expected: Vec<Vec<u8>> =
        (0..values.len()).map(|cpu| (cpu as u32).to_ne_bytes().to_vec()).collect();
    assert_eq!(values, expected);
}

#[test]
fn queues_and_bloom_filters_have_no_keys() {
    if !may_ask() {
        return;
    }
    let queue = map(MapType::Queue, 0, 4, 4);
    queue.update(&[], &[1; 4]).unwrap();
    queue.update(&[], &[2; 4]).unwrap();
    assert_eq!(queue.lookup(&[]).unwrap(), Some(vec![1; 4]));
    assert_eq!(queue.take(&[]).unwrap(), Some(vec![1; 4]));
    assert_eq!(queue.take(&[]).unwrap(), Some(vec![2; 4]));
    assert_eq!(queue.take(&[]).unwrap(), None);
    let bloom = map(MapType::BloomFilter, 0, 4, 100);
    bloom.update(&[], &[5; 4]).unwrap();
    assert!(bloom.may_hold(&[5; 4]).unwrap());
    assert!(!bloom.may_hold(&[6; 4]).unwrap());
    assert_eq!(queue.may_hold(&[5; 4]).unwrap_err().errno, Errno::EINVAL);
}

#[test]
fn mapped_values_are_the_maps_values() {
    if !may_ask() {
        return;
    }
    let map = flagged(MapType::Array, 4, 12, 3, MMAPABLE);
    let memory = map.memory().unwrap();
    assert_eq!(memory.len(), 48, "values are padded to 8 bytes");
    map.update(&1_u32.to_ne_bytes(), &[7; 12]).unwrap();
    assert_eq!(memory.read(16, 12), [7; 12]);
    memory.write(33, &[1, 2, 3]).unwrap();
    assert_eq!(map.lookup(&2_u32.to_ne_bytes()).unwrap().unwrap()[..5], [0, 1, 2, 3, 0]);
    assert_eq!(memory.write(46, &[0; 3]).unwrap_err().errno, Errno::EINVAL);
    assert_eq!(memory.read(40, 100).len(), 8);
    // What user space may write cannot become a constant.
    assert_eq!(map.freeze().unwrap_err().errno, Errno::EBUSY);
    drop(memory);
    map.freeze().unwrap();
    let plain = flagged(MapType::Array, 4, 12, 3, 0);
    assert_eq!(plain.memory().unwrap_err().errno, Errno::EOPNOTSUPP);
}

#[test]
fn programs_see_what_is_written_to_mapped_values() {
    if !may_ask() {
        return;
    }
    let map = flagged(MapType::Array, 4, 8, 1, MMAPABLE);
    let memory = map.memory().unwrap();
    let text = "r1 = map[idx:0][0]+0\nr0 = *(u32 *)(r1 +4)\n*(u32 *)(r1 +0) = 9\nexit";
    let program = load(ProgType::SocketFilter, text, &[&map]).unwrap();
    memory.write(4, &77_u32.to_ne_bytes()).unwrap();
    let run = skep_host::TestRun { data: &[0; 64], ..skep_host::TestRun::default() };
    assert_eq!(program.test_run(&run).unwrap().retval, 77);
    assert_eq!(memory.read(0, 4), 9_u32.to_ne_bytes());
}

#[test]
fn maps_of_maps_hold_maps_and_tell_their_ids() {
    if !may_ask() {
        return;
    }
    let inner = map(MapType::Array, 4, 8, 1);
    let attr = MapAttr {
        name: "outer",
        kind: MapType::HashOfMaps,
        key_size: 4,
        value_size: 4,
        max_entries: 4,
        flags: 0,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: Some(&inner),
    };
    let outer = Map::create(&attr).unwrap();
    outer.set_fd(&[0; 4], &inner).unwrap();
    let id = outer.lookup(&[0; 4]).unwrap().unwrap();
    assert_eq!(u32::from_ne_bytes(id.try_into().unwrap()), inner.info().unwrap().id);
    let other = map(MapType::Array, 4, 16, 1);
    assert_eq!(outer.set_fd(&[0; 4], &other).unwrap_err().errno, Errno::EINVAL);
    let again = Map::by_id(inner.info().unwrap().id).unwrap();
    again.update(&[0; 4], &[3; 8]).unwrap();
    assert_eq!(inner.lookup(&[0; 4]).unwrap(), Some(vec![3; 8]));
}

#[test]
fn a_map_taken_by_its_descriptor_knows_its_shape() {
    if !may_ask() {
        return;
    }
    let first = map(MapType::LruHash, 12, 20, 64);
    let second = Map::of_fd(first.as_fd().try_clone_to_owned().unwrap()).unwrap();
    assert_eq!(
        (
            second.name(),
            second.kind(),
            second.key_size(),
            second.value_size(),
            second.max_entries()
        ),
        ("tested", Some(MapType::LruHash), 12, 20, 64)
    );
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    assert_eq!(Map::of_fd(file.into()).unwrap_err().errno, Errno::EINVAL);
}

#[test]
fn refusals_say_what_to_do() {
    if !may_ask() {
        return;
    }
    let attr = MapAttr {
        name: "wrong",
        kind: MapType::Ringbuf,
        key_size: 4,
        value_size: 0,
        max_entries: 4096,
        flags: 0,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: None,
    };
    assert_eq!(
        Map::create(&attr).unwrap_err().to_string(),
        "the kernel refuses to create map wrong: -EINVAL (-22); check its key and value sizes, max_entries and flags; maps of type ringbuf came with Linux 5.8"
    );
}
