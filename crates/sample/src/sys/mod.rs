//! System calls that no safe crate wraps: `perf_event_open` and its ring, `ptrace`, `process_vm_readv`, `fork`.
//!
//! The only unsafe code of this crate. Each wrapper takes and returns plain values, checks what the kernel answers,
//! and can be called with anything.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("skep samples x86-64 Linux: its samples carry that architecture's registers");

pub(crate) mod event;
pub(crate) mod ptrace;
pub(crate) mod ring;
pub(crate) mod spawn;
pub(crate) mod ticker;
pub(crate) mod vm;

use std::io;

/// The result of a call that answers -1 and sets `errno` on failure.
fn checked(answer: libc::c_long) -> io::Result<libc::c_long> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}
