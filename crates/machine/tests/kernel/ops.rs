//! Random operations by user space.

use skep_abi::{Errno, MapId, MapType};
use skep_machine::map::{MapFlags, UserSide};
use skep_machine::{Machine, MapDef};

use crate::bpf::{Answer, KernelMap};
use crate::rng::Rng;
use crate::setup;

fn ours<T>(answer: Result<T, Errno>) -> Answer<T> {
    answer.map_err(|errno| i32::from(errno.0))
}

/// All keys, and the errno after the last.
fn walk(next: impl Fn(Option<&[u8]>) -> Answer<Vec<u8>>) -> (Vec<Vec<u8>>, i32) {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    loop {
        match next(keys.last().map(Vec::as_slice)) {
            Ok(key) => keys.push(key),
            Err(errno) => break (keys, errno),
        }
    }
}

/// A map on both sides.
struct Pair<'m> {
    kernel: KernelMap,
    user: UserSide<'m>,
    def: MapDef,
}

impl<'m> Pair<'m> {
    fn new(machine: &'m Machine, def: MapDef) -> Self {
        let kernel = KernelMap::create(&def, None, machine.nr_cpus()).unwrap();
        let id = machine.create_map(def.clone()).unwrap();
        Self { kernel, user: machine.user_side(id).unwrap(), def }
    }

    /// One random operation with one of `keys`.
    fn step(&self, rng: &mut Rng, keys: &[Vec<u8>]) {
        let key = &keys[rng.below(keys.len() as u64) as usize];
        let flags = rng.one_of(&[0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 8, 1 << 32]);
        let name = self.def.map_type.name();
        match rng.below(10) {
            0..4 => {
                let value = rng.bytes(self.user.value_size());
                let we_say = ours(self.user.update(key, &value, flags));
                assert_eq!(
                    we_say,
                    self.kernel.update(key, &value, flags),
                    "{name}: update, flags {flags}"
                );
            }
            4..6 => {
                assert_eq!(ours(self.user.delete(key)), self.kernel.delete(key), "{name}: delete");
            }
            6 => {
                let we_say = ours(self.user.take(key, flags));
                assert_eq!(
                    we_say,
                    self.kernel.take(key, flags),
                    "{name}: look up and delete, flags {flags}"
                );
            }
            7 if self.has_order() => {
                assert_eq!(
                    ours(self.user.next_key(Some(key))),
                    self.kernel.next_key(Some(key)),
                    "{name}: next"
                );
                assert_eq!(
                    ours(self.user.next_key(None)),
                    self.kernel.next_key(None),
                    "{name}: first"
                );
            }
            _ => {
                let we_say = ours(self.user.lookup(key, flags));
                assert_eq!(
                    we_say,
                    self.kernel.lookup(key, flags),
                    "{name}: look up, flags {flags}"
                );
            }
        }
    }

    /// Whether the order of keys is one that the machine has too.
    fn has_order(&self) -> bool {
        let is_hash = matches!(
            self.def.map_type,
            MapType::Hash | MapType::PercpuHash | MapType::LruHash | MapType::LruPercpuHash
        );
        !is_hash || self.def.flags.contains(MapFlags::ZERO_SEED)
    }

    /// All keys, in the kernel's order and in ours.
    fn compare_contents(&self) {
        let mut kernel = walk(|key| self.kernel.next_key(key));
        let mut machine = walk(|key| ours(self.user.next_key(key)));
        if !self.has_order() {
            kernel.0.sort();
            machine.0.sort();
        }
        assert_eq!(machine, kernel, "{}: keys", self.def.map_type.name());
        for key in &kernel.0 {
            assert_eq!(ours(self.user.lookup(key, 0)), self.kernel.lookup(key, 0));
        }
    }
}

