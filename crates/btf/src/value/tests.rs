//! One value of each kind, and what must not happen.

use serde_json::json;

use super::{ValuePrinter, hex};
use crate::{Btf, BtfBuilder, EnumValueDef, MemberDef, SecVar, TypeDef, TypeId};

/// A builder with some types, and the BTF that comes of them.
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

    fn array(&mut self, element: TypeId, len: u32) -> TypeId {
        self.push(TypeDef::Array { element, index: element, len })
    }

    fn composite(&mut self, name: &str, size: u32, members: Vec<MemberDef>) -> TypeId {
        self.push(TypeDef::Struct { name: name.to_owned(), size, members })
    }

    fn btf(&self) -> Btf {
        Btf::parse(&self.0.finish().unwrap()).unwrap()
    }

    fn print(&self, ty: TypeId, bytes: &[u8]) -> serde_json::Value {
        ValuePrinter::new(&self.btf()).value(ty, bytes)
    }
}

#[test]
fn integers_up_to_32_bits_are_numbers_and_wider_ones_strings() {
    let mut types = Types::new();
    for (size, is_signed, bytes, expected) in [
        (1, true, vec![0xff], json!(-1)),
        (1, false, vec![0xff], json!(255)),
        (2, true, vec![0, 0x80], json!(-32768)),
        (4, false, vec![0xff; 4], json!(4_294_967_295_u32)),
        (4, true, vec![0xff; 4], json!(-1)),
        (8, true, vec![0xff; 8], json!("-1")),
        (8, false, vec![0xff; 8], json!("18446744073709551615")),
        (16, false, vec![0xff; 16], json!("340282366920938463463374607431768211455")),
        (16, true, vec![0xff; 16], json!("-1")),
    ] {
        let ty = types.int("number", size, is_signed);
        assert_eq!(types.print(ty, &bytes), expected, "{size} bytes");
    }
}

#[test]
fn pointers_bools_and_floats_are_what_they_are() {
    let mut types = Types::new();
    let ptr = types.push(TypeDef::Ptr { target: TypeId::VOID });
    let bool = types.push(TypeDef::Int {
        name: "_Bool".to_owned(),
        size: 1,
        bits: 8,
        offset: 0,
        is_signed: false,
        is_char: false,
        is_bool: true,
    });
    let float = types.push(TypeDef::Float { name: "float".to_owned(), size: 4 });
    let double = types.push(TypeDef::Float { name: "double".to_owned(), size: 8 });
    assert_eq!(
        types.print(ptr, &0xffff_8881_0046_e480_u64.to_le_bytes()),
        json!("0xffff88810046e480")
    );
    assert_eq!(types.print(ptr, &[0; 8]), json!("0x0"));
    assert_eq!((types.print(bool, &[0]), types.print(bool, &[1])), (json!(false), json!(true)));
    assert_eq!(types.print(float, &1.5_f32.to_le_bytes()), json!(1.5));
    assert_eq!(types.print(double, &(-0.25_f64).to_le_bytes()), json!(-0.25));
    assert_eq!(types.print(double, &f64::NAN.to_le_bytes()), json!("NaN"));
}

#[test]
fn char_arrays_are_text_when_it_can_be_read() {
    let mut types = Types::new();
    let char = types.int("char", 1, true);
    let byte = types.int("unsigned char", 1, false);
    let comm = types.array(char, 8);
    let comms = types.array(comm, 2);
    let bytes = types.array(byte, 2);
    assert_eq!(types.print(comm, b"bash\0xyz"), json!("bash"));
    assert_eq!(types.print(comm, b"12345678"), json!("12345678"));
    assert_eq!(types.print(comm, "größe\0".as_bytes().iter().as_slice()), json!("größe"));
    assert_eq!(types.print(comm, b"\x01\0\0\0\0\0\0\0"), json!({"hex": "0100000000000000"}));
    assert_eq!(types.print(comm, b"\xff\0\0\0\0\0\0\0"), json!({"hex": "ff00000000000000"}));
    assert_eq!(types.print(comms, b"a\0\0\0\0\0\0\0b\0\0\0\0\0\0\0"), json!(["a", "b"]));
    assert_eq!(types.print(bytes, b"ab"), json!([97, 98]));
}

#[test]
fn enums_have_name_and_value() {
    let mut types = Types::new();
    let value = |name: &str, value| EnumValueDef { name: name.to_owned(), value };
    let small = types.push(TypeDef::Enum {
        name: "small".to_owned(),
        size: 4,
        is_signed: true,
        values: vec![value("MINUS", u64::MAX), value("ONE", 1)],
    });
    let wide = types.push(TypeDef::Enum64 {
        name: "wide".to_owned(),
        size: 8,
        is_signed: false,
        values: vec![value("TOP", 1 << 63)],
    });
    assert_eq!(types.print(small, &[0xff; 4]), json!({"name": "MINUS", "value": -1}));
    assert_eq!(types.print(small, &[2, 0, 0, 0]), json!({"name": null, "value": 2}));
    let top = (1_u64 << 63).to_le_bytes();
    assert_eq!(types.print(wide, &top), json!({"name": "TOP", "value": "9223372036854775808"}));
}

