//! Relocations over hand-made types; `oracle` holds whole objects against libbpf.

use super::{CoreError, KnownNames, Outcome, Patch, Relocation, RelocationKind as Ask, Target};
use crate::{Btf, BtfBuilder, EnumValueDef, Kind, MemberDef, ParamDef, TypeDef, TypeId};

mod matching;

/// A builder with ids by short calls.
struct Types(BtfBuilder);

impl Types {
    fn new() -> Self {
        Self(BtfBuilder::new())
    }

    fn push(&mut self, def: TypeDef) -> TypeId {
        self.0.push(&def).unwrap()
    }

    fn int(&mut self, name: &str, size: u32, is_signed: bool) -> TypeId {
        self.push(TypeDef::int(name, size, is_signed))
    }

    fn ptr(&mut self, target: TypeId) -> TypeId {
        self.push(TypeDef::Ptr { target })
    }

    fn array(&mut self, element: TypeId, len: u32) -> TypeId {
        self.push(TypeDef::Array { element, index: TypeId(1), len })
    }

    fn typedef(&mut self, name: &str, target: TypeId) -> TypeId {
        self.push(TypeDef::Typedef { name: name.to_owned(), target })
    }

    fn structure(&mut self, name: &str, size: u32, members: Vec<MemberDef>) -> TypeId {
        self.push(TypeDef::Struct { name: name.to_owned(), size, members })
    }

    fn union(&mut self, name: &str, size: u32, members: Vec<MemberDef>) -> TypeId {
        self.push(TypeDef::Union { name: name.to_owned(), size, members })
    }

    fn enumeration(&mut self, name: &str, size: u32, values: &[(&str, i64)]) -> TypeId {
        let values = values
            .iter()
            .map(|(name, value)| EnumValueDef {
                name: (*name).to_owned(),
                value: value.cast_unsigned(),
            })
            .collect();
        let name = name.to_owned();
        self.push(if size == 8 {
            TypeDef::Enum64 { name, size, is_signed: false, values }
        } else {
            TypeDef::Enum { name, size, is_signed: true, values }
        })
    }

    fn btf(&self) -> Btf {
        Btf::parse(&self.0.finish().unwrap()).unwrap()
    }
}

fn at(name: &str, ty: TypeId, offset: u32) -> MemberDef {
    MemberDef::at(name, ty, offset)
}

fn bits(name: &str, ty: TypeId, bit_offset: u32, bitfield: u32) -> MemberDef {
    MemberDef { name: name.to_owned(), ty, bit_offset, bitfield }
}

fn try_ask(
    local: &Types,
    kernel: &Types,
    kind: Ask,
    root: TypeId,
    access: &str,
) -> Result<Outcome, CoreError> {
    Target::new(&kernel.btf()).relocate(&local.btf(), &Relocation { kind, root, access })
}

fn ask(local: &Types, kernel: &Types, kind: Ask, root: TypeId, access: &str) -> Outcome {
    try_ask(local, kernel, kind, root, access).unwrap()
}

fn patch(outcome: Outcome) -> Patch {
    match outcome {
        Outcome::Value(patch) => patch,
        other => panic!("no value: {other:?}"),
    }
}

/// Old value, new value.
fn values(outcome: Outcome) -> (u64, u64) {
    let patch = patch(outcome);
    (patch.orig, patch.new)
}

/// The object's `struct task { int pid; int tgid; void *mm; }` and a kernel's with more in it.
fn tasks() -> (Types, Types, TypeId) {
    let mut local = Types::new();
    let int = local.int("int", 4, true);
    let ptr = local.ptr(TypeId::VOID);
    let task = local.structure(
        "task___mine",
        16,
        vec![at("pid", int, 0), at("tgid", int, 4), at("mm", ptr, 8)],
    );
    let mut kernel = Types::new();
    let int = kernel.int("int", 4, true);
    let long = kernel.int("long", 8, true);
    let ptr = kernel.ptr(TypeId::VOID);
    let inner = kernel.structure("", 16, vec![at("tgid", int, 4), at("mm", ptr, 8)]);
    let outer = kernel.union("", 16, vec![at("raw", long, 0), at("", inner, 0)]);
    kernel.structure("task", 40, vec![at("state", long, 0), at("pid", long, 8), at("", outer, 16)]);
    (local, kernel, task)
}

