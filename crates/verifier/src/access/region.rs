//! Bounds of memory of a known size, with a variable offset (`check_mem_region_access`).

use skep_isa::Reg;

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Base, RegState};

/// Offsets from here on count as unbounded (`BPF_MAX_VAR_OFF`).
pub(crate) const MAX_VAR_OFF: i64 = 1 << 29;

rejections! {
    /// The least value of the variable part of an offset is negative, or unknown.
    ///
    /// An index must be proven to be at least zero before memory is accessed with it.
    NegativeIndex("mem-negative-index", EACCES, help: "make the index unsigned, or check that it is at least 0") {
        regno: u8,
    } => "R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.";

    /// The variable part of an offset has no upper bound that is known.
    UnboundedIndex("mem-unbounded-index", EACCES, help: "compare the index with the size before the access") {
        regno: u8,
    } => "R{regno} unbounded memory access, make sure to bounds check any such access";

    /// The access lies outside of the value of a map.
    ///
    /// At the least or at the greatest offset that is possible here, bytes beyond the value would be touched.
    MapValueBounds("map-value-out-of-bounds", EACCES, help: "check the index against the size of the value") {
        value_size: u32, off: i32, size: u32, regno: u8, end: &'static str,
    } => "invalid access to map value, value_size={value_size} off={off} size={size}\nR{regno} {end} value is outside of the allowed memory range";

    /// The access lies outside of the key of a map.
    MapKeyBounds("map-key-out-of-bounds", EACCES, help: "stay within the key") {
        key_size: u32, off: i32, size: u32, regno: u8, end: &'static str,
    } => "invalid access to map key, key_size={key_size} off={off} size={size}\nR{regno} {end} value is outside of the allowed memory range";

    /// The access lies outside of memory of a known size, such as a ring buffer record or a dynptr's slice.
    MemBounds("mem-out-of-bounds", EACCES, help: "check the index against the size of the memory") {
        mem_size: u32, off: i32, size: u32, regno: u8, end: &'static str,
    } => "invalid access to memory, mem_size={mem_size} off={off} size={size}\nR{regno} {end} value is outside of the allowed memory range";
}

/// Part of a region that is accessed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// From the register's variable offset on.
    pub(super) off: i32,
    /// Bytes.
    pub(super) size: u32,
    /// Whether no bytes at all are fine.
    pub(super) zero_ok: bool,
}

impl Span {
    /// Whether it lies within so many bytes when the variable offset is `at`.
    ///
    /// The sum is cut to 32 bits as in the kernel, where a later check of the bounds catches what that lets through.
    pub(super) fn is_within(self, at: i64, bytes: u32) -> Result<(), i32> {
        let off = at.wrapping_add(i64::from(self.off)) as i32;
        let size_ok = self.size.cast_signed() > 0 || (self.size == 0 && self.zero_ok);
        let end = u64::from(off.unsigned_abs()) + u64::from(self.size);
        if off >= 0 && size_ok && end <= u64::from(bytes) { Ok(()) } else { Err(off) }
    }
}

/// Checks an access to a region of so many bytes at all offsets that the register may have.
pub(super) fn check(env: &Env<'_>, regno: Reg, span: Span, bytes: u32) -> Step {
    let reg = env.reg(regno);
    let smin = reg.num.smin;
    let low = smin.wrapping_add(i64::from(span.off));
    if smin < 0 && (smin == i64::MIN || low != i64::from(low as i32) || low < 0) {
        return Err(NegativeIndex { regno: regno.0 }.into());
    }
    if let Err(off) = span.is_within(smin, bytes) {
        return Err(outside(reg, regno, "min", off, span.size, bytes));
    }
    let umax = reg.num.umax;
    if umax >= MAX_VAR_OFF.cast_unsigned() {
        return Err(UnboundedIndex { regno: regno.0 }.into());
    }
    if let Err(off) = span.is_within(umax.cast_signed(), bytes) {
        return Err(outside(reg, regno, "max", off, span.size, bytes));
    }
    Ok(())
}

fn outside(
    reg: &RegState,
    regno: Reg,
    end: &'static str,
    off: i32,
    size: u32,
    bytes: u32,
) -> Box<Stop> {
    let regno = regno.0;
    match reg.ty.base {
        Base::MapValue => MapValueBounds { value_size: bytes, off, size, regno, end }.into(),
        Base::MapKey => MapKeyBounds { key_size: bytes, off, size, regno, end }.into(),
        _ => MemBounds { mem_size: bytes, off, size, regno, end }.into(),
    }
}
