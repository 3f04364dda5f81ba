//! Reduction of a small kernel, made by hand.

use skep_btf::{Btf, BtfBuilder, Kind, MemberDef, ParamDef, Type, TypeDef, TypeId};

use super::closure::{Closure, Kept};
use super::reduce::{self, Reduced};
use super::seed;

/// `struct root { struct part part; struct far *far; struct { int x; } *nameless; }`, and others.
fn kernel() -> Btf {
    let mut builder = BtfBuilder::new();
    let mut push = |def: TypeDef| builder.push(&def).unwrap();
    let composite =
        |name: &str, size, members| TypeDef::Struct { name: name.to_owned(), size, members };
    let int = push(TypeDef::int("int", 4, true));
    let part = push(composite("part", 4, vec![MemberDef::at("x", int, 0)]));
    let deep = push(composite("deep", 4, vec![MemberDef::at("x", int, 0)]));
    let far = push(composite("far", 4, vec![MemberDef::at("deep", deep, 0)]));
    let far_ptr = push(TypeDef::Ptr { target: far });
    let nameless = push(composite("", 4, vec![MemberDef::at("x", int, 0)]));
    let nameless_ptr = push(TypeDef::Ptr { target: nameless });
    let members = vec![
        MemberDef::at("part", part, 0),
        MemberDef::at("far", far_ptr, 8),
        MemberDef::at("nameless", nameless_ptr, 16),
    ];
    let root = push(composite("root", 24, members));
    push(composite("part", 8, vec![MemberDef::at("y", int, 4)]));
    let params = vec![ParamDef { name: "far".to_owned(), ty: far_ptr }];
    let proto = push(TypeDef::FuncProto { ret: int, params });
    let linkage = skep_btf::Linkage::Static;
    let kfunc = push(TypeDef::Func { name: "some_kfunc".to_owned(), proto, linkage });
    push(TypeDef::Func { name: "other".to_owned(), proto, linkage });
    push(TypeDef::DeclTag { value: "bpf_kfunc".to_owned(), target: kfunc, component: None });
    push(TypeDef::DeclTag { value: "lost".to_owned(), target: far, component: None });
    let held = push(TypeDef::Var { name: "held".to_owned(), target: root, linkage });
    let lost = push(TypeDef::Var { name: "lost".to_owned(), target: far, linkage });
    let vars = [held, lost].map(|ty| skep_btf::SecVar { ty, offset: 0, size: 4 }).to_vec();
    push(TypeDef::DataSec { name: ".data..percpu".to_owned(), size: 8, vars });
    Btf::parse(&builder.finish().unwrap()).unwrap()
}

fn reduced(btf: &Btf) -> (Btf, Reduced) {
    let mut closure = Closure::new(btf);
    closure.keep(btf.find("root", Kind::Struct).unwrap());
    for id in seed::seeds(btf, &[]) {
        closure.keep(id);
    }
    closure.keep_variables();
    let reduced = reduce::reduce(btf, &closure).unwrap();
    (Btf::parse(&reduced.btf).unwrap(), reduced)
}

#[test]
fn what_is_embedded_stays_whole_and_what_is_pointed_to_keeps_its_name() {
    let full = kernel();
    let (btf, _) = reduced(&full);
    assert_eq!(btf.definition(btf.find("root", Kind::Struct).unwrap()), full.definition(TypeId(8)));
    assert!(btf.find("far", Kind::Struct).is_none());
    assert!(btf.find("far", Kind::Fwd).is_some());
    assert!(btf.find("deep", Kind::Struct).is_none());
    let nameless = btf.field(btf.find("root", Kind::Struct).unwrap(), "nameless").unwrap();
    let pointee = btf.ty(btf.resolve(nameless.ty)).target().unwrap();
    assert_eq!(btf.size_of(pointee), Some(4));
}

#[test]
fn types_of_one_name_stay_together() {
    let (btf, _) = reduced(&kernel());
    assert_eq!(btf.find_all("part").count(), 2);
}

#[test]
fn functions_tagged_as_kfuncs_stay_with_their_tags() {
    let (btf, _) = reduced(&kernel());
    let kfunc = btf.find("some_kfunc", Kind::Func).unwrap();
    assert_eq!(btf.definition(kfunc), "static int some_kfunc(struct far *far);");
    assert_eq!(btf.decl_tags(kfunc, None).collect::<Vec<_>>(), ["bpf_kfunc"]);
    assert!(btf.find("other", Kind::Func).is_none());
    assert!(btf.ids().all(|id| !matches!(btf.ty(id), Type::DeclTag { value: "lost", .. })));
}

#[test]
fn variables_that_need_nothing_more_stay_in_their_section() {
    let (btf, _) = reduced(&kernel());
    let section = btf.find(".data..percpu", Kind::DataSec).unwrap();
    let Type::DataSec(section) = btf.ty(section) else { panic!("a section") };
    let names: Vec<_> = section.vars().map(|var| btf.name(var.ty)).collect();
    assert_eq!(names, ["held"]);
}

#[test]
fn names_of_what_was_left_out_are_listed_and_no_others() {
    let (_, reduced) = reduced(&kernel());
    assert_eq!(reduced.left_out.encode(), "sdeep\nsfar\nvlost\n");
}

#[test]
fn keeping_is_monotone() {
    let full = kernel();
    let mut closure = Closure::new(&full);
    closure.keep(full.find("root", Kind::Struct).unwrap());
    let far = full.find("far", Kind::Struct).unwrap();
    assert_eq!((closure.kept(far), closure.declared()), (Kept::Named, vec![far]));
    closure.keep(far);
    assert_eq!((closure.kept(far), closure.declared()), (Kept::Whole, vec![]));
    closure.keep(full.find("root", Kind::Struct).unwrap());
    assert_eq!(closure.kept(far), Kept::Whole);
}

#[test]
fn every_kernel_of_the_fact_tables_adds_its_kfuncs() {
    let kfuncs = seed::kfuncs(&crate::top().join("facts")).unwrap();
    for name in ["bpf_cpumask_create", "scx_bpf_dsq_insert", "bpf_strlen", "scx_bpf_kick_cpu_impl"]
    {
        assert!(kfuncs.iter().any(|kfunc| kfunc == name), "{name}");
    }
}