#[test]
fn fields_are_found_by_name_whatever_moved() {
    let (local, kernel, task) = tasks();
    let offset = |access| values(ask(&local, &kernel, Ask::FieldByteOffset, task, access));
    assert_eq!(offset("0:0"), (0, 8));
    assert_eq!(offset("0:1"), (4, 20));
    assert_eq!(offset("0:2"), (8, 24));
    // The second task of an array of tasks: sizes differ as well.
    assert_eq!(offset("1:0"), (16, 48));
    let size = |access| values(ask(&local, &kernel, Ask::FieldByteSize, task, access));
    assert_eq!((size("0:0"), size("0:2"), size("0")), ((4, 8), (8, 8), (16, 40)));
    assert_eq!(values(ask(&local, &kernel, Ask::FieldExists, task, "0:1")), (1, 1));
    assert_eq!(values(ask(&local, &kernel, Ask::FieldSigned, task, "0:0")), (1, 1));
    assert_eq!(values(ask(&local, &kernel, Ask::FieldSigned, task, "0:2")), (0, 0));
}

#[test]
fn fields_that_the_kernel_lacks_are_unresolved_and_do_not_exist() {
    let (mut local, kernel, _) = tasks();
    let lost = local.structure("task___old", 4, vec![at("gone", TypeId(1), 0)]);
    assert_eq!(ask(&local, &kernel, Ask::FieldByteOffset, lost, "0:0"), Outcome::Unresolved);
    assert_eq!(ask(&local, &kernel, Ask::FieldByteSize, lost, "0:0"), Outcome::Unresolved);
    assert_eq!(values(ask(&local, &kernel, Ask::FieldExists, lost, "0:0")), (1, 0));
    // A type of another kind by the same name is no candidate.
    let union = local.union("task", 4, vec![at("pid", TypeId(1), 0)]);
    assert_eq!(ask(&local, &kernel, Ask::FieldByteOffset, union, "0:0"), Outcome::Unresolved);
    // A field of an incompatible type does not count.
    let other = local.structure("task___ptr", 8, vec![at("pid", TypeId(2), 0)]);
    assert_eq!(values(ask(&local, &kernel, Ask::FieldExists, other, "0:0")), (1, 0));
}

#[test]
fn loads_may_change_width_only_where_zero_extension_is_right() {
    let mut local = Types::new();
    let int = local.int("int", 4, true);
    let uint = local.int("unsigned int", 4, false);
    let ptr = local.ptr(int);
    let root = local.structure("s", 16, vec![at("i", int, 0), at("u", uint, 4), at("p", ptr, 8)]);
    let mut kernel = Types::new();
    let long = kernel.int("long", 8, true);
    let ulong = kernel.int("unsigned long", 8, false);
    let ptr = kernel.ptr(long);
    kernel.structure("s", 24, vec![at("i", long, 0), at("u", ulong, 8), at("p", ptr, 16)]);
    let offset = |access| patch(ask(&local, &kernel, Ask::FieldByteOffset, root, access));
    let sizes = |patch: Patch| (patch.orig_size, patch.new_size, patch.fail_memsz_adjust);
    assert_eq!(sizes(offset("0:0")), (4, 8, true));
    assert_eq!(sizes(offset("0:1")), (4, 8, false));
    assert_eq!(sizes(offset("0:2")), (8, 8, false));
    assert!(offset("0:0").validate);
}

#[test]
fn bitfields_get_the_smallest_aligned_load_that_covers_them() {
    let mut local = Types::new();
    let uint = local.int("unsigned int", 4, false);
    let int = local.int("int", 4, true);
    let root = local.structure(
        "s",
        8,
        vec![bits("a", uint, 0, 3), bits("b", int, 3, 2), bits("c", uint, 5, 9)],
    );
    let mut kernel = Types::new();
    let uint = kernel.int("unsigned int", 4, false);
    let byte = kernel.int("unsigned char", 1, false);
    let int = kernel.int("int", 4, true);
    let members = vec![bits("c", byte, 13, 7), bits("a", uint, 30, 3), bits("b", int, 64, 2)];
    kernel.structure("s", 16, members);
    let all = |access| {
        [
            Ask::FieldByteOffset,
            Ask::FieldByteSize,
            Ask::FieldLshiftU64,
            Ask::FieldRshiftU64,
            Ask::FieldSigned,
        ]
        .map(|kind| patch(ask(&local, &kernel, kind, root, access)).new)
    };
    // Bits 30..33 straddle two ints: an eight-byte load.
    assert_eq!(all("0:0"), [0, 8, 31, 61, 0]);
    assert_eq!(all("0:1"), [8, 4, 62, 62, 1]);
    // Bits 13..20 of bytes: one byte at 1 does not cover them, two at 0 do not either, four do.
    assert_eq!(all("0:2"), [0, 4, 44, 57, 0]);
    // What the compiler chose for a bitfield proves nothing; shifts right and signs do.
    let validate = |kind| patch(ask(&local, &kernel, kind, root, "0:0")).validate;
    assert_eq!(
        [Ask::FieldByteOffset, Ask::FieldByteSize, Ask::FieldLshiftU64].map(validate),
        [false; 3]
    );
    assert_eq!([Ask::FieldRshiftU64, Ask::FieldSigned].map(validate), [true; 2]);
    assert_eq!(patch(ask(&local, &kernel, Ask::FieldByteOffset, root, "0:0")).orig_size, 0);
}

