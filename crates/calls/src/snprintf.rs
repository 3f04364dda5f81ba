//! `kernel/bpf/helpers.c`: formatted text in memory.

use skep_machine::{Access, Kernel};
use skep_macros::calls;

use crate::arg::{ConstStr, ReadMemOrNull, SizeOrZero, WriteMemOrNull};
use crate::bprintf;
use crate::ret::Answer;

/// Bytes of a format, at most: the largest value of a map that a string may lie in (`KMALLOC_MAX_SIZE`).
const MAX_FORMAT: u64 = 1 << 22;

/// Formatted text.
pub(crate) struct Snprintf;

#[calls(since = "5.13", avail { BASE }, gpl)]
impl Snprintf {
    /// Prints to `str`, cut to `str_size` bytes with the NUL; the arguments are `data_len / 8` words at `data`.
    ///
    /// Returns the length that the whole text has with its NUL.
    ///
    /// *Errors*, with the buffer untouched: `EINVAL` when `data_len` is no multiple of 8, is above 96, or is not
    /// 0 with a null pointer, or when the format is not one that BPF may use; `ENOSPC` when strings do not fit
    /// into 512 bytes.
    #[helper(165, effect = Snprintf)]
    fn bpf_snprintf(
        k: &mut Kernel<'_, '_>,
        str: WriteMemOrNull,
        str_size: SizeOrZero,
        fmt: ConstStr,
        data: ReadMemOrNull,
        data_len: SizeOrZero,
    ) -> Answer<i32> {
        let memory = k.run.memory();
        let size = str_size.cut();
        // Checked first, so that a size beyond all memory ends here.
        memory.check(str.0, u64::from(size), Access::Write)?;
        let args = bprintf::read_args(k, data, data_len)?;
        let fmt = memory.read_cstr(fmt.0, MAX_FORMAT)?;
        let mut rendered = bprintf::format(k, &fmt, &args, size as usize)?;
        if size > 0 {
            rendered.text.push(0);
        }
        memory.write(str.0, &rendered.text)?;
        Ok((rendered.len + 1) as i32)
    }
}
