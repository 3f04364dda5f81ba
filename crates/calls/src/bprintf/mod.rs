//! The format language of `bpf_trace_printk`, `bpf_trace_vprintk` and `bpf_snprintf`: `bpf_bprintf_prepare` of
//! `kernel/bpf/helpers.c` and `bstr_printf` of `lib/vsprintf.c`.
//!
//! As in the kernel there are two passes. [`prepare`] checks the format and packs the arguments into a buffer of
//! 512 bytes, where strings and addresses behind `%pI4` are already fetched; [`render`] walks the format again
//! and prints from the buffer. The buffer is kept because its size shows: arguments that do not fit are
//! `-ENOSPC`, and strings are cut to what is left of it.

mod prepare;
mod render;
#[cfg(test)]
mod tests;

use prepare::{Fetch, StrSpace, prepare};
use render::{Rendered, render};
use skep_abi::Errno;
use skep_machine::{Kernel, Width};

use crate::arg::{ReadMemOrNull, SizeOrZero};
use crate::maccess::{
    copy_from_kernel_nofault, is_user, strncpy_from_kernel_nofault, strncpy_from_user_nofault,
};
use crate::ret::Answer;

/// Bytes that the packed arguments of one call may take (`MAX_BPRINTF_BIN_ARGS`).
const BIN_ARGS: usize = 512;

/// Arguments of `bpf_trace_vprintk` and `bpf_snprintf`, at most (`MAX_BPRINTF_VARARGS`).
const MAX_VARARGS: u32 = 12;

/// Bytes of one printed line with its NUL (`MAX_BPRINTF_BUF`).
pub(crate) const MAX_LINE: usize = 1024;

/// Prints to at most `size` bytes, the NUL included.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn format(
    k: &Kernel<'_, '_>,
    fmt: &[u8],
    args: &[u64],
    size: usize,
) -> Result<Rendered, Errno> {
    let bin = prepare(fmt, args, &mut Reader(k))?;
    Ok(render(fmt, &bin, size, ptr_hash))
}

/// The arguments of a call that takes them as an array of `u64`.
///
/// # Errors
/// `EINVAL` when the length is no multiple of 8, is above 96, or is not 0 with a null pointer.
pub(crate) fn read_args(
    k: &Kernel<'_, '_>,
    args: ReadMemOrNull,
    data_len: SizeOrZero,
) -> Answer<Vec<u64>> {
    let len = data_len.cut();
    if !len.is_multiple_of(8) || len > MAX_VARARGS * 8 || (len != 0 && args.0.is_null()) {
        return Err(Errno::EINVAL.into());
    }
    let words = (0..i64::from(len)).step_by(8);
    Ok(words
        .map(|at| k.run.memory().load(args.0.offset(at), Width::Dw))
        .collect::<Result<_, _>>()?)
}

/// The number that `%p` prints instead of an address: the same for the same address, and 32 bits wide.
// DEVIATION(linux): the kernel's key is random for each boot; ours is fixed, so that runs repeat.
fn ptr_hash(addr: u64) -> u32 {
    let mixed = (addr ^ (addr >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (mixed ^ (mixed >> 33)) as u32
}

/// Reads for a running program.
struct Reader<'a, 'k, 'm>(&'a Kernel<'k, 'm>);

impl Fetch for Reader<'_, '_, '_> {
    fn bytes(&mut self, addr: u64, into: &mut [u8]) {
        if copy_from_kernel_nofault(self.0, addr, into).is_err() {
            into.fill(0);
        }
    }

    fn string(&mut self, addr: u64, space: StrSpace, max: usize) -> Option<Vec<u8>> {
        let text = match space {
            StrSpace::Either if is_user(addr) => strncpy_from_user_nofault(self.0, addr, max),
            StrSpace::User => strncpy_from_user_nofault(self.0, addr, max),
            StrSpace::Either | StrSpace::Kernel => strncpy_from_kernel_nofault(self.0, addr, max),
        };
        let mut text = text.ok()?;
        text.bytes.truncate(text.len);
        Some(text.bytes)
    }
}

/// The first byte after the flags and the width of a conversion that begins after `%` at `at`.
fn skip_flags_and_width(fmt: &[u8], mut at: usize) -> usize {
    while matches!(byte(fmt, at), b'0' | b'+' | b'-' | b' ') {
        at += 1;
    }
    if matches!(byte(fmt, at), b'1'..=b'9') {
        while byte(fmt, at).is_ascii_digit() {
            at += 1;
        }
    }
    at
}

/// The byte at `at`; NUL after the end, as C strings have it.
fn byte(fmt: &[u8], at: usize) -> u8 {
    fmt.get(at).copied().unwrap_or(0)
}