fn random_ops(map_type: MapType, key_size: u32, max_entries: u32, keys: usize, flags: MapFlags) {
    let Some(machine) = setup() else { return };
    for seed in 0..12 {
        let mut rng = Rng(seed);
        let value_size = rng.one_of(&[1, 4, 5, 8, 24, 100]);
        let def =
            MapDef::new("pair", map_type, key_size, value_size, max_entries).with_flags(flags);
        let pair = Pair::new(&machine, def);
        let keys: Vec<Vec<u8>> = (0..keys)
            .map(|n| match key_size {
                4 if matches!(map_type, MapType::Array | MapType::PercpuArray) => {
                    (n as u32).to_le_bytes().to_vec()
                }
                size => rng.bytes(size as usize),
            })
            .collect();
        for step in 0..2000 {
            pair.step(&mut rng, &keys);
            if step % 500 == 499 {
                pair.compare_contents();
            }
        }
    }
}

#[test]
fn a_hash_does_as_the_kernels() {
    random_ops(MapType::Hash, 4, 8, 12, MapFlags::empty());
    random_ops(MapType::Hash, 7, 100, 60, MapFlags::empty());
}

#[test]
fn a_hash_without_seed_has_the_kernels_order() {
    random_ops(MapType::Hash, 12, 16, 24, MapFlags::ZERO_SEED);
    random_ops(MapType::Hash, 5, 5, 12, MapFlags::ZERO_SEED);
    random_ops(MapType::PercpuHash, 16, 8, 12, MapFlags::ZERO_SEED);
}

#[test]
fn a_hash_without_preallocation_does_as_the_kernels() {
    random_ops(MapType::Hash, 4, 8, 12, MapFlags::NO_PREALLOC);
    random_ops(MapType::Hash, 8, 3, 6, MapFlags::NO_PREALLOC | MapFlags::ZERO_SEED);
    random_ops(MapType::PercpuHash, 4, 8, 12, MapFlags::NO_PREALLOC);
}

#[test]
fn a_percpu_hash_does_as_the_kernels() {
    random_ops(MapType::PercpuHash, 4, 8, 12, MapFlags::empty());
    random_ops(MapType::PercpuHash, 9, 64, 40, MapFlags::empty());
}

#[test]
fn arrays_do_as_the_kernels() {
    random_ops(MapType::Array, 4, 8, 10, MapFlags::empty());
    random_ops(MapType::Array, 4, 1, 3, MapFlags::MMAPABLE);
    random_ops(MapType::PercpuArray, 4, 8, 10, MapFlags::empty());
}

#[test]
fn lru_hashes_with_room_do_as_the_kernels() {
    random_ops(MapType::LruHash, 4, 1000, 60, MapFlags::empty());
    random_ops(MapType::LruHash, 4, 1000, 60, MapFlags::ZERO_SEED);
    random_ops(MapType::LruPercpuHash, 4, 1000, 60, MapFlags::empty());
    random_ops(MapType::LruHash, 4, 1000, 60, MapFlags::NO_COMMON_LRU);
}

#[test]
fn access_of_user_space_is_restricted_as_by_the_kernel() {
    random_ops(MapType::Hash, 4, 8, 12, MapFlags::RDONLY);
    random_ops(MapType::Array, 4, 8, 12, MapFlags::WRONLY);
    let Some(machine) = setup() else { return };
    for kind in [MapType::Hash, MapType::Array, MapType::LruHash] {
        let pair = Pair::new(&machine, MapDef::new("frozen", kind, 4, 8, 100));
        let mut rng = Rng(5);
        let keys: Vec<Vec<u8>> = (0_u32..6).map(|n| n.to_le_bytes().to_vec()).collect();
        (0..50).for_each(|_| pair.step(&mut rng, &keys));
        for _ in 0..2 {
            assert_eq!(ours(pair.user.freeze()), pair.kernel.freeze());
        }
        (0..200).for_each(|_| pair.step(&mut rng, &keys));
    }
}

