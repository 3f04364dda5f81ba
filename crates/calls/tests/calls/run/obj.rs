//! Objects of programs' own types, lists and trees of them, variables of each CPU.

use std::sync::Arc;

use skep_abi::{Addr, MapType};
use skep_machine::memory::{Label, Owner, SlabSpec, Window};
use skep_machine::{BtfField, BtfFieldKind as K, MapDef, ObjType, Width};

use crate::bench::{Bench, CALLBACK};

const TYPE: u64 = 12;
const EINVAL: u64 = -22_i64 as u64;

/// Places in an object: a number, a node of a list, one of a tree, a count of references.
const LIST: u64 = 8;
const TREE: u64 = 32;

/// A bench whose program may allocate such objects, and the value of a map with a list and a tree.
fn bench() -> (Bench, u64) {
    let field = |offset, size, kind| BtfField { offset, size, kind };
    let fields =
        vec![field(8, 24, K::ListNode), field(32, 32, K::RbNode), field(64, 4, K::Refcount)];
    let mut bench = Bench::new();
    let ty = ObjType { name: "node".to_owned(), size: 72, fields };
    bench.obj_types.insert(TYPE, Arc::new(ty));
    let fields =
        vec![field(0, 4, K::SpinLock), field(8, 16, K::ListHead), field(24, 16, K::RbRoot)];
    let def = MapDef::new("m", MapType::Array, 4, 40, 1).with_fields(fields);
    let value = bench.map(def).value_addr(0).unwrap().0;
    (bench, value)
}

fn new(bench: &Bench, number: u64) -> u64 {
    let object = bench.call("bpf_obj_new", [TYPE]);
    bench.machine.memory().store(Addr(object), Width::Dw, number).unwrap();
    object
}

fn number(bench: &Bench, object: u64) -> u64 {
    bench.machine.memory().load(Addr(object), Width::Dw).unwrap()
}

fn alive(bench: &Bench) -> usize {
    bench.machine.held_objects().len()
}

#[test]
pub(super) fn objects_are_made_held_and_given_up() {
    let (bench, _) = bench();
    let object = new(&bench, 5);
    assert_eq!(bench.call("bpf_refcount_acquire", [object]), object);
    bench.call("bpf_obj_drop", [object]);
    assert_eq!((alive(&bench), number(&bench, object)), (1, 5));
    bench.call("bpf_obj_drop", [object]);
    assert_eq!(alive(&bench), 0);
    for wrong in [0, object, bench.at(0)] {
        assert!(bench.fault("bpf_obj_drop", [wrong]).contains("is no object of bpf_obj_new"));
    }
    let no_type = bench.fault("bpf_obj_new", [13]);
    assert!(no_type.contains("type 13 of the program's BTF is no struct"), "{no_type}");
}

#[test]
pub(super) fn lists_have_two_ends() {
    let (bench, value) = bench();
    let head = value + 8;
    let call = |name: &str| bench.call(name, [head]);
    for name in ["bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back"] {
        assert_eq!(call(name), 0, "{name}");
    }
    let [one, two, three] = [1, 2, 3].map(|number| new(&bench, number));
    assert_eq!(bench.call("bpf_list_push_front", [head, two + LIST]), 0);
    assert_eq!(bench.call("bpf_list_push_front", [head, one + LIST]), 0);
    assert_eq!(bench.call("bpf_list_push_back", [head, three + LIST]), 0);
    assert_eq!((call("bpf_list_front"), call("bpf_list_back")), (one + LIST, three + LIST));
    // A second time, by another reference, which goes.
    assert_eq!(bench.call("bpf_refcount_acquire", [two]), two);
    assert_eq!(bench.call("bpf_list_push_back", [head, two + LIST]), EINVAL);
    assert_eq!(bench.machine.leaked_objects(), []);
    assert_eq!(call("bpf_list_pop_back"), three + LIST);
    assert_eq!(call("bpf_list_pop_front"), one + LIST);
    assert_eq!((call("bpf_list_front"), call("bpf_list_back")), (two + LIST, two + LIST));
    assert_eq!(call("bpf_list_pop_front"), two + LIST);
    assert_eq!(call("bpf_list_pop_front"), 0);
    for object in [one, two, three] {
        bench.call("bpf_obj_drop", [object]);
    }
    assert_eq!(alive(&bench), 0);
    let wrong = bench.fault("bpf_list_push_front", [head, bench.at(0)]);
    assert!(wrong.contains("is no object of bpf_obj_new"), "{wrong}");
}

