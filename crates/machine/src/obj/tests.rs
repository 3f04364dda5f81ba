//! Lists against a deque, trees against a sorted list and the rules of red-black trees, and who holds what.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use skep_abi::{Addr, Cpu, MapType};

use super::{End, ObjType, Objs, Side};
use crate::btf_record::{BtfField, BtfFieldKind as K};
use crate::{FailAlloc, Machine, MapDef, Width, spin_lock};

fn field(offset: u32, size: u32, kind: K) -> BtfField {
    BtfField { offset, size, kind }
}

const KEY: i64 = 0;
const LIST: i64 = 8;
const TREE: i64 = 32;
const COUNT: i64 = 64;

/// A number, a list node, a tree node; and where `counted`, a reference count.
fn node_type(counted: bool) -> Arc<ObjType> {
    let mut fields = vec![field(LIST as u32, 24, K::ListNode), field(TREE as u32, 32, K::RbNode)];
    if counted {
        fields.push(field(COUNT as u32, 4, K::Refcount));
    }
    Arc::new(ObjType { name: "node".to_owned(), size: 72, fields })
}

/// A machine and a value of a map that holds a list and a tree.
fn machine() -> (Machine, Addr) {
    let machine = Machine::builder().cpus(2).build().unwrap();
    let fields = vec![
        field(0, 4, K::SpinLock),
        field(8, 16, K::ListHead),
        field(24, 16, K::RbRoot),
        field(40, 8, K::KptrLocal),
    ];
    let def = MapDef::new("m", MapType::Array, 4, 48, 1).with_fields(fields);
    let id = machine.create_map(def).unwrap();
    let value = machine.map(id).unwrap().lookup(Cpu(0), &[0; 4]).unwrap();
    (machine, value)
}

fn new(machine: &Machine, ty: &Arc<ObjType>, key: u64) -> Addr {
    let object = machine.objs().alloc(ty).unwrap().unwrap();
    machine.memory().store(object.offset(KEY), Width::Dw, key).unwrap();
    object
}

fn key(machine: &Machine, object: Addr) -> u64 {
    machine.memory().load(object.offset(KEY), Width::Dw).unwrap()
}

/// Inserts as a program does, whose callback compares keys.
fn insert(machine: &Machine, root: Addr, object: Addr) {
    let (objs, mut below) = (machine.objs(), None);
    let mut at = objs.rb_root(root).unwrap();
    while let Some(parent) = at {
        let other = parent.offset(-TREE);
        let less = key(machine, object) < key(machine, other);
        let side = if less { Side::Left } else { Side::Right };
        below = Some((parent, side));
        at = objs.rb_child(root, parent, side).unwrap();
    }
    objs.rb_insert(root, object.offset(TREE), below).unwrap();
}

/// Black nodes on each way down; none where a rule is broken.
fn black_height(objs: &Objs, root: Addr, node: Option<Addr>, parent: Addr) -> Option<u32> {
    let Some(node) = node else { return Some(1) };
    let word = objs.get(node).unwrap();
    let is_red = |word: u64| word & 1 == 0;
    let parent_word = if parent.is_null() { 1 } else { objs.get(parent).unwrap() };
    if word & !1 != parent.0 || is_red(word) && is_red(parent_word) {
        return None;
    }
    let child = |side| objs.rb_child(root, node, side).unwrap();
    let left = black_height(objs, root, child(Side::Left), node)?;
    let right = black_height(objs, root, child(Side::Right), node)?;
    (left == right).then_some(left + u32::from(!is_red(word)))
}