#[test]
fn maps_without_values_for_user_space_answer_as_the_kernels() {
    let Some(machine) = setup() else { return };
    let kinds = [
        (MapType::StackTrace, 4, 16, 4),
        (MapType::PerfEventArray, 4, 4, 4),
        (MapType::ProgArray, 4, 4, 4),
        (MapType::Ringbuf, 0, 0, 4096),
    ];
    for (kind, key, value, entries) in kinds {
        let pair = Pair::new(&machine, MapDef::new("empty", kind, key, value, entries));
        let key = |n: u32| n.to_le_bytes()[..key as usize].to_vec();
        for n in [0, 3, 4, u32::MAX] {
            let (key, name) = (key(n), kind.name());
            assert_eq!(ours(pair.user.lookup(&key, 0)), pair.kernel.lookup(&key, 0), "{name} {n}");
            assert_eq!(ours(pair.user.take(&key, 0)), pair.kernel.take(&key, 0), "{name} {n}");
            assert_eq!(ours(pair.user.delete(&key)), pair.kernel.delete(&key), "{name} {n}");
            assert_eq!(
                ours(pair.user.next_key(Some(&key))),
                pair.kernel.next_key(Some(&key)),
                "{name} {n}"
            );
            // -1 is no descriptor on either side.
            for flags in [0, 1, 4] {
                let value = [0xff; 16];
                let we_say = ours(pair.user.update(&key, &value[..value_size(&pair)], flags));
                let kernel_says = pair.kernel.update(&key, &value, flags);
                assert_eq!(we_say, kernel_says, "{name} {n} update, flags {flags}");
            }
        }
        assert_eq!(ours(pair.user.next_key(None)), pair.kernel.next_key(None), "{}", kind.name());
    }
}

fn value_size(pair: &Pair<'_>) -> usize {
    pair.def.value_size as usize
}

#[test]
fn maps_of_maps_do_as_the_kernels() {
    let Some(machine) = setup() else { return };
    let cpus = machine.nr_cpus();
    let shape = MapDef::new("shape", MapType::Array, 4, 8, 2);
    let inner_defs = [
        shape.clone(),
        shape.clone(),
        MapDef::new("longer", MapType::Array, 4, 8, 3),
        MapDef::new("wider", MapType::Array, 4, 16, 2),
        MapDef::new("hash", MapType::Hash, 4, 8, 2),
        shape.clone().with_flags(MapFlags::MMAPABLE),
    ];
    let kernel_inner: Vec<KernelMap> =
        inner_defs.iter().map(|def| KernelMap::create(def, None, cpus).unwrap()).collect();
    let our_inner: Vec<MapId> =
        inner_defs.iter().map(|def| machine.create_map(def.clone()).unwrap()).collect();
    for outer in [MapType::ArrayOfMaps, MapType::HashOfMaps] {
        let def = MapDef::new("outer", outer, 4, 4, 3).with_inner(shape.clone());
        let kernel = KernelMap::create(&def, Some(&kernel_inner[0]), cpus).unwrap();
        let id = machine.create_map(def).unwrap();
        let user = machine.user_side(id).unwrap();
        let mut rng = Rng(9);
        for _ in 0..3000 {
            let key = (rng.below(5) as u32).to_le_bytes();
            let which = rng.below(inner_defs.len() as u64) as usize;
            let flags = rng.one_of(&[0, 0, 0, 1, 2, 3]);
            match rng.below(4) {
                0 | 1 => {
                    let fd = std::os::fd::AsRawFd::as_raw_fd(&kernel_inner[which].fd).to_le_bytes();
                    let we_say = ours(user.update(&key, &our_inner[which].0.to_le_bytes(), flags));
                    assert_eq!(
                        we_say,
                        kernel.update(&key, &fd, flags),
                        "{outer:?} {which} {flags}"
                    );
                }
                2 => assert_eq!(ours(user.delete(&key)), kernel.delete(&key), "{outer:?}"),
                _ => {
                    // Each side gives its own number of the same map.
                    let number = |id: &[u8]| u32::from_le_bytes(id.try_into().unwrap());
                    let we_say = ours(user.lookup(&key, 0))
                        .map(|id| our_inner.iter().position(|inner| inner.0 == number(&id)));
                    let kernel_says = kernel.lookup(&key, 0).map(|id| {
                        kernel_inner.iter().position(|inner| inner.info().unwrap().0 == number(&id))
                    });
                    assert_eq!(we_say, kernel_says, "{outer:?}");
                }
            }
            assert_eq!(ours(user.take(&key, 0)).err(), kernel.take(&key, 0).err(), "{outer:?}");
        }
    }
}
