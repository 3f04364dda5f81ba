//! System calls that no safe crate wraps: `bpf(2)`, `perf_event_open(2)` and memory shared with the kernel.
//!
//! The only unsafe code of this crate. Each wrapper takes and returns plain values, keeps the memory alive that the
//! kernel is told of, and can be called with anything. Attributes are `repr(C)` heads of `union bpf_attr` up to the
//! last field that is used: kernels take longer ones than they know as long as the rest is zero.

pub(crate) mod btf;
pub(crate) mod id;
pub(crate) mod info;
pub(crate) mod limit;
pub(crate) mod link;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod perf;
pub(crate) mod prog;

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Commands of `bpf(2)`: `enum bpf_cmd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Command {
    MapCreate = 0,
    MapLookupElem = 1,
    MapUpdateElem = 2,
    MapDeleteElem = 3,
    MapGetNextKey = 4,
    ProgLoad = 5,
    ObjPin = 6,
    ObjGet = 7,
    ProgTestRun = 10,
    ProgGetNextId = 11,
    MapGetNextId = 12,
    ProgGetFdById = 13,
    MapGetFdById = 14,
    ObjGetInfoByFd = 15,
    RawTracepointOpen = 17,
    BtfLoad = 18,
    BtfGetFdById = 19,
    TaskFdQuery = 20,
    MapLookupAndDeleteElem = 21,
    MapFreeze = 22,
    BtfGetNextId = 23,
    MapLookupBatch = 24,
    LinkCreate = 28,
    LinkUpdate = 29,
    LinkGetFdById = 30,
    LinkGetNextId = 31,
    EnableStats = 32,
    IterCreate = 33,
    LinkDetach = 34,
    ProgBindMap = 35,
}

/// Calls `bpf(2)`. Not for callers outside of this folder: addresses in `attr` are followed.
#[expect(unsafe_code, reason = "bpf(2) has no safe wrapper")]
fn bpf<T>(command: Command, attr: &mut T) -> io::Result<libc::c_long> {
    let number = command as libc::c_int;
    // SAFETY: `attr` is a `repr(C)` head of `union bpf_attr` of the length given, without padding; the pointers in it
    // designate memory that the callers in this folder keep alive through this call, with the lengths beside them.
    let answer =
        unsafe { libc::syscall(libc::SYS_bpf, number, std::ptr::from_mut(attr), size_of::<T>()) };
    checked(answer)
}

/// The result of a call that answers -1 and sets `errno` on failure.
fn checked(answer: libc::c_long) -> io::Result<libc::c_long> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// Takes a descriptor that a call of this folder has just returned. The kernel sets close-on-exec on all that
/// `bpf(2)` makes.
#[expect(unsafe_code, reason = "a number becomes a descriptor")]
fn owned(fd: libc::c_long) -> OwnedFd {
    // SAFETY: the kernel has just returned this descriptor, and nothing else owns it.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

/// Where a slice lies; 0 for an empty one, which is what the kernel takes for "none".
fn addr<T>(slice: &[T]) -> u64 {
    if slice.is_empty() { 0 } else { slice.as_ptr() as u64 }
}

/// Where a slice lies that the kernel may write to.
fn addr_mut<T>(slice: &mut [T]) -> u64 {
    if slice.is_empty() { 0 } else { slice.as_mut_ptr() as u64 }
}

fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// The length of a slice as attributes hold it; what is longer than 4 GiB is refused.
fn len<T>(slice: &[T]) -> io::Result<u32> {
    u32::try_from(size_of_val(slice)).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))
}
