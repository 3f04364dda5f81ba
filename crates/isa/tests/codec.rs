//! Decoding and encoding are inverse, and decoding takes any bytes.

use skep_isa::{
    DecodeError, DecodeErrorKind, Imm64, Insn, InsnIdx, Op, Reg, decode_ops, decode_slots,
    encode_ops, encode_slots, ops,
};

const OFFS: [i16; 9] = [0, 1, -1, 2, 8, 16, 32, i16::MIN, i16::MAX];
const IMMS: [i32; 16] =
    [0, 1, -1, 16, 32, 64, 0x40, 0x50, 0xa0, 0xe1, 0xf1, 0x100, 0x110, 1 << 16, i32::MIN, i32::MAX];

/// Every opcode with every register nibble and the offsets and immediates that mean something.
fn every_slot(mut visit: impl FnMut(Insn)) {
    for code in 0..=u8::MAX {
        for regs in 0..=u8::MAX {
            for off in OFFS {
                for imm in IMMS {
                    visit(Insn { code, dst: Reg(regs & 15), src: Reg(regs >> 4), off, imm });
                }
            }
        }
    }
}

#[test]
fn whatever_decodes_encodes_to_the_same_slots() {
    let next = Insn { imm: -7, ..Insn::default() };
    let (mut taken, mut refused) = (0u32, 0u32);
    every_slot(|insn| match Op::decode(insn, Some(next)) {
        Ok(op) => {
            taken += 1;
            let slots = op.encode();
            // The one field that Linux does not look at.
            let off = if op == Op::Exit { 0 } else { insn.off };
            assert_eq!(slots.first, Insn { off, ..insn }, "{op}");
            assert_eq!(slots.second.is_some(), op.slots() == 2);
            // The kernel replaces the upper half of a function's address without a look.
            let is_func = matches!(op, Op::LdImm64 { value: Imm64::Func(_), .. });
            let upper = if is_func { Insn::default() } else { next };
            assert!(slots.second.is_none_or(|second| second == upper), "{op}");
        }
        Err(_) => refused += 1,
    });
    assert!(taken > 50_000 && refused > 1_000_000, "{taken} taken, {refused} refused");
}

#[test]
fn whatever_decodes_is_assembled_from_its_own_text() {
    let next = Insn { imm: 0, ..Insn::default() };
    every_slot(|insn| {
        // Registers do not change the form; two pairs keep this short.
        if !matches!((insn.dst.0, insn.src.0), (0 | 3, 0 | 1 | 2 | 7)) {
            return;
        }
        let Ok(op) = Op::decode(insn, Some(next)) else { return };
        if matches!(op, Op::CallKfunc { fd_idx, .. } if fd_idx != 0) {
            return; // The kernel's text does not show the BTF object.
        }
        let text = op.to_string();
        let again = skep_isa::assemble(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(decode_ops(&again).unwrap()[0].1, op, "{text}");
    });
}

#[test]
fn a_length_that_is_no_multiple_of_a_slot_is_refused() {
    assert_eq!(decode_slots(&[0; 12]), Err(DecodeError::Length(12)));
    assert_eq!(decode_slots(&[]), Ok(vec![]));
}

#[test]
fn a_wide_load_must_be_whole() {
    let first = Insn { code: 0x18, ..Insn::default() };
    let kind = |insns: &[Insn]| match decode_ops(insns) {
        Err(DecodeError::Insn { idx: InsnIdx(0), kind }) => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(&[first]), DecodeErrorKind::TruncatedLdImm64);
    let bad = Insn { off: 1, ..Insn::default() };
    assert_eq!(kind(&[first, bad]), DecodeErrorKind::BadSecondSlot);
    let pseudo = Insn { src: Reg(7), ..first };
    assert_eq!(kind(&[pseudo, Insn::default()]), DecodeErrorKind::BadPseudo(7));
    let fd = Insn { src: Reg(1), ..first };
    let high = Insn { imm: 1, ..Insn::default() };
    assert_eq!(kind(&[fd, high]), DecodeErrorKind::BadPseudo(1));
}

#[test]
fn bytes_survive_the_way_through_slots_and_operations() {
    let program = skep_isa::assemble("r0 = 0x123456789abcdef0\nr0 += -3\nexit").unwrap();
    let bytes = encode_slots(&program);
    assert_eq!(bytes.len(), 32);
    let slots = decode_slots(&bytes).unwrap();
    let decoded: Vec<Op> = decode_ops(&slots).unwrap().into_iter().map(|(_, op)| op).collect();
    assert_eq!(encode_ops(&decoded), program);
}

#[test]
fn a_walk_goes_on_after_a_bad_slot() {
    let bad = Insn { code: 0xff, ..Insn::default() };
    let good = Op::Exit.encode().first;
    let found: Vec<bool> = ops(&[bad, good]).map(|(_, op)| op.is_ok()).collect();
    assert_eq!(found, [false, true]);
}
