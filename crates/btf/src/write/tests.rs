//! What is written parses to what was meant.

use std::sync::Arc;

use proptest::prelude::*;

use super::{BtfBuilder, EnumValueDef, MemberDef, ParamDef, TypeDef};
use crate::{Btf, Kind, Linkage, SecVar, TypeId};

/// Types that refer to earlier ids only, so that whatever comes out is well-formed.
fn def(refs: u32) -> impl Strategy<Value = TypeDef> {
    let id = move || (1..=refs).prop_map(TypeId);
    let name = || "[a-z_][a-z0-9_]{0,12}";
    let member = (name(), id(), 0_u32..0xff_ffff, prop_oneof![3 => Just(0_u32), 1 => 1_u32..64]);
    let members = prop::collection::vec(member, 0..6).prop_map(|members| {
        members
            .into_iter()
            .map(|(name, ty, bit_offset, bitfield)| MemberDef { name, ty, bit_offset, bitfield })
            .collect::<Vec<_>>()
    });
    let params = prop::collection::vec((name(), id()), 0..5)
        .prop_map(|params| params.into_iter().map(|(name, ty)| ParamDef { name, ty }).collect());
    let values = |mask: u64| {
        prop::collection::vec((name(), any::<u64>()), 0..5).prop_map(move |values| {
            values
                .into_iter()
                .map(|(name, value)| EnumValueDef { name, value: value & mask })
                .collect()
        })
    };
    prop_oneof![
        id().prop_map(|target| TypeDef::Ptr { target }),
        (id(), id(), any::<u32>()).prop_map(|(element, index, len)| TypeDef::Array {
            element,
            index,
            len
        }),
        (name(), any::<u32>(), members.clone()).prop_map(|(name, size, members)| TypeDef::Struct {
            name,
            size,
            members
        }),
        (name(), any::<u32>(), members).prop_map(|(name, size, members)| TypeDef::Union {
            name,
            size,
            members
        }),
        (name(), values(0xffff_ffff)).prop_map(|(name, values)| TypeDef::Enum {
            name,
            size: 4,
            is_signed: false,
            values
        }),
        (name(), any::<bool>(), values(u64::MAX)).prop_map(|(name, is_signed, values)| {
            TypeDef::Enum64 { name, size: 8, is_signed, values }
        }),
        (name(), any::<bool>()).prop_map(|(name, is_union)| TypeDef::Fwd { name, is_union }),
        (name(), id()).prop_map(|(name, target)| TypeDef::Typedef { name, target }),
        id().prop_map(|target| TypeDef::Const { target }),
        id().prop_map(|target| TypeDef::Volatile { target }),
        id().prop_map(|target| TypeDef::Restrict { target }),
        (name(), id(), any::<bool>()).prop_map(|(value, target, is_attribute)| TypeDef::TypeTag {
            value,
            target,
            is_attribute
        }),
        (id(), params).prop_map(|(ret, params)| TypeDef::FuncProto { ret, params }),
        name().prop_map(|name| TypeDef::Float { name, size: 8 }),
    ]
}

fn defs() -> impl Strategy<Value = Vec<TypeDef>> {
    prop::collection::vec(any::<prop::sample::Index>(), 1..24).prop_flat_map(|seeds| {
        let rest: Vec<_> =
            (1..=seeds.len()).map(|count| def(u32::try_from(count).unwrap())).collect();
        rest.prop_map(|rest| [vec![TypeDef::int("int", 4, true)], rest].concat())
    })
}

proptest! {
    #[test]
    fn written_types_come_back_as_they_were(defs in defs()) {
        let mut builder = BtfBuilder::new();
        for def in &defs {
            builder.push(def).unwrap();
        }
        let bytes = builder.finish().unwrap();
        // Random references may nest functions where values must stand; then refusing is right.
        let parsed = Btf::parse(&bytes);
        prop_assume!(parsed.is_ok());
        let btf = parsed.unwrap();
        for (id, def) in btf.ids().zip(&defs) {
            prop_assert_eq!(btf.ty(id).to_def(|id| id), Some(def.clone()));
            let _ = (btf.size_of(id), btf.align_of(id), btf.definition(id), btf.type_name(id));
            let _ = crate::ValuePrinter::new(&btf).value(id, &[0x5a; 64]);
        }
        let mut again = BtfBuilder::new();
        for id in btf.ids() {
            again.push(&btf.ty(id).to_def(|id| id).unwrap()).unwrap();
        }
        prop_assert_eq!(again.finish().unwrap(), bytes);
    }
}

