//! `TYPE_EXISTS` compares kinds; `TYPE_MATCHES` compares names and shapes as well.

use super::*;

/// Whether the kernel's only type of the name answers yes.
fn yes(kind: Ask, local: &Types, root: TypeId, kernel: &Types) -> bool {
    values(ask(local, kernel, kind, root, "0")).1 == 1
}

/// Both sides hold one type, made by these.
fn compare(
    kind: Ask,
    mine: impl Fn(&mut Types) -> TypeId,
    theirs: impl Fn(&mut Types) -> TypeId,
) -> bool {
    let (mut local, mut kernel) = (Types::new(), Types::new());
    for types in [&mut local, &mut kernel] {
        types.int("int", 4, true);
    }
    let root = mine(&mut local);
    theirs(&mut kernel);
    yes(kind, &local, root, &kernel)
}

fn matches(mine: impl Fn(&mut Types) -> TypeId, theirs: impl Fn(&mut Types) -> TypeId) -> bool {
    compare(Ask::TypeMatches, mine, theirs)
}

fn exists(mine: impl Fn(&mut Types) -> TypeId, theirs: impl Fn(&mut Types) -> TypeId) -> bool {
    compare(Ask::TypeExists, mine, theirs)
}

const INT: TypeId = TypeId(1);

#[test]
fn structs_match_when_the_kernels_has_every_member() {
    let with = |names: &'static [&'static str]| {
        move |types: &mut Types| {
            types.structure("s", 16, names.iter().map(|name| at(name, INT, 0)).collect())
        }
    };
    assert!(matches(with(&["a"]), with(&["a", "b"])));
    assert!(matches(with(&["b___x", "a"]), with(&["a", "b"])));
    assert!(!matches(with(&["a", "b"]), with(&["a"])));
    assert!(!matches(with(&["c"]), with(&["a", "b"])));
    assert!(exists(with(&["c"]), with(&["a"])));
    assert!(!matches(with(&["a"]), |types| types.union("s", 16, vec![at("a", INT, 0)])));
}

#[test]
fn member_types_are_compared_too() {
    let long = |types: &mut Types| {
        let long = types.int("long", 8, true);
        types.structure("s", 8, vec![at("a", long, 0)])
    };
    let unsigned = |types: &mut Types| {
        let int = types.int("int", 4, false);
        types.structure("s", 8, vec![at("a", int, 0)])
    };
    let plain = |types: &mut Types| types.structure("s", 4, vec![at("a", INT, 0)]);
    assert!(matches(plain, plain));
    assert!(!matches(plain, long));
    assert!(!matches(plain, unsigned));
    let array = |len| {
        move |types: &mut Types| {
            let array = types.array(INT, len);
            types.structure("s", 8, vec![at("a", array, 0)])
        }
    };
    assert!(matches(array(2), array(2)));
    assert!(!matches(array(2), array(3)));
    assert!(exists(array(2), array(3)));
}

#[test]
fn behind_pointers_names_and_sorts_alone_matter() {
    let pointing_to = |pointee: fn(&mut Types) -> TypeId| {
        move |types: &mut Types| {
            let pointee = pointee(types);
            let ptr = types.ptr(pointee);
            types.structure("s", 8, vec![at("p", ptr, 0)])
        }
    };
    let whole = pointing_to(|types| types.structure("t", 4, vec![at("a", INT, 0)]));
    let other = pointing_to(|types| types.structure("t", 8, vec![]));
    let declared =
        pointing_to(|types| types.push(TypeDef::Fwd { name: "t".to_owned(), is_union: false }));
    let union =
        pointing_to(|types| types.push(TypeDef::Fwd { name: "t".to_owned(), is_union: true }));
    let renamed = pointing_to(|types| types.structure("u", 4, vec![]));
    for theirs in [&whole, &other, &declared] {
        assert!(matches(whole, theirs));
        assert!(matches(declared, theirs));
    }
    assert!(!matches(whole, union));
    assert!(!matches(declared, union));
    assert!(!matches(whole, renamed));
}

#[test]
fn enums_match_by_size_and_enumerators() {
    let of = |size, names: &'static [(&'static str, i64)]| {
        move |types: &mut Types| types.enumeration("e", size, names)
    };
    assert!(matches(of(4, &[("A", 1)]), of(4, &[("B", 1), ("A", 7)])));
    assert!(!matches(of(4, &[("A", 1)]), of(8, &[("A", 1)])));
    assert!(!matches(of(4, &[("A", 1), ("B", 2)]), of(4, &[("A", 1)])));
    assert!(!matches(of(4, &[("C", 1)]), of(4, &[("A", 1), ("B", 2)])));
    assert!(exists(of(4, &[("C", 1)]), of(8, &[("A", 1)])));
}

#[test]
fn prototypes_match_parameter_by_parameter() {
    let function = |params: &'static [TypeId], ret| {
        move |types: &mut Types| {
            types.int("long", 8, true);
            let params = params.iter().map(|&ty| ParamDef { name: String::new(), ty }).collect();
            let proto = types.push(TypeDef::FuncProto { ret, params });
            let ptr = types.ptr(proto);
            types.typedef("fn_t", ptr)
        }
    };
    let plain = function(&[INT], TypeId::VOID);
    assert!(exists(plain, function(&[TypeId(2)], TypeId::VOID)));
    assert!(!matches(plain, function(&[TypeId(2)], TypeId::VOID)));
    assert!(matches(plain, plain));
    assert!(!exists(plain, function(&[INT, INT], TypeId::VOID)));
    assert!(!exists(plain, function(&[INT], INT)));
}

#[test]
fn typedefs_are_followed_to_what_they_name() {
    let alias = |types: &mut Types| types.typedef("t", INT);
    let pointer = |types: &mut Types| {
        let ptr = types.ptr(INT);
        types.typedef("t", ptr)
    };
    let twice = |types: &mut Types| {
        let inner = types.typedef("inner", INT);
        types.typedef("t", inner)
    };
    assert!(exists(alias, twice));
    assert!(matches(alias, twice));
    assert!(!exists(alias, pointer));
}

#[test]
fn endless_nesting_is_given_up() {
    // Pointers in a row, which parsing takes up to its own bound.
    let chain = |types: &mut Types| {
        let mut id = INT;
        for _ in 0..40 {
            id = types.ptr(id);
        }
        types.typedef("deep", id)
    };
    let (mut local, mut kernel) = (Types::new(), Types::new());
    for types in [&mut local, &mut kernel] {
        types.int("int", 4, true);
    }
    let root = chain(&mut local);
    chain(&mut kernel);
    assert_eq!(try_ask(&local, &kernel, Ask::TypeExists, root, "0"), Err(CoreError::TooDeep));
    assert_eq!(try_ask(&local, &kernel, Ask::TypeMatches, root, "0"), Err(CoreError::TooDeep));
}
