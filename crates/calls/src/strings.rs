//! `kernel/bpf/helpers.c`: numbers in text, and comparison of strings.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, ConstStr, ReadMem, Size, UninitU64};
use crate::ret::Answer;

/// Bits of `flags` that hold the base.
const BASE_MASK: u64 = 0x1f;
/// Bytes of text that are looked at, at most.
const MAX_TEXT: usize = 64;

/// Strings.
pub(crate) struct Strings;

/// A number at the start of a text.
struct Number {
    is_negative: bool,
    magnitude: u64,
    /// Bytes of text up to its end.
    consumed: usize,
}

/// `__bpf_strtoull`
fn parse(text: &[u8], flags: u64) -> Result<Number, Errno> {
    if text.is_empty() || flags & !BASE_MASK != 0 {
        return Err(Errno::EINVAL);
    }
    let mut base = flags & BASE_MASK;
    if !matches!(base, 0 | 8 | 10 | 16) {
        return Err(Errno::EINVAL);
    }
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let spaces = text[..end].iter().take_while(|byte| is_space(**byte)).count();
    let mut at = spaces;
    let is_negative = text.get(at) == Some(&b'-');
    at += usize::from(is_negative);
    if at >= end {
        return Err(Errno::EINVAL);
    }
    let digits = &text[at..end.min(at + MAX_TEXT)];
    let has_prefix = digits.len() > 2
        && digits[0] == b'0'
        && digits[1].eq_ignore_ascii_case(&b'x')
        && digits[2].is_ascii_hexdigit();
    if base == 0 {
        base = match digits {
            _ if has_prefix => 16,
            [b'0', ..] => 8,
            _ => 10,
        };
    }
    let skip = if base == 16 && has_prefix { 2 } else { 0 };
    let (mut magnitude, mut count) = (0_u64, 0);
    for digit in digits[skip..].iter().map_while(|byte| (*byte as char).to_digit(base as u32)) {
        let next = magnitude.checked_mul(base).and_then(|m| m.checked_add(digit.into()));
        magnitude = next.ok_or(Errno::ERANGE)?;
        count += 1;
    }
    if count == 0 {
        return Err(Errno::EINVAL);
    }
    Ok(Number { is_negative, magnitude, consumed: at + skip + count })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r' | 0xa0)
}

#[calls(avail { BASE })]
impl Strings {
    /// Reads a signed number at the start of a text, in the base that `flags` gives (8, 10, 16, or 0 to find out), into
    /// `res`. Returns the number of bytes read.
    ///
    /// *Errors*: `EINVAL` where there is none or for other flags, `ERANGE` when it does not fit.
    #[helper(105, since = "5.2")]
    fn bpf_strtol(
        k: &mut Kernel<'_, '_>,
        buf: ReadMem,
        buf_len: Size,
        flags: Anything,
        res: UninitU64,
    ) -> Answer<i64> {
        let memory = k.run.memory();
        memory.fill(res.0, 8, 0)?;
        let number = parse(&memory.read_vec(buf.0, buf_len.0)?, flags.0)?;
        let value = match number.is_negative {
            true => 0_i64.checked_sub_unsigned(number.magnitude),
            false => i64::try_from(number.magnitude).ok(),
        };
        let value = value.ok_or(Errno::ERANGE)?;
        memory.write(res.0, &value.to_le_bytes())?;
        Ok(number.consumed as i64)
    }

    /// The same for a number without a sign.
    ///
    /// *Errors*: as for `bpf_strtol`; also `EINVAL` for a negative number.
    #[helper(106, since = "5.2")]
    fn bpf_strtoul(
        k: &mut Kernel<'_, '_>,
        buf: ReadMem,
        buf_len: Size,
        flags: Anything,
        res: UninitU64,
    ) -> Answer<i64> {
        let memory = k.run.memory();
        memory.fill(res.0, 8, 0)?;
        let number = parse(&memory.read_vec(buf.0, buf_len.0)?, flags.0)?;
        if number.is_negative {
            return Err(Errno::EINVAL.into());
        }
        memory.write(res.0, &number.magnitude.to_le_bytes())?;
        Ok(number.consumed as i64)
    }

    /// Compares up to `s1_sz` bytes of two strings: negative, 0 or positive as `s1` is less than, equal to or greater
    /// than `s2`.
    #[helper(182, since = "5.17")]
    fn bpf_strncmp(k: &mut Kernel<'_, '_>, s1: ReadMem, s1_sz: Size, s2: ConstStr) -> Answer<i64> {
        let memory = k.run.memory();
        let len = u64::from(s1_sz.cut());
        let first = memory.read_vec(s1.0, len)?;
        let second = memory.read_cstr(s2.0, len)?;
        for (at, byte) in first.iter().enumerate() {
            let other = second.get(at).copied().unwrap_or(0);
            if *byte != other {
                return Ok(if *byte < other { -1 } else { 1 });
            }
            if *byte == 0 {
                break;
            }
        }
        Ok(0)
    }
}
