//! Bytes that are no BTF: each fault has its own error, and nothing panics, hangs or swells.

#![allow(clippy::unwrap_used, reason = "tests panic where they fail")]

use skep_btf::{Btf, BtfBuilder, BtfProblem, EnumValueDef, Kind, MemberDef, TypeDef, TypeId};

/// A header and sections of these words and strings.
fn assemble(words: &[u32], strings: &[u8]) -> Vec<u8> {
    let types = u32::try_from(words.len() * 4).unwrap();
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, types, types, u32::try_from(strings.len()).unwrap()].iter().chain(words) {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(strings);
    bytes
}

fn problem(bytes: &[u8]) -> BtfProblem {
    Btf::parse(bytes).expect_err("it is malformed").problem
}

fn of_words(words: &[u32]) -> BtfProblem {
    problem(&assemble(words, b"\0a\0"))
}

const INT: [u32; 4] = [1, 1 << 24, 4, 32];

fn info(kind: Kind, vlen: u32) -> u32 {
    (kind as u32) << 24 | vlen
}

#[test]
fn headers_must_be_whole_and_known() {
    let good = assemble(&INT, b"\0a\0");
    assert!(Btf::parse(&good).is_ok());
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        problem(&bytes)
    };
    assert!(matches!(problem(&[]), BtfProblem::HeaderTruncated { need: 24, have: 0 }));
    assert!(matches!(problem(&good[..23]), BtfProblem::HeaderTruncated { .. }));
    assert_eq!(with(0, 0), BtfProblem::BadMagic(0xeb00));
    assert_eq!(problem(&[0xeb, 0x9f, 1, 0]), BtfProblem::BigEndian);
    assert_eq!(with(2, 9), BtfProblem::BadVersion(9));
    assert_eq!(with(3, 1), BtfProblem::BadFlags(1));
    assert!(matches!(with(4, 23), BtfProblem::HeaderTruncated { .. }));
    assert!(matches!(with(7, 0xff), BtfProblem::HeaderTruncated { .. }));
    assert!(matches!(with(11, 0x7f), BtfProblem::SectionOutside { section: "type", .. }));
    assert!(matches!(with(20, 4), BtfProblem::SectionOutside { section: "string", .. }));
    assert_eq!(with(8, 1), BtfProblem::TypesUnaligned);
    assert_eq!(with(16, 15), BtfProblem::SectionsOverlap);
    assert_eq!(problem(&assemble(&INT, b"\0ab")), BtfProblem::StringsUnterminated);
    assert_eq!(problem(&assemble(&INT, b"aa\0")), BtfProblem::StringsUnterminated);
    assert_eq!(problem(&assemble(&INT, b"")), BtfProblem::StringsUnterminated);
}

#[test]
fn types_must_be_whole_and_of_known_kinds() {
    assert!(matches!(of_words(&[0, 0]), BtfProblem::TypeTruncated { need: 12, have: 8, .. }));
    assert!(matches!(
        of_words(&INT[..3]),
        BtfProblem::TypeTruncated { kind: "INT", need: 4, have: 0 }
    ));
    let huge = of_words(&[0, info(Kind::Struct, 0xff_ffff), 0]);
    assert!(matches!(huge, BtfProblem::TypeTruncated { kind: "STRUCT", .. }));
    assert_eq!(of_words(&[0, 0, 0]), BtfProblem::UnknownKind(0));
    assert_eq!(of_words(&[0, 20 << 24, 0]), BtfProblem::UnknownKind(20));
}

#[test]
fn names_and_ids_must_exist() {
    assert_eq!(of_words(&[3, info(Kind::Fwd, 0), 0]), BtfProblem::BadString(3));
    assert_eq!(of_words(&[u32::MAX, info(Kind::Fwd, 0), 0]), BtfProblem::BadString(u32::MAX));
    assert_eq!(of_words(&[0, info(Kind::Ptr, 0), 2]), BtfProblem::BadTypeId(2));
    let member = [1, info(Kind::Struct, 1), 4, 1, 7, 0];
    assert_eq!(of_words(&member), BtfProblem::BadTypeId(7));
    let long = [&b"\0"[..], &[b'x'; 10_000], b"\0"].concat();
    assert_eq!(problem(&assemble(&[1, info(Kind::Fwd, 0), 0], &long)), BtfProblem::BadString(1));
}

#[test]
fn errors_say_where() {
    let words = [&INT[..], &[0, info(Kind::Ptr, 0), 9]].concat();
    let error = Btf::parse(&assemble(&words, b"\0a\0")).unwrap_err();
    assert_eq!((error.offset, error.type_id), (24 + 16 + 8, Some(TypeId(2))));
    assert_eq!(
        error.to_string(),
        "BTF is malformed at byte 0x30 (type [2]): type id 9 does not exist"
    );
}