#[test]
fn bitfields_that_no_load_covers_are_refused() {
    let mut types = Types::new();
    let long = types.int("unsigned long", 8, false);
    let root = types.structure("s", 16, vec![bits("far", long, 60, 20)]);
    let refused = try_ask(&types, &types, Ask::FieldByteOffset, root, "0:0");
    assert_eq!(refused, Err(CoreError::BitfieldTooWide { bit_offset: 60, bits: 20 }));
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let inner = types.structure("inner", 0, vec![]);
    let root = types.structure("s", 16, vec![bits("odd", inner, 0, 3), at("i", int, 4)]);
    let refused = try_ask(&types, &types, Ask::FieldByteOffset, root, "0:0");
    assert_eq!(refused, Err(CoreError::BadBitfield(inner)));
}

#[test]
fn arrays_are_indexed_within_their_length_but_for_flexible_ones() {
    let build = |len: u32, tail: u32| {
        let mut types = Types::new();
        let int = types.int("int", 4, true);
        let pair = types.structure("pair", 8, vec![at("a", int, 0), at("b", int, 4)]);
        let some = types.array(pair, len);
        let rest = types.array(pair, tail);
        let root =
            types.structure("s", 8 * len, vec![at("some", some, 0), at("rest", rest, 8 * len)]);
        (types, root)
    };
    let (local, root) = build(4, 0);
    let (kernel, _) = build(6, 0);
    let (short, _) = build(2, 0);
    let offset = |kernel, access| ask(&local, kernel, Ask::FieldByteOffset, root, access);
    assert_eq!(values(offset(&kernel, "0:0:3:1")), (28, 28));
    assert_eq!(offset(&short, "0:0:3:1"), Outcome::Unresolved);
    // Elements of the flexible array have offsets however large the index.
    assert_eq!(values(offset(&kernel, "0:1:7:1")), (32 + 60, 48 + 60));
    let element = patch(offset(&kernel, "0:0:1"));
    assert_eq!((element.new, element.new_size), (8, 8));
    // The load of a whole array is as wide as an element.
    let whole = patch(offset(&kernel, "0:0"));
    assert_eq!((whole.orig_size, whole.new_size), (8, 8));
    let beyond = try_ask(&local, &kernel, Ask::FieldByteOffset, root, "0:0:4");
    assert!(matches!(beyond, Err(CoreError::AccessOutside { step: 2, .. })));
    let signed = try_ask(&local, &kernel, Ask::FieldSigned, root, "0:0:1");
    assert_eq!(signed, Err(CoreError::NotOfElement("signed")));
}

#[test]
fn enumerators_are_found_by_essential_name() {
    let mut local = Types::new();
    let mine = local.enumeration("state___v1", 4, &[("RUN", 0), ("STOP___old", 1), ("GONE", 2)]);
    let wide = local.enumeration("wide", 4, &[("TOP", 0)]);
    let mut kernel = Types::new();
    kernel.enumeration("state", 4, &[("STOP", -7), ("RUN", 5)]);
    kernel.enumeration("wide", 8, &[("LOW", 1), ("TOP", i64::MIN)]);
    let value = |root, access| ask(&local, &kernel, Ask::EnumvalValue, root, access);
    let exists = |root, access| values(ask(&local, &kernel, Ask::EnumvalExists, root, access));
    assert_eq!(values(value(mine, "0")), (0, 5));
    assert_eq!(values(value(mine, "1")), (1, (-7_i64).cast_unsigned()));
    assert_eq!(value(mine, "2"), Outcome::Unresolved);
    assert_eq!(values(value(wide, "0")), (0, 1 << 63));
    assert_eq!((exists(mine, "1"), exists(mine, "2")), ((1, 1), (1, 0)));
    let beyond = try_ask(&local, &kernel, Ask::EnumvalValue, mine, "3");
    assert!(matches!(beyond, Err(CoreError::AccessOutside { .. })));
}

