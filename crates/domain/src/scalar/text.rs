//! Scalars as the verifier's log prints them: `print_reg_state` and `print_scalar_ranges` of `kernel/bpf/log.c`.

use std::fmt::{self, Write as _};

use super::Scalar;

/// A signed number as the log prints it: decimal if it fits 16 bits, else hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snum(pub i64);

/// An unsigned number as the log prints it: decimal if it fits 16 bits, else hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unum(pub u64);

impl fmt::Display for Snum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if i16::try_from(self.0).is_ok() {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}

impl fmt::Display for Unum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if u16::try_from(self.0).is_ok() {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}

/// One end of one range.
#[derive(Clone, Copy)]
struct End {
    name: &'static str,
    /// The number's bits.
    value: u64,
    signed: bool,
    /// Whether it says nothing, or has been told with an earlier one.
    omitted: bool,
}

impl End {
    fn is_negative(self) -> bool {
        self.signed && self.value.cast_signed() < 0
    }
}

impl Scalar {
    /// What the log prints between the parentheses of a register whose bits are not all known, without ids and offsets:
    /// the ends of ranges that say something, equal ones told together, then the bits. Empty if nothing is known.
    #[must_use]
    pub fn ranges_text(&self) -> String {
        let mut text = String::new();
        // A string takes whatever is written.
        let _ = self.write_ranges(&mut text);
        text
    }

    fn write_ranges(&self, out: &mut String) -> fmt::Result {
        let mut ends = self.ends();
        for first in 0..ends.len() {
            let end = ends[first];
            if end.omitted {
                continue;
            }
            let comma = if out.is_empty() { "" } else { "," };
            write!(out, "{comma}{}=", end.name)?;
            // Minima stand at even places, maxima at odd ones.
            for other in ends[first + 1..].iter_mut().skip(1).step_by(2) {
                let same = !other.omitted
                    && other.value == end.value
                    && other.is_negative() == end.is_negative();
                if same {
                    other.omitted = true;
                    write!(out, "{}=", other.name)?;
                }
            }
            if end.signed {
                write!(out, "{}", Snum(end.value.cast_signed()))?;
            } else {
                write!(out, "{}", Unum(end.value))?;
            }
        }
        if !self.var_off.is_unknown() {
            let comma = if out.is_empty() { "" } else { "," };
            write!(out, "{comma}var_off={}", self.var_off)?;
        }
        Ok(())
    }

    fn ends(&self) -> [End; 8] {
        let end = |name, value, signed, omitted| End { name, value, signed, omitted };
        // In hexadecimal the sign extension of a 32-bit number would mislead.
        let narrow = |value: i32| {
            if i16::try_from(value).is_ok() {
                i64::from(value).cast_unsigned()
            } else {
                u64::from(value.cast_unsigned())
            }
        };
        [
            end("smin", self.smin.cast_unsigned(), true, self.smin == i64::MIN),
            end("smax", self.smax.cast_unsigned(), true, self.smax == i64::MAX),
            end("umin", self.umin, false, self.umin == 0),
            end("umax", self.umax, false, self.umax == u64::MAX),
            end("smin32", narrow(self.s32_min), true, self.s32_min == i32::MIN),
            end("smax32", narrow(self.s32_max), true, self.s32_max == i32::MAX),
            end("umin32", u64::from(self.u32_min), false, self.u32_min == 0),
            end("umax32", u64::from(self.u32_max), false, self.u32_max == u32::MAX),
        ]
    }
}

/// The register's state as the log prints that of a scalar without id: a constant bare, everything else as
/// `scalar(…)`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.const_value() {
            Some(value) => Snum(value.cast_signed()).fmt(f),
            None => write!(f, "scalar({})", self.ranges_text()),
        }
    }
}
