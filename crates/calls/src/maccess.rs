//! `mm/maccess.c`: reads of memory that may not be there.
//!
//! User memory is that of the current process as of the sample: the stack bytes that the sample carries, else
//! the process itself.

use skep_abi::{Addr, Errno, KernelVersion};
use skep_machine::Kernel;

const PAGE_SIZE: u64 = 4096;
/// First address that is not user space on x86-64 with four-level page tables.
const TASK_SIZE_MAX: u64 = (1 << 47) - PAGE_SIZE;
/// The page of old system calls, which counts as user space.
const VSYSCALL: u64 = 0xffff_ffff_ff60_0000;

/// Bytes that are read of a string at a time.
const PIECE: u64 = 64;

/// Tells whether an address is below the end of user space, as `bpf_probe_read` asks.
pub(crate) const fn is_user(addr: u64) -> bool {
    addr < TASK_SIZE_MAX
}

/// `copy_from_kernel_nofault_allowed`
// DEVIATION(linux): an address is canonical by 48 bits; the kernel asks the CPU (`x86_virt_bits`), and those that have
// 57 bits let a read of no bytes at 1 << 47 pass.
const fn is_kernel(addr: u64) -> bool {
    let user = addr < TASK_SIZE_MAX + PAGE_SIZE;
    let canonical = (addr as i64) << 16 >> 16 == addr as i64;
    !user && addr & !(PAGE_SIZE - 1) != VSYSCALL && canonical
}

/// `strncpy_from_user_nofault` forgot the NUL of an empty string before this release.
fn counts_nul_of_empty_string(version: KernelVersion) -> bool {
    version >= KernelVersion::new(6, 14)
}

/// Reads the current process.
///
/// # Errors
/// `EFAULT` when the range is not user memory, or any byte cannot be read.
pub(crate) fn copy_from_user_nofault(
    k: &Kernel<'_, '_>,
    addr: u64,
    into: &mut [u8],
) -> Result<(), Errno> {
    match addr.checked_add(into.len() as u64) {
        Some(end) if end <= TASK_SIZE_MAX => k.run.read_user(addr, into),
        _ => Err(Errno::EFAULT),
    }
}

/// Reads kernel memory.
///
/// # Errors
/// `ERANGE` when the address is not the kernel's, `EFAULT` when any byte cannot be read.
pub(crate) fn copy_from_kernel_nofault(
    k: &Kernel<'_, '_>,
    addr: u64,
    into: &mut [u8],
) -> Result<(), Errno> {
    if !is_kernel(addr) {
        return Err(Errno::ERANGE);
    }
    if into.is_empty() {
        return Ok(());
    }
    k.run.memory().probe_read(Addr(addr), into)
}

/// A string that was read.
pub(crate) struct Text {
    /// The bytes that land in the buffer: the string, its NUL, and zeroes where whole words were copied.
    pub(crate) bytes: Vec<u8>,
    /// The length that is returned, the NUL included.
    pub(crate) len: usize,
}

/// Reads a string of the current process, cut to `max` bytes, the last of which is a NUL.
///
/// # Errors
/// `EFAULT` when a byte before the NUL cannot be read.
pub(crate) fn strncpy_from_user_nofault(
    k: &Kernel<'_, '_>,
    addr: u64,
    max: usize,
) -> Result<Text, Errno> {
    let read = |at: u64, chunk: &mut [u8]| copy_from_user_nofault(k, at, chunk);
    let mut bytes = string(addr, max, read)?;
    let mut len = bytes.len();
    if len == 1 && max > 1 && !counts_nul_of_empty_string(k.run.machine.version()) {
        len = 0;
    }
    // The kernel copies words of eight bytes and clears what follows the NUL in them, as long as a whole word
    // fits into the buffer and can be read.
    let words = bytes.len().next_multiple_of(8);
    if words <= max && !bytes.is_empty() {
        let mut word = [0; 8];
        if read(addr.wrapping_add(words as u64 - 8), &mut word).is_ok() {
            bytes.resize(words, 0);
        }
    }
    Ok(Text { bytes, len })
}

/// Reads a string of kernel memory, cut to `max` bytes, the last of which is a NUL.
///
/// # Errors
/// `ERANGE` when the address is not the kernel's, `EFAULT` when a byte before the NUL cannot be read.
pub(crate) fn strncpy_from_kernel_nofault(
    k: &Kernel<'_, '_>,
    addr: u64,
    max: usize,
) -> Result<Text, Errno> {
    if max > 0 && !is_kernel(addr) {
        return Err(Errno::ERANGE);
    }
    let bytes = string(addr, max, |at, chunk| k.run.memory().probe_read(Addr(at), chunk))?;
    Ok(Text { len: bytes.len(), bytes })
}

/// Reads up to the NUL or `max` bytes; the last byte is a NUL.
fn string(
    addr: u64,
    max: usize,
    read: impl Fn(u64, &mut [u8]) -> Result<(), Errno>,
) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    while text.len() < max {
        let at = addr.checked_add(text.len() as u64).ok_or(Errno::EFAULT)?;
        // A piece that ends at a multiple of its size crosses no page.
        let piece = (PIECE - at % PIECE) as usize;
        let mut chunk = vec![0; piece.min(max - text.len())];
        if read(at, &mut chunk).is_err() {
            // What can be read may end anywhere in the piece, and the NUL may come before.
            chunk.truncate(1);
            read(at, &mut chunk)?;
        }
        let end = chunk.iter().position(|c| *c == 0);
        text.extend_from_slice(&chunk[..end.map_or(chunk.len(), |end| end + 1)]);
        if end.is_some() {
            return Ok(text);
        }
    }
    if let Some(last) = text.last_mut() {
        *last = 0;
    }
    Ok(text)
}
