//! Values of tasks, control groups, inodes, sockets.

use skep_abi::{Addr, Cpu, MapType, Pid, ProgType};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};
use skep_machine::map::{KeyType, MapFlags};
use skep_machine::{CgroupId, FailAlloc, MapDef, Width};

use crate::bench::{Bench, TID};

const ENOENT: u64 = -2i64 as u64;
const EBUSY: u64 = -16i64 as u64;
const EINVAL: u64 = -22i64 as u64;
const CREATE: u64 = 1;

/// Owners, as small as they may be.
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
    Btf::parse(&types.finish().unwrap()).unwrap()
}

/// A bench on which tasks, control groups and inodes are objects.
pub(super) fn owners() -> Bench {
    Bench::with(|builder| builder.btf(btf()))
}

fn map(bench: &Bench, kind: MapType) -> u64 {
    let def = MapDef::new("values", kind, 4, 8, 0);
    bench.map(def.with_flags(MapFlags::NO_PREALLOC).with_key_type(KeyType::Int)).addr().0
}

/// What the storage of all kinds of owners does alike.
fn alike(bench: &Bench, (get, delete): (&str, &str), kind: MapType, owner: u64) {
    let map = map(bench, kind);
    let get = |owner, value, flags| bench.call(get, [map, owner, value, flags]);
    let delete_of = |owner| bench.call(delete, [map, owner]);
    let word = |at| bench.machine.memory().load(Addr(at), Width::Dw).unwrap();
    bench.write(0, &77_u64.to_le_bytes());
    let initial = bench.at(0);
    assert_eq!((get(owner, 0, 0), get(owner, initial, 2), get(owner, initial, 3)), (0, 0, 0));
    assert_eq!((get(0, initial, CREATE), delete_of(0)), (0, EINVAL), "no owner");
    assert_eq!(delete_of(owner), ENOENT);
    let value = get(owner, initial, CREATE);
    assert_eq!(word(value), 77);
    assert_eq!((get(owner, 0, 0), get(owner, 0, CREATE)), (value, value));
    assert_eq!((delete_of(owner), delete_of(owner), get(owner, 0, 0)), (0, ENOENT, 0));
    let value = get(owner, 0, CREATE);
    assert_eq!(word(value), 0, "zeroes where no value is given");
    assert_eq!(delete_of(owner), 0);
    bench.machine.failslab().fail(FailAlloc::Nth(1));
    assert_eq!(get(owner, initial, CREATE), 0, "memory is short");
    assert_eq!(word(get(owner, initial, CREATE)), 77);
    assert!(bench.fault(delete, [map, bench.at(0)]).contains("is no"), "no owner at all");
    let other = bench.map(MapDef::new("array", MapType::Array, 4, 8, 1)).addr().0;
    assert!(bench.fault(delete, [other, owner]).contains("cannot take map `array`"));
}

const TASK: (&str, &str) = ("bpf_task_storage_get", "bpf_task_storage_delete");
const CGROUP: (&str, &str) = ("bpf_cgrp_storage_get", "bpf_cgrp_storage_delete");

#[test]
pub(super) fn a_task_has_a_value_once_it_is_asked_for() {
    let bench = owners();
    let task = bench.machine.tasks().object(TID);
    alike(&bench, TASK, MapType::TaskStorage, task.0);
    // A value is found after the task has ended, as long as this program runs, but none is made.
    let map = map(&bench, MapType::TaskStorage);
    let _running = bench.machine.cpu(Cpu(1)).unwrap().enter();
    assert_ne!(bench.call(TASK.0, [map, task.0, 0, CREATE]), 0);
    bench.machine.exit_task(TID);
    assert_eq!(bench.call(TASK.0, [map, task.0, 0, CREATE]), 0);
    assert_eq!(bench.call(TASK.1, [map, task.0]), ENOENT);
}

#[test]
fn a_program_that_interrupts_an_operation_on_storage_finds_but_makes_and_deletes_nothing() {
    let mut bench = owners();
    bench.machine.cgroups().create(CgroupId::ROOT, "hive").unwrap();
    let task = bench.machine.tasks().object(TID).0;
    let root = bench.machine.cgroups().object(CgroupId::ROOT).0;
    let (tasks, cgroups) = (map(&bench, MapType::TaskStorage), map(&bench, MapType::CgrpStorage));
    let other = bench.machine.tasks().object(Pid(5)).0;
    bench.call(TASK.0, [tasks, task, 0, CREATE]);
    bench.call(CGROUP.0, [cgroups, root, 0, CREATE]);
    let hold = |bench: &Bench, map: u64| {
        let storage = bench.machine.map_at(Addr(map)).unwrap().local_storage().unwrap();
        std::mem::forget(storage.try_lock(Cpu(1)).unwrap());
    };
    hold(&bench, tasks);
    assert_ne!(bench.call(TASK.0, [tasks, task, 0, CREATE]), 0);
    assert_eq!(bench.call(TASK.0, [tasks, other, 0, CREATE]), 0);
    assert_eq!(bench.call(TASK.1, [tasks, task]), EBUSY);
    assert_eq!(bench.call(TASK.1, [tasks, other]), ENOENT);
    assert_ne!(bench.call(CGROUP.0, [cgroups, root, 0, 0]), 0, "another kind");
    hold(&bench, cgroups);
    assert_eq!(bench.call(CGROUP.0, [cgroups, root, 0, 0]), 0);
    assert_eq!(bench.call(CGROUP.1, [cgroups, root]), EBUSY);
    // Programs that cannot interrupt one are not asked.
    bench.prog_type = ProgType::Lsm;
    assert_ne!(bench.call(TASK.0, [tasks, other, 0, CREATE]), 0);
    assert_eq!(bench.call(TASK.1, [tasks, task]), 0);
    bench.prog_type = ProgType::PerfEvent;
    bench.cpu = Cpu(0);
    assert_eq!(bench.call(TASK.1, [tasks, other]), 0, "another CPU");
}

#[test]
pub(super) fn a_control_group_has_a_value_until_it_goes() {
    let bench = owners();
    let cgroups = bench.machine.cgroups();
    let hive = cgroups.create(CgroupId::ROOT, "hive").unwrap();
    let held = cgroups.get_from_id(hive).unwrap().0;
    alike(&bench, CGROUP, MapType::CgrpStorage, held);
    let map = map(&bench, MapType::CgrpStorage);
    let value = bench.call(CGROUP.0, [map, held, 0, CREATE]);
    bench.machine.cgroup_rmdir(hive).unwrap();
    assert_eq!(bench.call(CGROUP.0, [map, held, 0, CREATE]), value, "it is still held");
    assert_eq!(bench.call(CGROUP.1, [map, held]), 0);
    assert_eq!(bench.call(CGROUP.0, [map, held, 0, CREATE]), 0, "nothing new for what was removed");
}

#[test]
pub(super) fn an_inode_has_a_value() {
    let bench = owners();
    let inode = bench.machine.inodes().open(11).0;
    let calls = ("bpf_inode_storage_get", "bpf_inode_storage_delete");
    alike(&bench, calls, MapType::InodeStorage, inode);
}

#[test]
pub(super) fn the_socket_of_a_packet_has_a_value() {
    let bench = owners();
    let packet = bench.machine.packets().skb(&[0; 64], true).unwrap();
    let sock = packet.companion().unwrap().addr(0).0;
    bench.machine.packets().insert(packet);
    let calls = ("bpf_sk_storage_get", "bpf_sk_storage_delete");
    alike(&bench, calls, MapType::SkStorage, sock);
}