proptest! {
    #[test]
    fn lists_are_deques(steps in prop::collection::vec((0..4_u8, any::<u64>()), 0..200)) {
        let (machine, value) = machine();
        let (ty, head, objs) = (node_type(false), value.offset(8), machine.objs());
        let mut model = VecDeque::new();
        for (step, number) in steps {
            let end = if step % 2 == 0 { End::Front } else { End::Back };
            let ends = (model.front().copied(), model.back().copied());
            let found = [End::Front, End::Back].map(|end| {
                let node = objs.list_end(head, end).unwrap()?;
                Some(key(&machine, node.offset(-LIST)))
            });
            prop_assert_eq!((found[0], found[1]), ends);
            if step < 2 {
                let object = new(&machine, &ty, number);
                prop_assert!(objs.list_add(head, object.offset(LIST), end).unwrap());
                prop_assert!(!objs.list_add(head, object.offset(LIST), end).unwrap());
                match end {
                    End::Front => model.push_front(number),
                    End::Back => model.push_back(number),
                }
                continue;
            }
            let popped = objs.list_del(head, end).unwrap();
            let expected = match end {
                End::Front => model.pop_front(),
                End::Back => model.pop_back(),
            };
            prop_assert_eq!(popped.map(|node| key(&machine, node.offset(-LIST))), expected);
            popped.into_iter().for_each(|node| machine.obj_drop(node.offset(-LIST)).unwrap());
        }
        prop_assert_eq!(machine.held_objects().len(), model.len());
    }

    #[test]
    fn trees_are_sorted_and_keep_the_rules(steps in prop::collection::vec(any::<(u8, u8)>(), 0..300)) {
        let (machine, value) = machine();
        let (ty, root, objs) = (node_type(false), value.offset(24), machine.objs());
        let mut model: Vec<Addr> = Vec::new();
        for (step, number) in steps {
            if step % 3 != 0 || model.is_empty() {
                let object = new(&machine, &ty, number.into());
                prop_assert!(objs.rb_is_free(object.offset(TREE)).unwrap());
                insert(&machine, root, object);
                prop_assert!(!objs.rb_is_free(object.offset(TREE)).unwrap());
                let after = model.partition_point(|other| key(&machine, *other) <= number.into());
                model.insert(after, object);
            } else {
                let object = model.remove(usize::from(number) % model.len());
                prop_assert!(objs.rb_remove(root, object.offset(TREE)).unwrap());
                prop_assert!(!objs.rb_remove(root, object.offset(TREE)).unwrap());
                machine.obj_drop(object).unwrap();
            }
            prop_assert_eq!(&objs.linked(&K::RbRoot, root), &model);
            let first = objs.rb_first(root).unwrap().map(|node| node.offset(-TREE));
            prop_assert_eq!(first, model.first().copied());
            let top = objs.rb_root(root).unwrap();
            prop_assert!(black_height(objs, root, top, Addr::NULL).is_some());
        }
    }
}

#[test]
fn an_object_lives_as_long_as_something_holds_it() {
    let (machine, value) = machine();
    let (ty, objs) = (node_type(true), machine.objs());
    let object = new(&machine, &ty, 7);
    assert!(objs.refcount_acquire(object).unwrap());
    assert!(objs.list_add(value.offset(8), object.offset(LIST), End::Back).unwrap());
    insert(&machine, value.offset(24), object);
    let held = machine.held_objects();
    assert_eq!((held.len(), held[0].references, held[0].holders.len()), (1, 2, 2));
    assert_eq!((held[0].leaked(), held[0].name.starts_with("node #")), (0, true), "{held:?}");

    assert_eq!(objs.list_del(value.offset(8), End::Front).unwrap(), Some(object.offset(LIST)));
    assert_eq!(machine.leaked_objects().len(), 1);
    machine.obj_drop(object).unwrap();
    assert_eq!(key(&machine, object), 7, "the tree holds it still");
    assert!(objs.rb_remove(value.offset(24), object.offset(TREE)).unwrap());
    machine.obj_drop(object).unwrap();
    let fault = machine.memory().load(object, Width::Dw).unwrap_err().to_string();
    assert!(fault.contains("is no longer alive"), "{fault}");
    assert!(machine.obj_drop(object).is_err() && objs.refcount_acquire(object).is_err());
}

