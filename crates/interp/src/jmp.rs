//! Conditions of jumps (`BPF_JMP`, `BPF_JMP32`).

use skep_isa::Cond;

/// Tells whether the condition holds between 64-bit values.
#[inline]
pub(crate) const fn holds64(cond: Cond, dst: u64, src: u64) -> bool {
    match cond {
        Cond::Eq => dst == src,
        Cond::Gt => dst > src,
        Cond::Ge => dst >= src,
        Cond::Set => dst & src != 0,
        Cond::Ne => dst != src,
        Cond::Sgt => dst as i64 > src as i64,
        Cond::Sge => dst as i64 >= src as i64,
        Cond::Lt => dst < src,
        Cond::Le => dst <= src,
        Cond::Slt => (dst as i64) < src as i64,
        Cond::Sle => dst as i64 <= src as i64,
    }
}

/// Tells whether the condition holds between the lower halves of two values.
#[inline]
pub(crate) const fn holds32(cond: Cond, dst: u32, src: u32) -> bool {
    // Sign extension keeps both orders: unsigned of the zero-extended, signed of the sign-extended.
    match cond {
        Cond::Sgt | Cond::Sge | Cond::Slt | Cond::Sle => {
            holds64(cond, dst as i32 as u64, src as i32 as u64)
        }
        _ => holds64(cond, dst as u64, src as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_and_unsigned_orders_differ_above_the_sign_bit() {
        let minus = -1i64 as u64;
        assert!(holds64(Cond::Gt, minus, 1) && holds64(Cond::Slt, minus, 1));
        assert!(holds32(Cond::Gt, u32::MAX, 1) && holds32(Cond::Slt, u32::MAX, 1));
        assert!(!holds64(Cond::Sge, minus, 0) && holds64(Cond::Sle, minus, minus));
    }

    #[test]
    fn set_asks_for_a_common_bit() {
        assert!(holds64(Cond::Set, 6, 2) && !holds64(Cond::Set, 6, 1));
        assert!(!holds32(Cond::Set, 0, u32::MAX));
    }
}