#[test]
fn unsigned_32_bit_enumerators_are_ints_to_libbpf() {
    let mut types = Types::new();
    let values_of = vec![EnumValueDef { name: "TOP".to_owned(), value: 0xffff_ffff }];
    let root = types.push(TypeDef::Enum {
        name: "e".to_owned(),
        size: 4,
        is_signed: false,
        values: values_of,
    });
    assert_eq!(values(ask(&types, &types, Ask::EnumvalValue, root, "0")), (u64::MAX, u64::MAX));
}

#[test]
fn types_give_ids_sizes_and_existence() {
    let (local, kernel, task) = tasks();
    let whole = |kind| patch(ask(&local, &kernel, kind, task, "0"));
    assert_eq!((whole(Ask::TypeSize).orig, whole(Ask::TypeSize).new), (16, 40));
    assert_eq!((whole(Ask::TypeIdTarget).orig, whole(Ask::TypeIdTarget).new), (3, 6));
    assert!(!whole(Ask::TypeIdTarget).validate);
    assert_eq!((whole(Ask::TypeIdLocal).new, whole(Ask::TypeExists).new), (3, 1));
    let empty = Types::new();
    let absent = |kind| values(ask(&local, &empty, kind, task, "0")).1;
    assert_eq!(
        [Ask::TypeExists, Ask::TypeSize, Ask::TypeIdTarget, Ask::TypeMatches].map(absent),
        [0; 4]
    );
    assert!(matches!(
        try_ask(&local, &kernel, Ask::TypeSize, task, "0:0"),
        Err(CoreError::AccessOutside { .. })
    ));
}

#[test]
fn kernel_types_of_one_name_must_agree() {
    let (local, _, task) = tasks();
    let kernel = |second: u32| {
        let mut kernel = Types::new();
        let int = kernel.int("int", 4, true);
        kernel.structure("task", 16, vec![at("pid", int, 4)]);
        kernel.structure("task", 24, vec![at("pid", int, second)]);
        kernel.structure("task", 8, vec![at("unrelated", int, 0)]);
        kernel
    };
    assert_eq!(values(ask(&local, &kernel(4), Ask::FieldByteOffset, task, "0:0")), (0, 4));
    let split = try_ask(&local, &kernel(8), Ask::FieldByteOffset, task, "0:0").unwrap_err();
    assert!(matches!(&split, CoreError::Ambiguous { name, .. } if name == "task"));
    assert!(split.to_string().contains("offset 4 (bit 32) and offset 8 (bit 64)"), "{split}");
    let size = try_ask(&local, &kernel(4), Ask::TypeSize, task, "0");
    assert!(matches!(size, Err(CoreError::Ambiguous { .. })));
    assert_eq!(values(ask(&local, &kernel(8), Ask::FieldExists, task, "0:1")), (1, 0));
}

#[test]
fn malformed_records_are_refused_with_their_fault() {
    let (local, kernel, task) = tasks();
    let refuse =
        |access: &str| try_ask(&local, &kernel, Ask::FieldByteOffset, task, access).unwrap_err();
    for access in ["", ":", "0:", ":0", "0::1", "a", "0x1", "+1", "-1", "0:99999999999", " 0"] {
        assert!(matches!(refuse(access), CoreError::BadAccess(_)), "{access:?}");
    }
    assert_eq!(refuse(&["0"; 65].join(":")), CoreError::AccessTooLong);
    assert!(matches!(refuse("0:3"), CoreError::AccessOutside { step: 1, .. }));
    assert!(matches!(refuse("0:0:0"), CoreError::AccessOutside { step: 2, kind: "INT", .. }));
    let no_root = try_ask(&local, &kernel, Ask::TypeExists, TypeId(99), "0");
    assert_eq!(no_root, Err(CoreError::NoRoot(TypeId(99))));
    let mut local = local;
    let nameless = local.structure("", 4, vec![at("x", TypeId(1), 0)]);
    let anonymous = try_ask(&local, &kernel, Ask::FieldByteOffset, nameless, "0:0");
    assert_eq!(anonymous, Err(CoreError::Anonymous(nameless)));
    assert_eq!(
        values(ask(&local, &kernel, Ask::TypeIdLocal, nameless, "0")).0,
        u64::from(nameless.0)
    );
}

