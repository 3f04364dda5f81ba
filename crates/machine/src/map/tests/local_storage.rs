//! Values of kernel objects.

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, MapType, Pid};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};

use super::word;
use crate::map::{KeyType, LocalStorage, MapFlags, UserSide};
use crate::{BtfField, BtfFieldKind, CgroupId, FailAlloc, Machine, MapDef, Task, Width};

const KINDS: [MapType; 4] =
    [MapType::TaskStorage, MapType::CgrpStorage, MapType::InodeStorage, MapType::SkStorage];

/// Structs as small as they may be, so that owners are objects.
fn btf() -> Btf {
    let mut types = BtfBuilder::new();
    let mut push = |def: &TypeDef| types.push(def).unwrap();
    let int = |name: &str, size: u32| {
        let (is_signed, is_char, is_bool) = (true, false, false);
        let (name, bits) = (name.to_owned(), 8 * size);
        TypeDef::Int { name, size, bits, offset: 0, is_signed, is_char, is_bool }
    };
    let strukt =
        |name: &str, size, members| TypeDef::Struct { name: name.to_owned(), size, members };
    let (word, number) = (push(&int("long", 8)), push(&int("int", 4)));
    let ids = vec![MemberDef::at("pid", number, 0), MemberDef::at("tgid", number, 4)];
    push(&strukt("task_struct", 128, ids));
    push(&strukt("cgroup", 128, vec![MemberDef::at("level", number, 0)]));
    push(&strukt("inode", 128, vec![MemberDef::at("i_ino", word, 0)]));
    let bits = push(&TypeDef::Array { element: word, index: number, len: 1 });
    let mask = push(&strukt("cpumask", 8, vec![MemberDef::at("bits", bits, 0)]));
    let atomic = push(&strukt("", 4, vec![MemberDef::at("counter", number, 0)]));
    let usage = push(&strukt("refcount_struct", 4, vec![MemberDef::at("refs", atomic, 0)]));
    let members = vec![MemberDef::at("cpumask", mask, 0), MemberDef::at("usage", usage, 8)];
    push(&strukt("bpf_cpumask", 16, members));
    Btf::parse(&types.finish().unwrap()).unwrap()
}

fn machine() -> Machine {
    let machine = Machine::builder().cpus(4).btf(btf()).build().unwrap();
    for tid in [7, 8] {
        machine.tasks().insert(Task::new(Pid(tid), Pid(tid), "bee"));
    }
    machine
}

fn def(kind: MapType) -> MapDef {
    MapDef::new("m", kind, 4, 16, 0).with_flags(MapFlags::NO_PREALLOC).with_key_type(KeyType::Int)
}

fn storage<'m>(machine: &'m Machine, def: MapDef) -> (&'m LocalStorage, UserSide<'m>) {
    let id = machine.create_map(def).unwrap();
    (machine.map(id).unwrap().local_storage().unwrap(), machine.user_side(id).unwrap())
}

/// A mask in a field at offset 8.
fn with_mask(kind: MapType) -> MapDef {
    let kptr = BtfFieldKind::Kptr { strukt: "bpf_cpumask".to_owned() };
    def(kind).with_fields(vec![BtfField { offset: 8, size: 8, kind: kptr }])
}

