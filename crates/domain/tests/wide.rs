//! Properties of the domain at 64 bits, sampled: what holds for all words of a few bits holds here, too.

use proptest::prelude::*;
use proptest::sample::select;
use skep_domain::{
    CondOp, Scalar, ScalarOp, Tnum, alu, is_branch_taken, regs_refine, regs_refine_same,
};

/// Numbers, many of them near the ends of ranges.
fn number() -> impl Strategy<Value = u64> {
    let near_powers =
        (0..64u32, -2i64..=2).prop_map(|(power, near)| (1u64 << power).wrapping_add_signed(near));
    let either_sign = (prop_oneof![0..40u64, near_powers, any::<u64>()], any::<bool>());
    either_sign.prop_map(|(number, minus)| if minus { number.wrapping_neg() } else { number })
}

/// A scalar in accord, and a word for which it stands.
fn scalar() -> impl Strategy<Value = (Scalar, u64)> {
    let distances =
        prop::array::uniform8(number().prop_flat_map(|far| prop_oneof![Just(far), Just(0)]));
    (number(), prop_oneof![Just(0), Just(u64::MAX), number()], distances).prop_map(
        |(word, mask, far)| {
            let (signed, low) = (word.cast_signed(), word as u32);
            let mut scalar = Scalar {
                var_off: Tnum { value: word & !mask, mask },
                smin: signed.saturating_sub_unsigned(far[0]),
                smax: signed.saturating_add_unsigned(far[1]),
                umin: word.saturating_sub(far[2]),
                umax: word.saturating_add(far[3]),
                s32_min: low.cast_signed().saturating_sub_unsigned(far[4] as u32),
                s32_max: low.cast_signed().saturating_add_unsigned(far[5] as u32),
                u32_min: low.saturating_sub(far[6] as u32),
                u32_max: low.saturating_add(far[7] as u32),
            };
            scalar.sync();
            (scalar, word)
        },
    )
}

/// What the machine computes; nothing where the verifier knows nothing.
fn concrete(op: ScalarOp, is32: bool, x: u64, y: u64) -> Option<u64> {
    if is32 {
        let (x, y) = (x as u32, y as u32);
        return Some(u64::from(match op {
            ScalarOp::Add => x.wrapping_add(y),
            ScalarOp::Sub => x.wrapping_sub(y),
            ScalarOp::Mul => x.wrapping_mul(y),
            ScalarOp::And => x & y,
            ScalarOp::Or => x | y,
            ScalarOp::Xor => x ^ y,
            ScalarOp::Neg => x.wrapping_neg(),
            ScalarOp::Lsh => x.wrapping_shl(y),
            ScalarOp::Rsh => x.wrapping_shr(y),
            ScalarOp::Arsh => x.cast_signed().wrapping_shr(y).cast_unsigned(),
            _ => return None,
        }));
    }
    let shift = y as u32;
    Some(match op {
        ScalarOp::Add => x.wrapping_add(y),
        ScalarOp::Sub => x.wrapping_sub(y),
        ScalarOp::Mul => x.wrapping_mul(y),
        ScalarOp::And => x & y,
        ScalarOp::Or => x | y,
        ScalarOp::Xor => x ^ y,
        ScalarOp::Neg => x.wrapping_neg(),
        ScalarOp::Lsh => x.wrapping_shl(shift),
        ScalarOp::Rsh => x.wrapping_shr(shift),
        ScalarOp::Arsh => x.cast_signed().wrapping_shr(shift).cast_unsigned(),
        _ => return None,
    })
}