#[test]
pub(super) fn trees_are_sorted_by_the_callback() {
    let (bench, value) = bench();
    let root = value + 24;
    let add = |object: u64| {
        let args = [root, object + TREE, CALLBACK, 0, 0];
        let mut less = |args: [u64; 5]| {
            let [a, b] = [args[0], args[1]].map(|node| number(&bench, node - TREE));
            Ok(u64::from(a < b))
        };
        bench.try_call_with("bpf_rbtree_add", args, &mut less).unwrap()
    };
    assert_eq!(bench.call("bpf_rbtree_first", [root]), 0);
    assert_eq!(bench.call("bpf_rbtree_root", [root]), 0);
    let objects = [1, 2, 3].map(|number| new(&bench, number));
    objects.iter().for_each(|object| assert_eq!(add(*object), 0));
    let [one, two, three] = objects.map(|object| object + TREE);
    assert_eq!(bench.call("bpf_rbtree_first", [root]), one);
    assert_eq!(bench.call("bpf_rbtree_root", [root]), two, "the tree is balanced");
    assert_eq!(bench.call("bpf_rbtree_left", [root, two]), one);
    assert_eq!(bench.call("bpf_rbtree_right", [root, two]), three);
    assert_eq!(bench.call("bpf_rbtree_left", [root, one]), 0);
    assert_eq!(bench.call("bpf_rbtree_left", [root + 64, two]), 0, "of another tree");
    assert_eq!(bench.call("bpf_refcount_acquire", [objects[0]]), objects[0]);
    assert_eq!(add(objects[0]), EINVAL);
    assert_eq!(bench.call("bpf_rbtree_remove", [root, one]), one);
    assert_eq!(bench.call("bpf_rbtree_remove", [root, one]), 0);
    assert_eq!(bench.call("bpf_rbtree_first", [root]), two);
    bench.call("bpf_obj_drop", [objects[0]]);
    assert_eq!((alive(&bench), bench.machine.leaked_objects().len()), (2, 0));
}

#[test]
pub(super) fn each_cpu_has_a_variable() {
    let (bench, _) = bench();
    let ptr = bench.call("bpf_percpu_obj_new", [TYPE]);
    let on = |cpu| bench.call("bpf_per_cpu_ptr", [ptr, cpu]);
    assert!(on(0) != 0 && on(1) != 0 && on(0) != on(1));
    assert_eq!((on(2), on(1 << 32), on(u64::MAX)), (0, on(0), 0), "a number of 32 bits");
    assert_eq!(bench.call("bpf_this_cpu_ptr", [ptr]), on(1), "the program runs on CPU 1");
    bench.call("bpf_percpu_obj_drop", [ptr]);
    assert!(bench.fault("bpf_this_cpu_ptr", [ptr]).contains("is no per-CPU pointer"));

    let mut spec = SlabSpec::new(Window::Objects, 8, 2, Label::new("runqueues", ""));
    spec.owner = Owner::Percpu;
    let slab = bench.machine.memory().alloc(&spec).unwrap();
    let var = slab.addr(0).0;
    let on = |cpu| bench.call("bpf_per_cpu_ptr", [var, cpu]);
    assert_eq!((on(0), on(1), on(2)), (var, slab.addr(1).0, 0));
    assert_eq!(bench.call("bpf_this_cpu_ptr", [var]), slab.addr(1).0);
}