fn key(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

#[test]
fn what_the_kernel_refuses_is_refused_with_its_number() {
    let machine = machine();
    for kind in KINDS {
        let errno = |def: MapDef| machine.create_map(def).err().map(|error| error.errno);
        let with = |change: &dyn Fn(&mut MapDef)| {
            let mut changed = def(kind);
            change(&mut changed);
            errno(changed)
        };
        assert_eq!(errno(def(kind)), None);
        assert_eq!(with(&|def| def.flags |= MapFlags::CLONE), None);
        assert_eq!(with(&|def| def.value_size = 65_407), None);
        assert_eq!(with(&|def| def.value_size = 65_408), Some(Errno::E2BIG));
        let invalid = Some(Errno::EINVAL);
        for flag in [
            MapFlags::NUMA_NODE,
            MapFlags::RDONLY,
            MapFlags::RDONLY_PROG,
            MapFlags::ZERO_SEED,
            MapFlags::MMAPABLE,
        ] {
            assert_eq!(with(&|def| def.flags |= flag), invalid, "{kind:?} {flag:?}");
        }
        assert_eq!(with(&|def| def.flags = MapFlags::empty()), invalid);
        assert_eq!(with(&|def| def.max_entries = 1), invalid);
        assert_eq!(with(&|def| def.key_size = 8), invalid);
        assert_eq!(with(&|def| def.value_size = 0), invalid);
        assert_eq!(with(&|def| def.map_extra = 1), invalid);
        assert_eq!(with(&|def| def.key_type = KeyType::None), invalid);
        assert_eq!(with(&|def| def.key_type = KeyType::Other), invalid);
        let untyped = |def: &mut MapDef| (def.value_size, def.key_type) = (70_000, KeyType::None);
        assert_eq!(with(&untyped), invalid, "types are asked for before the size");
    }
}

#[test]
fn user_space_makes_replaces_and_deletes_values_as_on_6_18() {
    let machine = machine();
    let lock = BtfField { offset: 0, size: 4, kind: BtfFieldKind::SpinLock };
    let (_, plain) = storage(&machine, def(MapType::TaskStorage));
    let (_, locked) = storage(&machine, def(MapType::TaskStorage).with_fields(vec![lock]));
    let value = [[7; 8], [8; 8]].concat();
    for user in [plain, locked] {
        assert_eq!(user.lookup(&key(7), 0), Err(Errno::ENOENT));
        assert_eq!(user.delete(&key(7)), Err(Errno::ENOENT));
        assert_eq!(user.update(&key(7), &value, 2), Err(Errno::ENOENT));
        assert_eq!(user.update(&key(7), &value, 1), Ok(()));
        assert_eq!(user.update(&key(7), &value, 1), Err(Errno::EEXIST));
        for flags in [0, 2] {
            assert_eq!(user.update(&key(7), &value, flags), Ok(()));
        }
        for flags in [3, 8, 1 << 32] {
            assert_eq!(user.update(&key(7), &value, flags), Err(Errno::EINVAL));
        }
        for call in [
            user.lookup(&key(99), 0).map(drop),
            user.update(&key(99), &value, 0),
            user.update(&key(99), &value, 3),
            user.delete(&key(99)),
        ] {
            assert_eq!(call, Err(Errno::EBADF), "no such task");
        }
        assert_eq!(user.next_key(None), Err(Errno::ENOTSUPP));
        assert_eq!(user.take(&key(7), 0), Err(Errno::ENOTSUPP));
        assert_eq!(user.lookup(&key(7), 1), Err(Errno::EINVAL));
    }
    for flags in [4, 5, 6] {
        assert_eq!(plain.update(&key(7), &value, flags), Err(Errno::EINVAL), "no lock");
    }
    assert_eq!(plain.lookup(&key(7), 4), Err(Errno::EINVAL));
    assert_eq!(plain.lookup(&key(7), 0), Ok(value.clone()));
    let hidden = [[0, 0, 0, 0, 7, 7, 7, 7], [8; 8]].concat();
    assert_eq!(locked.lookup(&key(7), 4), Ok(hidden));
    assert_eq!(locked.update(&key(7), &value, 5), Err(Errno::EEXIST));
    assert_eq!(locked.update(&key(7), &value, 6), Ok(()));
    assert_eq!(locked.delete(&key(7)), Ok(()));
    assert_eq!(locked.update(&key(7), &value, 6), Err(Errno::ENOENT));
    assert_eq!(locked.update(&key(7), &value, 4), Ok(()));
    assert_eq!(locked.freeze(), Err(Errno::ENOTSUPP), "values have special fields");
    assert_eq!((plain.freeze(), plain.freeze()), (Ok(()), Err(Errno::EPERM)));
    assert_eq!(plain.delete(&key(7)), Err(Errno::EPERM));
    assert_eq!(plain.entries(), [(key(7).to_vec(), value)]);
}

#[test]
fn each_owner_has_one_value_in_each_map() {
    let machine = machine();
    let [first, second] = [(); 2].map(|()| storage(&machine, def(MapType::TaskStorage)).0);
    let [seven, eight] = [7, 8].map(|tid| machine.tasks().object(Pid(tid)));
    let value = first.create(seven, Some(&[9; 16])).unwrap();
    assert_eq!(first.lookup(seven), Some(value));
    assert_eq!(first.create(seven, None), None, "another CPU was faster");
    assert_eq!((first.lookup(eight), second.lookup(seven)), (None, None));
    let other = second.create(seven, None).unwrap();
    assert_eq!((word(&machine, value), word(&machine, other)), (0x0909_0909_0909_0909, 0));
    let fault = machine.memory().load(value.offset(12), Width::Dw).unwrap_err().to_string();
    let of = "the value of map `m` for the task_struct of task 7 (bee)";
    assert!(fault.contains(of), "{fault}");
    assert_eq!((first.delete(seven), first.delete(seven)), (Ok(()), Err(Errno::ENOENT)));
    assert_eq!((first.lookup(seven), second.lookup(seven)), (None, Some(other)));
    machine.failslab().fail(FailAlloc::Always);
    assert_eq!(first.create(seven, None), None);
}

#[test]
fn values_go_with_their_owners() {
    let machine = machine();
    let of = |kind| storage(&machine, def(kind));
    let (tasks, user) = of(MapType::TaskStorage);
    let task = machine.tasks().object(Pid(7));
    tasks.create(task, None).unwrap();
    machine.exit_task(Pid(7));
    assert_eq!((tasks.lookup(task), user.entries().len()), (None, 0));
    assert_eq!(user.update(&key(7), &[0; 16], 0), Err(Errno::ENOENT), "it has ended");
    // The number is another task's, and so is the object.
    machine.tasks().insert(Task::new(Pid(7), Pid(7), "wasp"));
    assert_eq!(user.lookup(&key(7), 0), Err(Errno::ENOENT));
    assert_eq!(user.update(&key(7), &[1; 16], 0), Ok(()));

    let (cgroups, user) = of(MapType::CgrpStorage);
    let id = machine.cgroups().create(CgroupId::ROOT, "hive").unwrap();
    let number = u32::try_from(id.0).unwrap();
    assert_eq!(user.update(&key(number), &[2; 16], 0), Ok(()));
    let object = machine.cgroups().object(id);
    assert!(cgroups.lookup(object).is_some());
    assert_eq!(user.entries()[0].0, key(number));
    machine.cgroup_rmdir(id).unwrap();
    assert_eq!((cgroups.lookup(object), user.lookup(&key(number), 0)), (None, Err(Errno::EBADF)));

    let (inodes, user) = of(MapType::InodeStorage);
    let inode = machine.inodes().open(11);
    assert_eq!(user.update(&key(12), &[3; 16], 0), Err(Errno::EBADF));
    assert_eq!(user.update(&key(11), &[3; 16], 0), Ok(()));
    assert!(inodes.lookup(inode).is_some());
    machine.inodes().evict(11);
    assert_eq!(inodes.lookup(inode), None);

    let (sockets, user) = of(MapType::SkStorage);
    let packet = machine.packets().skb(&[0; 64], true).unwrap();
    let sock = packet.companion().unwrap().addr(0);
    let at = machine.packets().insert(packet);
    assert!(machine.packets().socket(sock).is_ok());
    sockets.create(sock, None).unwrap();
    let packet = machine.packets().remove(at).unwrap();
    machine.packets().free(packet);
    assert_eq!((sockets.lookup(sock), user.lookup(&key(3), 0)), (None, Err(Errno::EBADF)));
}

/// A mask with a reference that `keep` holds and one in the value of an owner; its address.
fn fill(machine: &Machine, storage: &LocalStorage, owner: Addr) -> Addr {
    let value = storage.lookup(owner).or_else(|| storage.create(owner, None)).unwrap();
    let mask = machine.cpumasks().create().unwrap().unwrap();
    machine.cpumasks().acquire(mask).unwrap();
    assert_eq!(machine.kptr_xchg(value.offset(8), mask), Ok(Addr::NULL));
    mask
}

/// References to a mask.
fn references(machine: &Machine, mask: Addr) -> u64 {
    let held = machine.held_objects();
    held.iter().find(|object| object.addr == mask).map_or(0, |object| object.references)
}

#[test]
fn masks_are_given_up_with_the_value_when_no_program_can_have_it() {
    let machine = machine();
    let (tasks, user) = storage(&machine, with_mask(MapType::TaskStorage));
    let task = machine.tasks().object(Pid(7));
    let program = || machine.cpu(Cpu(3)).unwrap().enter().unwrap();
    let actions: [(&str, &dyn Fn()); 4] = [
        ("deleted", &|| tasks.delete(task).unwrap()),
        ("deleted by user space", &|| user.delete(&key(7)).unwrap()),
        ("replaced", &|| user.update(&key(7), &[1; 16], 0).unwrap()),
        ("ended", &|| machine.exit_task(Pid(7))),
    ];
    for (what, act) in actions {
        let mask = fill(&machine, tasks, task);
        let value = tasks.lookup(task).unwrap();
        assert_eq!(references(&machine, mask), 2);
        let running = program();
        act();
        assert_eq!(references(&machine, mask), 2, "{what} while a program runs");
        assert!(machine.memory().load(value.offset(8), Width::Dw).is_ok(), "{what}");
        drop(running);
        assert_eq!(references(&machine, mask), 1, "{what}");
        assert!(machine.memory().load(value.offset(8), Width::Dw).is_err(), "{what}");
        if what == "replaced" {
            tasks.delete(task).unwrap();
        }
    }
    assert_eq!(machine.kptr_faults(), []);
}

#[test]
fn freeing_a_map_gives_up_its_masks_and_leaves_other_maps_alone() {
    let machine = machine();
    let [first, second] = [(); 2].map(|()| {
        let id = machine.create_map(with_mask(MapType::CgrpStorage)).unwrap();
        machine.map(id).unwrap()
    });
    let root = machine.cgroups().object(CgroupId::ROOT);
    let [one, two] = [first, second].map(|map| fill(&machine, map.local_storage().unwrap(), root));
    let holders: Vec<_> = machine.held_objects().iter().map(|held| held.holders.len()).collect();
    assert_eq!((holders, machine.leaked_objects().len()), (vec![1, 1], 2));
    first.free_fields();
    assert_eq!((references(&machine, one), references(&machine, two)), (1, 2));
    assert!(first.local_storage().unwrap().lookup(root).is_none());
    assert!(second.local_storage().unwrap().lookup(root).is_some());
}

#[test]
fn a_cpu_has_one_operation_under_way() {
    let machine = machine();
    let (tasks, _) = storage(&machine, def(MapType::TaskStorage));
    let (cgroups, _) = storage(&machine, def(MapType::CgrpStorage));
    let held = tasks.try_lock(Cpu(1));
    assert!(held.is_some());
    assert!((0..2).all(|_| tasks.try_lock(Cpu(1)).is_none()), "nor the next one");
    assert!(tasks.try_lock(Cpu(0)).is_some() && cgroups.try_lock(Cpu(1)).is_some());
    drop(held);
    assert!(tasks.try_lock(Cpu(1)).is_some());
}

#[test]
fn cpus_that_race_for_the_same_owner_agree_on_one_value() {
    let machine = Arc::new(machine());
    let (tasks, _) = storage(&machine, with_mask(MapType::TaskStorage));
    let owner = machine.tasks().object(Pid(8));
    for _ in 0..200 {
        let made = std::thread::scope(|scope| {
            let made = (0..4).map(|cpu| {
                let machine = Arc::clone(&machine);
                scope.spawn(move || {
                    let _running = machine.cpu(Cpu(cpu)).unwrap().enter().unwrap();
                    tasks.create(owner, None)
                })
            });
            let made: Vec<_> = made.collect();
            made.into_iter().filter_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(made.len(), 1);
        assert_eq!(tasks.lookup(owner), Some(made[0]));
        tasks.delete(owner).unwrap();
    }
}