#[test]
fn bitfields_are_cut_out_where_they_lie() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let wide = types.int("unsigned __int128", 16, false);
    let field = |name: &str, ty, bit_offset, bitfield| MemberDef {
        name: name.to_owned(),
        ty,
        bit_offset,
        bitfield,
    };
    let members = vec![
        field("low", int, 0, 3),
        field("sign", int, 3, 2),
        field("", int, 5, 3),
        field("across", int, 8, 12),
        field("long", wide, 21, 100),
    ];
    let ty = types.composite("bits", 32, members);
    let mut bytes = [0; 32];
    bytes[..16]
        .copy_from_slice(&(0b11_101_u128 | 0x7ff << 8 | ((1 << 99) | 5) << 21).to_le_bytes());
    let expected =
        json!({"low": -3, "sign": -1, "across": 0x7ff, "long": "633825300114114700748351602693"});
    assert_eq!(types.print(ty, &bytes), expected);
}

#[test]
fn anonymous_members_are_their_parents_and_unions_show_all() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let short = types.int("short", 2, true);
    let union = types.push(TypeDef::Union {
        name: String::new(),
        size: 4,
        members: vec![MemberDef::at("whole", int, 0), MemberDef::at("half", short, 0)],
    });
    let members = vec![
        MemberDef::at("first", int, 0),
        MemberDef::at("", union, 4),
        MemberDef::at("named", union, 4),
    ];
    let ty = types.composite("outer", 8, members);
    let value = types.print(ty, &[1, 0, 0, 0, 2, 0, 1, 0]);
    assert_eq!(
        value.to_string(),
        r#"{"first":1,"whole":65538,"half":2,"named":{"whole":65538,"half":2}}"#
    );
}

#[test]
fn data_sections_are_objects_of_their_variables() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let linkage = crate::Linkage::Global;
    let var = types.push(TypeDef::Var { name: "counter".to_owned(), target: int, linkage });
    let vars = vec![SecVar { ty: var, offset: 4, size: 4 }];
    let section = types.push(TypeDef::DataSec { name: ".bss".to_owned(), size: 8, vars });
    assert_eq!(types.print(section, &[0, 0, 0, 0, 9, 0, 0, 0]), json!({"counter": 9}));
}

#[test]
fn what_has_no_type_or_too_few_bytes_is_hex() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let pair =
        types.composite("pair", 8, vec![MemberDef::at("a", int, 0), MemberDef::at("b", int, 4)]);
    assert_eq!(hex(&[0xde, 0xad]), json!({"hex": "dead"}));
    assert_eq!(types.print(int, &[1, 2]), json!({"hex": "0102"}));
    assert_eq!(types.print(TypeId::VOID, &[7]), json!({"hex": "07"}));
    assert_eq!(types.print(TypeId(999), &[7]), json!({"hex": "07"}));
    // A member that reaches past its struct, as only hostile BTF has it.
    let long = types.composite("long", 4, vec![MemberDef::at("out", pair, 0)]);
    assert_eq!(types.print(long, &[1, 0, 0, 0]), json!({"out": {"hex": "01000000"}}));
}

#[test]
fn depth_beyond_the_limit_is_hex() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    let inner = types.composite("inner", 4, vec![MemberDef::at("x", int, 0)]);
    let outer = types.composite("outer", 4, vec![MemberDef::at("inner", inner, 0)]);
    let btf = types.btf();
    let print = |depth| ValuePrinter::new(&btf).max_depth(depth).value(outer, &[1, 0, 0, 0]);
    assert_eq!(print(0), json!({"hex": "01000000"}));
    assert_eq!(print(1), json!({"inner": {"hex": "01000000"}}));
    assert_eq!(print(2), json!({"inner": {"x": 1}}));
}

#[test]
fn types_made_to_print_without_end_do_not() {
    let mut types = Types::new();
    let int = types.int("int", 4, true);
    // Sixty structs without bytes, each holding the next twice: 2^60 parts.
    let mut ty = types.array(int, 0);
    for _ in 0..60 {
        ty =
            types.composite("twice", 0, vec![MemberDef::at("a", ty, 0), MemberDef::at("b", ty, 0)]);
    }
    let many = types.array(ty, u32::MAX);
    assert!(types.print(ty, &[]).to_string().len() < 4 << 20);
    assert_eq!(types.print(many, &[]), json!({"hex": ""}));
}
