//! Random operations by user space.

use skep_abi::{Errno, MapId, MapType, ProgId, ProgType};
use skep_machine::map::{MapFlags, UserSide};
use skep_machine::{Machine, MapDef};

use crate::asm::{EXIT, mov};
use crate::bpf::{Answer, KernelMap, KernelProgram};
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
        let kernel = KernelMap::create(&def, None, machine.nr_cpu_ids()).unwrap();
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
                // Few bits, so that prefixes begin with each other; some are too long.
                size if map_type == MapType::LpmTrie => {
                    let bits = 8 * u64::from(size - 4);
                    let lens = [rng.below(bits + 2), rng.below(9)];
                    let len = rng.one_of(&lens) as u32;
                    let data = (4..size).map(|_| rng.one_of(&[0, 0, 1, 0x80, 0xff]));
                    len.to_le_bytes().into_iter().chain(data.collect::<Vec<u8>>()).collect()
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
fn tries_do_as_the_kernels() {
    random_ops(MapType::LpmTrie, 5, 8, 20, MapFlags::NO_PREALLOC);
    random_ops(MapType::LpmTrie, 8, 30, 40, MapFlags::NO_PREALLOC);
    random_ops(MapType::LpmTrie, 20, 1000, 60, MapFlags::NO_PREALLOC);
}

#[test]
fn maps_without_keys_do_as_the_kernels() {
    random_ops(MapType::Queue, 0, 3, 1, MapFlags::empty());
    random_ops(MapType::Stack, 0, 3, 1, MapFlags::empty());
    random_ops(MapType::BloomFilter, 0, 20, 1, MapFlags::ZERO_SEED);
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
    let cpus = machine.nr_cpu_ids();
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

#[test]
fn inner_maps_have_the_shape_that_the_kernel_demands() {
    let Some(machine) = setup() else { return };
    let cpus = machine.nr_cpu_ids();
    let kinds = [
        (MapType::Array, MapFlags::empty()),
        (MapType::Array, MapFlags::INNER_MAP),
        (MapType::PercpuArray, MapFlags::empty()),
        (MapType::Hash, MapFlags::empty()),
        (MapType::Hash, MapFlags::NO_PREALLOC),
        (MapType::PercpuHash, MapFlags::empty()),
        (MapType::LruHash, MapFlags::empty()),
        (MapType::StackTrace, MapFlags::empty()),
        (MapType::PerfEventArray, MapFlags::empty()),
        (MapType::Ringbuf, MapFlags::empty()),
    ];
    let defs: Vec<MapDef> = kinds
        .iter()
        .flat_map(|(kind, flags)| {
            let (key, value, entries) = match kind {
                MapType::Ringbuf => (0, 0, 4096),
                MapType::PerfEventArray => (4, 4, 2),
                _ => (4, 8, 2),
            };
            let def = |entries| MapDef::new("inner", *kind, key, value, entries).with_flags(*flags);
            [def(entries), def(2 * entries)]
        })
        .collect();
    let kernel_inner: Vec<KernelMap> =
        defs.iter().map(|def| KernelMap::create(def, None, cpus).unwrap()).collect();
    let our_inner: Vec<MapId> =
        defs.iter().map(|def| machine.create_map(def.clone()).unwrap()).collect();
    for (shape, kernel_shape) in defs.iter().zip(&kernel_inner) {
        let def = MapDef::new("outer", MapType::ArrayOfMaps, 4, 4, 1).with_inner(shape.clone());
        let kernel = KernelMap::create(&def, Some(kernel_shape), cpus).unwrap();
        let user = machine.user_side(machine.create_map(def).unwrap()).unwrap();
        for (inner, id) in kernel_inner.iter().zip(&our_inner) {
            let fd = std::os::fd::AsRawFd::as_raw_fd(&inner.fd).to_le_bytes();
            let we_say = ours(user.set_inner(&[0; 4], *id, 0));
            let inner = machine.map(*id).unwrap().def();
            assert_eq!(
                we_say,
                kernel.update(&[0; 4], &fd, 0),
                "{inner:?} where {shape:?} is wanted"
            );
        }
    }
}

#[test]
fn arrays_of_programs_do_as_the_kernels() {
    let Some(machine) = setup() else { return };
    // Socket filters, and one program of another type.
    let types = [ProgType::SocketFilter, ProgType::SocketFilter, ProgType::Xdp];
    let load =
        |prog_type: &ProgType| KernelProgram::load(*prog_type as u32, 0, &[mov(0, 0), EXIT]).ok();
    let Some(programs) = types.iter().map(load).collect::<Option<Vec<_>>>() else {
        skep_skip::skipped!("the kernel refuses to load programs");
        return;
    };
    let pair = Pair::new(&machine, MapDef::new("programs", MapType::ProgArray, 4, 4, 4));
    let slots = pair.user.map().prog_array().unwrap();
    // The first program decides whose array it is, on both sides.
    let mut rng = Rng(8);
    let mut which = 0;
    for step in 0..2000 {
        let index = rng.below(6) as u32;
        let key = index.to_le_bytes();
        if rng.below(2) == 0 {
            let fd = std::os::fd::AsRawFd::as_raw_fd(&programs[which].0).to_le_bytes();
            let we_say = ours(slots.set(index, ProgId(which as u32), types[which]));
            assert_eq!(
                we_say,
                pair.kernel.update(&key, &fd, 0),
                "step {step}: program {which} to {index}"
            );
            which = rng.below(3) as usize;
        } else {
            assert_eq!(ours(pair.user.delete(&key)), pair.kernel.delete(&key), "step {step}");
        }
        let there = |answer: Answer<Vec<u8>>| answer.map(drop);
        assert_eq!(
            there(ours(pair.user.lookup(&key, 0))),
            there(pair.kernel.lookup(&key, 0)),
            "step {step}"
        );
        assert_eq!(
            ours(pair.user.next_key(Some(&key))),
            pair.kernel.next_key(Some(&key)),
            "step {step}"
        );
    }
}

#[test]
fn full_lru_hashes_take_every_key_and_keep_the_newest() {
    let Some(machine) = setup() else { return };
    for (kind, flags) in [
        (MapType::LruHash, MapFlags::empty()),
        (MapType::LruPercpuHash, MapFlags::empty()),
        (MapType::LruHash, MapFlags::NO_COMMON_LRU),
    ] {
        let pair = Pair::new(&machine, MapDef::new("full", kind, 4, 8, 600).with_flags(flags));
        let value = vec![7; pair.user.value_size()];
        for key in 0..3000_u32 {
            let key = key.to_le_bytes();
            assert_eq!(
                (ours(pair.user.update(&key, &value, 0)), pair.kernel.update(&key, &value, 0)),
                (Ok(()), Ok(()))
            );
            assert_eq!(ours(pair.user.lookup(&key, 0)), pair.kernel.lookup(&key, 0), "{kind:?}");
        }
        let (kernel, machine) =
            (walk(|key| pair.kernel.next_key(key)).0, walk(|key| ours(pair.user.next_key(key))).0);
        println!(
            "{kind:?} {flags:?}: the kernel keeps {} of 600, the machine {}",
            kernel.len(),
            machine.len()
        );
        assert!(kernel.len() <= 600 && machine.len() <= 600);
    }
}