#[test]
fn strings_are_kept_once() {
    let mut builder = BtfBuilder::new();
    for _ in 0..3 {
        builder.push(&TypeDef::Fwd { name: "same".to_owned(), is_union: false }).unwrap();
    }
    let bytes = builder.finish().unwrap();
    assert_eq!(bytes.len(), 24 + 3 * 12 + "\0same\0".len());
}

#[test]
fn functions_variables_and_tags_survive() {
    let mut builder = BtfBuilder::new();
    let int = builder.push(&TypeDef::int("int", 4, true)).unwrap();
    let params = vec![ParamDef { name: "ctx".to_owned(), ty: int }];
    let proto = builder.push(&TypeDef::FuncProto { ret: int, params }).unwrap();
    let func = TypeDef::Func { name: "f".to_owned(), proto, linkage: Linkage::Global };
    let func_id = builder.push(&func).unwrap();
    let var = TypeDef::Var { name: "v".to_owned(), target: int, linkage: Linkage::Extern };
    let var_id = builder.push(&var).unwrap();
    let vars = vec![SecVar { ty: var_id, offset: 0, size: 4 }];
    let section = TypeDef::DataSec { name: ".data".to_owned(), size: 4, vars };
    builder.push(&section).unwrap();
    let tag = |value: &str, component| TypeDef::DeclTag {
        value: value.to_owned(),
        target: func_id,
        component,
    };
    builder.push(&tag("whole", None)).unwrap();
    builder.push(&tag("arg", Some(0))).unwrap();
    let btf = Btf::parse(&builder.finish().unwrap()).unwrap();
    let back = |id| btf.ty(id).to_def(|id| id).unwrap();
    assert_eq!((back(func_id), back(var_id), back(TypeId(5))), (func, var, section));
    assert_eq!(btf.decl_tags(func_id, None).collect::<Vec<_>>(), ["whole"]);
    assert_eq!(btf.decl_tags(func_id, Some(0)).collect::<Vec<_>>(), ["arg"]);
    assert_eq!(btf.decl_tags(int, None).count(), 0);
}

#[test]
fn split_types_go_on_where_the_base_ends() {
    let mut builder = BtfBuilder::new();
    let int = builder.push(&TypeDef::int("int", 4, true)).unwrap();
    let base = Arc::new(Btf::parse(&builder.finish().unwrap()).unwrap());
    let mut builder = BtfBuilder::split(&base);
    let members = vec![MemberDef::at("x", int, 0)];
    let id = builder.push(&TypeDef::Struct { name: "mine".to_owned(), size: 4, members }).unwrap();
    let split = Btf::parse_split(&builder.finish().unwrap(), base).unwrap();
    assert_eq!((id, split.first_own_id(), split.len()), (TypeId(2), TypeId(2), 3));
    assert_eq!(split.find("mine", Kind::Struct), Some(id));
    assert_eq!(split.find("int", Kind::Int), Some(int));
    assert_eq!(split.own_ids().collect::<Vec<_>>(), [id]);
    assert_eq!(split.definition(id), "struct mine {\n\tint x;\n};");
}

#[test]
fn what_btf_cannot_count_is_refused() {
    let mut builder = BtfBuilder::new();
    let params = vec![ParamDef { name: String::new(), ty: TypeId(1) }; 65_536];
    assert!(builder.push(&TypeDef::FuncProto { ret: TypeId(1), params }).is_err());
    let member = |bit_offset, bitfield| MemberDef {
        name: String::new(),
        ty: TypeId(1),
        bit_offset,
        bitfield,
    };
    let far = vec![member(0, 1), member(1 << 24, 0)];
    assert!(builder.push(&TypeDef::Struct { name: String::new(), size: 0, members: far }).is_err());
}