#[test]
fn values_cannot_be_functions_and_functions_need_prototypes() {
    let proto = [0, info(Kind::FuncProto, 0), 0];
    let member = [&proto[..], &[1, info(Kind::Struct, 1), 4, 1, 1, 0]].concat();
    assert!(matches!(of_words(&member), BtfProblem::WrongKind { what: "a member", to: 1, .. }));
    let func = [&INT[..], &[1, info(Kind::Func, 0), 1]].concat();
    assert!(matches!(
        of_words(&func),
        BtfProblem::WrongKind { what: "a function", kind: "INT", .. }
    ));
    let section = [&INT[..], &[1, info(Kind::DataSec, 1), 4, 1, 0, 4]].concat();
    assert!(matches!(of_words(&section), BtfProblem::WrongKind { what: "a data section", .. }));
    let void_member = [1, info(Kind::Struct, 1), 4, 1, 0, 0];
    assert!(matches!(of_words(&void_member), BtfProblem::WrongKind { kind: "VOID", .. }));
    let tag = [&INT[..], &[1, info(Kind::DeclTag, 0), 1, u32::MAX]].concat();
    assert!(matches!(of_words(&tag), BtfProblem::WrongKind { what: "a decl tag", .. }));
    let beyond =
        [&proto[..], &[1, info(Kind::Func, 0), 1], &[1, info(Kind::DeclTag, 0), 2, 0]].concat();
    assert_eq!(of_words(&beyond), BtfProblem::BadComponent(0));
}

#[test]
fn sizes_must_be_possible() {
    assert!(matches!(of_words(&[1, info(Kind::Int, 0), 3, 8]), BtfProblem::BadInt { size: 3, .. }));
    assert!(matches!(of_words(&[1, info(Kind::Int, 0), 1, 9]), BtfProblem::BadInt { bits: 9, .. }));
    let offset = [1, info(Kind::Int, 0), 1, 1 << 16 | 8];
    assert!(matches!(of_words(&offset), BtfProblem::BadInt { offset: 1, .. }));
    assert!(matches!(of_words(&[1, info(Kind::Enum, 0), 3]), BtfProblem::BadSize { size: 3, .. }));
    assert!(matches!(of_words(&[1, info(Kind::Float, 0), 5]), BtfProblem::BadSize { size: 5, .. }));
}

#[test]
fn types_that_contain_themselves_are_refused() {
    let cycles: [&[u32]; 6] = [
        &[1, info(Kind::Typedef, 0), 1],
        &[1, info(Kind::Typedef, 0), 2, 0, info(Kind::Const, 0), 1],
        &[0, info(Kind::Ptr, 0), 1],
        &[0, info(Kind::Ptr, 0), 2, 1, info(Kind::Typedef, 0), 1],
        &[1, info(Kind::Struct, 1), 4, 1, 1, 0],
        &[0, info(Kind::Array, 0), 0, 2, 2, 1, 1, info(Kind::Struct, 1), 4, 1, 1, 0],
    ];
    for words in cycles {
        assert!(matches!(of_words(words), BtfProblem::Cycle(_)), "{words:?}");
    }
    // A struct that points to itself is a list, which is fine.
    let list = [1, info(Kind::Struct, 1), 8, 1, 2, 0, 0, info(Kind::Ptr, 0), 1];
    assert!(Btf::parse(&assemble(&list, b"\0a\0")).is_ok());
}

#[test]
fn nesting_is_bounded_however_long_the_chain() {
    let chain = |len: u32| {
        let mut words = INT.to_vec();
        for id in 1..len {
            words.extend([0, info(Kind::Const, 0), id]);
        }
        assemble(&words, b"\0a\0")
    };
    assert!(Btf::parse(&chain(90)).is_ok());
    assert_eq!(problem(&chain(100)), BtfProblem::TooDeep(96));
    assert_eq!(problem(&chain(500_000)), BtfProblem::TooDeep(96));
}

#[test]
fn absurd_arrays_have_no_size() {
    let mut words = INT.to_vec();
    for id in 1..=3 {
        words.extend([0, info(Kind::Array, 0), 0, id, 1, u32::MAX]);
    }
    let btf = Btf::parse(&assemble(&words, b"\0a\0")).unwrap();
    assert_eq!(btf.size_of(TypeId(2)), Some(4 * u64::from(u32::MAX)));
    assert_eq!(btf.size_of(TypeId(4)), None);
}

#[test]
fn bytes_that_are_no_text_become_question_marks() {
    let btf = Btf::parse(&assemble(&[1, info(Kind::Fwd, 0), 0], b"\0a\xffb\0")).unwrap();
    assert_eq!(btf.name(TypeId(1)), "a?b");
    assert!(Btf::parse(&assemble(&[2, info(Kind::Fwd, 0), 0], "\0ß\0".as_bytes())).is_err());
}