#[test]
fn what_goes_gives_up_what_it_holds() {
    let (machine, value) = machine();
    let objs = machine.objs();
    let leaf = node_type(false);
    let fields =
        vec![field(0, 8, K::KptrLocal), field(8, 4, K::SpinLock), field(16, 16, K::ListHead)];
    let branch = Arc::new(ObjType { name: "branch".to_owned(), size: 32, fields });
    let mut below = Addr::NULL;
    // Deeper than a stack of calls would go.
    for _ in 0..200_000 {
        let object = objs.alloc(&branch).unwrap().unwrap();
        machine.kptr_xchg(object, below).unwrap();
        below = object;
    }
    for number in 0..3 {
        let node = new(&machine, &leaf, number).offset(LIST);
        assert!(objs.list_add(below.offset(16), node, End::Back).unwrap());
    }
    machine.kptr_xchg(value.offset(40), below).unwrap();
    assert_eq!(machine.held_objects().len(), 200_003);
    assert!(machine.leaked_objects().is_empty());
    let old = machine.kptr_xchg(value.offset(40), Addr::NULL).unwrap();
    machine.obj_drop(old).unwrap();
    assert_eq!(machine.held_objects(), []);
    assert_eq!(machine.kptr_faults(), []);
}

#[test]
fn a_map_that_goes_drops_its_lists_and_trees() {
    let (machine, value) = machine();
    let (ty, objs) = (node_type(false), machine.objs());
    for number in 0..100 {
        insert(&machine, value.offset(24), new(&machine, &ty, number * 37 % 100));
        let node = new(&machine, &ty, number).offset(LIST);
        assert!(objs.list_add(value.offset(8), node, End::Front).unwrap());
    }
    assert_eq!((machine.held_objects().len(), machine.leaked_objects().len()), (200, 0));
    machine.maps().for_each(|map| map.free_fields());
    assert_eq!(machine.held_objects(), []);
}

#[test]
fn what_a_list_holds_is_taken_under_its_lock() {
    let (machine, value) = machine();
    let node = new(&machine, &node_type(false), 1).offset(LIST);
    assert!(machine.objs().list_add(value.offset(8), node, End::Front).unwrap());
    spin_lock::lock(machine.memory(), value).unwrap();
    std::thread::scope(|scope| {
        let freeing = scope.spawn(|| machine.maps().for_each(|map| map.free_fields()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(!freeing.is_finished(), "somebody has the lock");
        assert_eq!(machine.held_objects().len(), 1);
        assert!(spin_lock::unlock(machine.memory(), value).unwrap());
    });
    assert_eq!(machine.held_objects(), []);
    assert!(!spin_lock::unlock(machine.memory(), value).unwrap(), "it was given up");
}

#[test]
fn allocations_fail_where_the_user_says_so() {
    let (machine, _) = machine();
    machine.failslab().fail(FailAlloc::Nth(2));
    let made = [0; 3].map(|_| machine.objs().alloc(&node_type(false)).unwrap().is_some());
    assert_eq!(made, [true, false, true]);
}

#[test]
fn each_cpu_has_its_own_variable_of_a_per_cpu_object() {
    let (machine, _) = machine();
    let ty = Arc::new(ObjType { name: "cells".to_owned(), size: 12, fields: Vec::new() });
    let ptr = machine.objs().alloc_percpu(&ty).unwrap().unwrap();
    let at = |cpu| machine.per_cpu_ptr(ptr, cpu).unwrap();
    for cpu in 0..2 {
        machine.memory().store(at(cpu).unwrap(), Width::Dw, u64::from(cpu) + 1).unwrap();
    }
    let seen = [0, 1].map(|cpu| machine.memory().load(at(cpu).unwrap(), Width::Dw).unwrap());
    assert_eq!((seen, at(2), at(u32::MAX)), ([1, 2], None, None));
    let fault = machine.memory().load(at(0).unwrap().offset(12), Width::W).unwrap_err();
    assert!(fault.to_string().contains("space between the variables"), "{fault}");
    machine.obj_drop(ptr).unwrap();
    assert!(machine.per_cpu_ptr(ptr, 0).is_err());
}