#[test]
fn modules_are_asked_when_the_kernel_has_no_such_name() {
    let (local, kernel, task) = tasks();
    let base = std::sync::Arc::new(kernel.btf());
    let module = |name: &str, offset: u32| {
        let mut builder = BtfBuilder::split(&base);
        let members = vec![at("pid", TypeId(1), offset)];
        builder.push(&TypeDef::Struct { name: name.to_owned(), size: 64, members }).unwrap();
        Btf::parse_split(&builder.finish().unwrap(), base.clone()).unwrap()
    };
    let empty = Types::new().btf();
    let (local, modules) = (local.btf(), [module("other", 0), module("task", 48)]);
    let relocation = Relocation { kind: Ask::FieldByteOffset, root: task, access: "0:0" };
    let found = |target: Target<'_>| target.relocate(&local, &relocation).unwrap();
    assert_eq!(values(found(Target::new(&base).modules(&modules))), (0, 8));
    assert_eq!(values(found(Target::new(&empty).modules(&modules))), (0, 48));
    assert_eq!(found(Target::new(&empty)), Outcome::Unresolved);
}

#[test]
fn a_reduced_kernel_tells_missing_from_absent() {
    let (mut local, _, task) = tasks();
    let alias = local.typedef("task_t", task);
    let pointer = local.ptr(task);
    let handle = local.typedef("handle_t", pointer);
    let mut full = Types::new();
    full.structure("task", 8, vec![]);
    full.structure("other", 8, vec![]);
    let known = KnownNames::of(&full.btf(), |_| true);
    let mut reduced = Types::new();
    let fwd = reduced.push(TypeDef::Fwd { name: "task".to_owned(), is_union: false });
    reduced.typedef("task_t", fwd);
    let pointer = reduced.ptr(fwd);
    reduced.typedef("handle_t", pointer);
    let (local, reduced, empty) = (local.btf(), reduced.btf(), Types::new().btf());
    let ask = |btf: &Btf, kind, root, access| {
        let target = Target::new(btf).reduced(&known);
        target.relocate(&local, &Relocation { kind, root, access }).unwrap()
    };
    let missing = |name: &str| Outcome::MissingFromProfile(name.to_owned());
    for btf in [&reduced, &empty] {
        assert_eq!(ask(btf, Ask::FieldByteOffset, task, "0:0"), missing("task"));
        assert_eq!(ask(btf, Ask::TypeSize, task, "0"), missing("task"));
        assert_eq!(values(ask(btf, Ask::TypeExists, task, "0")), (1, 1));
    }
    assert_eq!(ask(&reduced, Ask::TypeSize, alias, "0"), missing("task_t"));
    assert_eq!(
        ask(&empty, Ask::TypeSize, alias, "0"),
        Outcome::Value(Patch {
            orig: 16,
            new: 0,
            validate: true,
            orig_size: 0,
            new_size: 0,
            fail_memsz_adjust: false,
        })
    );
    // The pointee is a struct in the whole kernel, so the typedef is what the object thinks.
    assert_eq!(values(ask(&reduced, Ask::TypeExists, handle, "0")), (1, 1));
    assert_eq!(values(ask(&reduced, Ask::TypeMatches, handle, "0")), (1, 1));
}

#[test]
fn known_names_survive_encoding() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    types.structure("a___flavour", 4, vec![at("x", int, 0)]);
    types.union("a", 4, vec![]);
    types.enumeration("e", 8, &[]);
    types.typedef("t", int);
    let names = KnownNames::of(&types.btf(), |_| true);
    assert_eq!(names.encode(), "ee\nsa\ntt\nua\n");
    assert_eq!(KnownNames::decode(&names.encode()).as_ref(), Ok(&names));
    assert!(names.contains(Kind::Struct, "a") && names.contains(Kind::Struct, "a___other"));
    assert!(names.contains(Kind::Enum, "e") && !names.contains(Kind::Typedef, "a"));
    for bad in ["sb\nsa\n", "sa\nsa\n", "xa\n", "\n"] {
        assert!(KnownNames::decode(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn relocations_describe_themselves() {
    let (local, _, task) = tasks();
    let local = local.btf();
    let describe = |kind, access| Relocation { kind, root: task, access }.describe(&local);
    assert_eq!(describe(Ask::FieldByteOffset, "0:1"), "byte_off of struct task___mine.tgid (0:1)");
    assert_eq!(
        describe(Ask::FieldExists, "2:0"),
        "field_exists of struct task___mine[2].pid (2:0)"
    );
    assert_eq!(describe(Ask::TypeSize, "0"), "type_size of struct task___mine");
    assert_eq!(describe(Ask::FieldExists, "bad"), "field_exists of struct task___mine (bad)");
}
