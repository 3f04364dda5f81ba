//! Numbers out of bytes and bits, little-endian.

use serde_json::{Number, Value};

use crate::types::Int;

/// Up to 128 bits taken out of bytes.
#[derive(Clone, Copy)]
pub(super) struct Bits {
    value: u128,
    width: u32,
}

impl Bits {
    /// The `width` bits from bit `offset` on; bits outside the bytes are zero.
    pub(super) fn of(bytes: &[u8], offset: u64, width: u32) -> Self {
        let width = width.min(128);
        let start = usize::try_from(offset / 8).unwrap_or(usize::MAX);
        let byte =
            |at: usize| start.checked_add(at).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        let shift = u32::try_from(offset % 8).unwrap_or(0);
        let low = (0..16).rev().fold(0_u128, |value, at| value << 8 | u128::from(byte(at)));
        // A value that does not start at a byte may reach into a seventeenth.
        let high = if shift == 0 { 0 } else { u128::from(byte(16)) << (128 - shift) };
        let value = (low >> shift | high) & u128::MAX.checked_shr(128 - width).unwrap_or(0);
        Self { value, width }
    }

    /// The value as a number; unsigned values above the range of `i128` wrap, which only [`int`] meets.
    pub(super) fn number(self, is_signed: bool) -> i128 {
        let value = self.value.cast_signed();
        if !is_signed || self.width == 0 {
            return value;
        }
        let shift = 128 - self.width;
        value << shift >> shift
    }
}

/// An integer of this type: a bool, a number, or a string when the type is wider than 32 bits.
pub(super) fn int(int: Int<'_>, bits: Bits) -> Value {
    if int.is_bool {
        return Value::Bool(bits.value != 0);
    }
    if !int.is_signed && int.size > 8 {
        return Value::String(bits.value.to_string());
    }
    decimal(bits.number(int.is_signed), int.size > 4)
}

/// A number as JSON: a string when its type is wide.
pub(super) fn decimal(number: i128, is_wide: bool) -> Value {
    match i64::try_from(number) {
        Ok(number) if !is_wide => Value::from(number),
        _ => Value::String(number.to_string()),
    }
}

/// A pointer as `0x…`.
pub(super) fn pointer(bytes: &[u8]) -> Value {
    Value::String(format!("{:#x}", Bits::of(bytes, 0, 64).value))
}

/// A float; none for widths that Rust has no type for. What JSON has no number for is a string.
pub(super) fn float(size: u32, bytes: &[u8]) -> Option<Value> {
    let number = match size {
        4 => f64::from(f32::from_le_bytes(*bytes.first_chunk()?)),
        8 => f64::from_le_bytes(*bytes.first_chunk()?),
        _ => return None,
    };
    Some(Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number))
}