fn holds(op: CondOp, is32: bool, x: u64, y: u64) -> bool {
    // Zero extension keeps the unsigned order, sign extension the signed one.
    let unsigned = |word: u64| if is32 { u64::from(word as u32) } else { word };
    let signed = |word: u64| if is32 { i64::from(word as i32) } else { word.cast_signed() };
    let ((x, y), (sx, sy)) = ((unsigned(x), unsigned(y)), (signed(x), signed(y)));
    match op {
        CondOp::Eq => x == y,
        CondOp::Ne => x != y,
        CondOp::Set => x & y != 0,
        CondOp::NotSet => x & y == 0,
        CondOp::Gt => x > y,
        CondOp::Ge => x >= y,
        CondOp::Lt => x < y,
        CondOp::Le => x <= y,
        CondOp::Sgt => sx > sy,
        CondOp::Sge => sx >= sy,
        CondOp::Slt => sx < sy,
        CondOp::Sle => sx <= sy,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn sync_keeps_the_word_and_ends_in_accord((scalar, word) in scalar()) {
        prop_assert!(scalar.contains(word), "{scalar}");
        prop_assert!(scalar.is_consistent(), "{scalar}");
    }

    #[test]
    fn arithmetic_is_sound(
        (a, x) in scalar(),
        (b, y) in scalar(),
        amount in prop_oneof![Just(None), (0..70u64).prop_map(Some)],
        op in select(&ScalarOp::ALL[..]),
        is32: bool,
    ) {
        // Only constant shifts are computed.
        let (b, y) = amount.map_or((b, y), |amount| (Scalar::constant(amount), amount));
        let mut result = a;
        alu(op, is32, &mut result, &b);
        if let Some(word) = concrete(op, is32, x, y) {
            prop_assert!(result.contains(word), "{a} {op:?} {b} = {result}, not {word:#x}");
        }
    }

    #[test]
    fn arithmetic_of_constants_is_exact(
        x in number(),
        y in number(),
        op in select(&ScalarOp::ALL[..7]),
        is32: bool,
    ) {
        let mut result = Scalar::constant(x);
        alu(op, is32, &mut result, &Scalar::constant(y));
        let exact = concrete(op, is32, x, y);
        prop_assert_eq!(result, exact.map_or(Scalar::unknown(), Scalar::constant));
    }

    #[test]
    fn jumps_are_sound(
        (a, x) in scalar(),
        (b, y) in scalar(),
        is_const: bool,
        op in select(&CondOp::ALL[..]),
        is32: bool,
    ) {
        let b = if is_const { Scalar::constant(y) } else { b };
        let outcome = holds(op, is32, x, y);
        if let Some(taken) = is_branch_taken(&a, &b, op, is32) {
            prop_assert_eq!(taken, outcome, "{} {:?} {}", a, op, b);
        }
        let (mut left, mut right) = (a, b);
        regs_refine(&mut left, &mut right, if outcome { op } else { op.negated() }, is32);
        left.sync();
        right.sync();
        prop_assert!(left.contains(x), "{a} {op:?} {b}: {left}");
        prop_assert!(right.contains(y), "{a} {op:?} {b}: {right}");
        let mut same = a;
        regs_refine_same(&mut same, if holds(op, is32, x, x) { op } else { op.negated() }, is32);
        same.sync();
        same.sync();
        prop_assert!(same.contains(x), "{a} {op:?} itself: {same}");
    }

    #[test]
    fn changes_of_width_are_sound((scalar, word) in scalar()) {
        let after = |change: fn(&mut Scalar)| {
            let mut changed = scalar;
            change(&mut changed);
            changed.sync();
            changed
        };
        prop_assert!(after(Scalar::zext_32_to_64).contains(u64::from(word as u32)));
        prop_assert!(after(|s| s.coerce_to_size(1)).contains(u64::from(word as u8)));
        prop_assert!(after(|s| s.coerce_to_size(2)).contains(u64::from(word as u16)));
        prop_assert!(after(|s| s.coerce_to_size(4)).contains(u64::from(word as u32)));
        prop_assert!(after(|s| s.coerce_to_size(8)).contains(word));
        let extended = |number: i64| number.cast_unsigned();
        prop_assert!(after(|s| s.coerce_to_size_sx(1)).contains(extended((word as i8).into())));
        prop_assert!(after(|s| s.coerce_to_size_sx(2)).contains(extended((word as i16).into())));
        prop_assert!(after(|s| s.coerce_to_size_sx(4)).contains(extended((word as i32).into())));
        let low = |number: i32| u64::from(number.cast_unsigned());
        let narrow = after(|s| {
            s.coerce_subreg_to_size_sx(1);
            s.zext_32_to_64();
        });
        prop_assert!(narrow.contains(low((word as i8).into())));
        let narrow = after(|s| {
            s.coerce_subreg_to_size_sx(2);
            s.zext_32_to_64();
        });
        prop_assert!(narrow.contains(low((word as i16).into())));
    }

    #[test]
    fn byte_swaps_are_exact(word in number(), mask in number()) {
        let tnum = Tnum { value: word & !mask, mask };
        // What is unknown before is unknown where it goes, and nothing else.
        for (swapped, value, unknown) in [
            (tnum.bswap64(), word.swap_bytes(), mask.swap_bytes()),
            (tnum.bswap32(), (word as u32).swap_bytes().into(), (mask as u32).swap_bytes().into()),
            (tnum.bswap16(), (word as u16).swap_bytes().into(), (mask as u16).swap_bytes().into()),
        ] {
            prop_assert!(swapped.contains(value));
            prop_assert_eq!(swapped.mask, unknown);
        }
    }
}

#[test]
fn numbers_print_as_the_kernel_prints_them() {
    let mut scalar = Scalar::unknown();
    assert_eq!(scalar.to_string(), "scalar()");
    assert_eq!(scalar.ranges_text(), "");
    assert_eq!(Scalar::constant(32767).to_string(), "32767");
    assert_eq!(Scalar::constant(32768).to_string(), "0x8000");
    assert_eq!(Scalar::constant(u64::MAX).to_string(), "-1");
    assert_eq!(Scalar::constant(0xffff_ffff_ffff_7fff).to_string(), "0xffffffffffff7fff");
    scalar.smin = -5;
    scalar.s32_min = -5;
    scalar.umax = 65536;
    scalar.u32_max = 65535;
    assert_eq!(scalar.ranges_text(), "smin=smin32=-5,umax=0x10000,umax32=65535");
    scalar.var_off = Tnum { value: 1, mask: 0xff00 };
    assert_eq!(
        scalar.ranges_text(),
        "smin=smin32=-5,umax=0x10000,umax32=65535,var_off=(0x1; 0xff00)"
    );
}