#[test]
fn prototypes_that_point_to_themselves_print_to_an_end() {
    let proto = [0, info(Kind::FuncProto, 2), 2, 1, 2, 1, 2];
    let words = [&proto[..], &[0, info(Kind::Ptr, 0), 1]].concat();
    let btf = Btf::parse(&assemble(&words, b"\0a\0")).unwrap();
    assert!(btf.type_name(TypeId(2)).len() < 64 << 20);
}

/// Every kind once, some of them entangled.
fn every_kind() -> Vec<u8> {
    let mut builder = BtfBuilder::new();
    let mut push = |def: TypeDef| builder.push(&def).unwrap();
    let name = |name: &str| name.to_owned();
    let int = push(TypeDef::int("int", 4, true));
    let ptr = push(TypeDef::Ptr { target: TypeId(3) });
    let members = vec![
        MemberDef::at("next", ptr, 0),
        MemberDef { name: name("bits"), ty: int, bit_offset: 64, bitfield: 5 },
        MemberDef::at("", TypeId(4), 12),
    ];
    push(TypeDef::Struct { name: name("node"), size: 24, members });
    push(TypeDef::Union { name: name(""), size: 4, members: vec![MemberDef::at("u", int, 0)] });
    push(TypeDef::Array { element: TypeId(3), index: int, len: 3 });
    let values = vec![EnumValueDef { name: name("A"), value: 1 }];
    push(TypeDef::Enum { name: name("e"), size: 4, is_signed: false, values: values.clone() });
    push(TypeDef::Enum64 { name: name("e64"), size: 8, is_signed: true, values });
    push(TypeDef::Fwd { name: name("fwd"), is_union: true });
    let typedef = push(TypeDef::Typedef { name: name("node_t"), target: TypeId(3) });
    let volatile = push(TypeDef::Volatile { target: typedef });
    let constant = push(TypeDef::Const { target: volatile });
    let tagged =
        push(TypeDef::TypeTag { value: name("rcu"), target: constant, is_attribute: false });
    let pointer = push(TypeDef::Ptr { target: tagged });
    push(TypeDef::Restrict { target: pointer });
    let params = vec![skep_btf::ParamDef { name: name("arg"), ty: pointer }];
    let proto = push(TypeDef::FuncProto { ret: int, params });
    let linkage = skep_btf::Linkage::Global;
    let func = push(TypeDef::Func { name: name("f"), proto, linkage });
    let var = push(TypeDef::Var { name: name("v"), target: typedef, linkage });
    let vars = vec![skep_btf::SecVar { ty: var, offset: 0, size: 24 }];
    push(TypeDef::DataSec { name: name(".data"), size: 24, vars });
    push(TypeDef::Float { name: name("double"), size: 8 });
    push(TypeDef::DeclTag { value: name("tag"), target: func, component: Some(0) });
    builder.finish().unwrap()
}

/// Walks everything that a caller may ask of any BTF that parsed.
fn use_all(btf: &Btf) {
    use skep_btf::core::{Relocation, RelocationKind, Target};
    let bytes = [0x41; 256];
    for id in btf.ids() {
        let _ = (btf.size_of(id), btf.align_of(id), btf.type_tags(id), btf.resolve(id));
        let _ =
            (btf.definition(id).len(), btf.type_name(id).len(), btf.decl_tags(id, Some(0)).count());
        let _ = (btf.field(id, "next"), btf.field(id, "u.a[1]"), btf.ty(id).to_def(|id| id));
        let _ = skep_btf::ValuePrinter::new(btf).value(id, &bytes);
        for kind in RelocationKind::ALL {
            for access in ["0", "0:0", "0:1", "0:2:0", "2:0:0:0"] {
                let relocation = Relocation { kind, root: id, access };
                let _ = Target::new(btf).relocate(btf, &relocation);
                let _ = relocation.describe(btf).len();
            }
        }
    }
}

#[test]
fn every_kind_is_really_there() {
    let btf = Btf::parse(&every_kind()).unwrap();
    for kind in Kind::ALL.iter().skip(1) {
        assert!(btf.ids().any(|id| btf.kind(id) == *kind), "{kind:?}");
    }
    use_all(&btf);
}

#[test]
fn mutated_bytes_never_panic_or_hang() {
    let good = every_kind();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let mut parsed = 0;
    for round in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = u8::try_from(random(256)).unwrap(),
                // A whole word with a small number, which is likely an id or a count.
                2 => {
                    let word = at / 4 * 4;
                    if let Some(word) = bytes.get_mut(word..word + 4) {
                        word.copy_from_slice(&u32::try_from(random(24)).unwrap().to_le_bytes());
                    }
                }
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(btf) = Btf::parse(&bytes) {
            parsed += 1;
            if round % 4 == 0 {
                use_all(&btf);
            }
        }
    }
    // Else the mutations would be too coarse to reach beyond the header.
    assert!(parsed > 1_000, "only {parsed} of 20,000 parsed");
}
