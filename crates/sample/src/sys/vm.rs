//! `process_vm_readv(2)`: another process's memory.

#![expect(unsafe_code, reason = "process_vm_readv has no safe wrapper")]

use std::io;

use super::checked;

/// Reads up to `buffer.len()` bytes at an address of another process; stops before the first unreadable page.
///
/// # Errors
/// `EFAULT` when not even the first byte is readable, `ESRCH` when the process is gone, `EPERM` when it is not ours
/// to trace.
pub(crate) fn read(pid: i32, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
    if buffer.is_empty() {
        return Ok(0);
    }
    let page = rustix::param::page_size() as u64;
    // One piece for each page: the kernel stops between pieces, so a page that is not there costs only itself.
    let mut remote = Vec::with_capacity(buffer.len() / page as usize + 2);
    let mut at = address;
    let mut left = buffer.len() as u64;
    while left > 0 {
        let len = left.min(page - at % page);
        remote.push(libc::iovec { iov_base: at as *mut libc::c_void, iov_len: len as usize });
        left -= len;
        let Some(next) = at.checked_add(len) else { break };
        at = next;
    }
    // IOV_MAX is 1024: more than 4 MiB is read in several calls by whoever wants it.
    remote.truncate(1024);
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: `local` describes the exclusively borrowed `buffer`, the only memory of ours that the kernel writes;
    // the remote addresses are the other process's and checked by the kernel.
    let read = unsafe {
        libc::process_vm_readv(
            pid,
            &raw const local,
            1,
            remote.as_ptr(),
            remote.len() as libc::c_ulong,
            0,
        )
    };
    Ok(checked(read as libc::c_long)? as usize)
}
