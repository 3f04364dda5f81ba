//! `perf_event_open(2)`: page faults of this thread, each of which overflows.

#![expect(unsafe_code, reason = "perf_event_open(2), mmap(2) and a page fault on purpose")]

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use super::bpf::own;

/// `PERF_SAMPLE_CALLCHAIN`
const SAMPLE_CALLCHAIN: u64 = 1 << 5;

/// How the event is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attr {
    pub(crate) callchain: bool,
    pub(crate) exclude_callchain_kernel: bool,
    pub(crate) exclude_callchain_user: bool,
    pub(crate) inherit: bool,
}

/// Opens page faults of this thread with a period of one, disabled.
pub(crate) fn open(how: Attr) -> io::Result<OwnedFd> {
    let mut attr = [0u8; 128];
    let mut put = |at: usize, value: u64| attr[at..at + 8].copy_from_slice(&value.to_le_bytes());
    put(0, 128 << 32 | 1); // PERF_TYPE_SOFTWARE, size
    put(8, 2); // PERF_COUNT_SW_PAGE_FAULTS
    put(16, 1);
    put(24, if how.callchain { SAMPLE_CALLCHAIN } else { 0 });
    let flags = [
        (0, true),
        (1, how.inherit),
        (21, how.exclude_callchain_kernel),
        (22, how.exclude_callchain_user),
    ];
    put(40, flags.into_iter().map(|(bit, set)| u64::from(set) << bit).sum());
    // SAFETY: the attribute is 128 bytes, as its size field says, and lives until the call returns.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, attr.as_ptr(), 0, -1, -1, 0) };
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(own(fd as RawFd)) }
}

fn ioctl(event: &OwnedFd, request: u64, arg: RawFd) -> io::Result<()> {
    // SAFETY: these requests take a number, and no memory.
    let ret = unsafe { libc::ioctl(event.as_raw_fd(), request, arg) };
    if ret < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Attaches a program (`PERF_EVENT_IOC_SET_BPF`).
pub(crate) fn attach(event: &OwnedFd, prog: &OwnedFd) -> io::Result<()> {
    ioctl(event, 0x4004_2408, prog.as_raw_fd())
}

/// Takes page faults while the event is enabled, in user space or in the kernel.
pub(crate) fn fault(event: &OwnedFd, in_kernel: bool) -> io::Result<()> {
    let zero = std::fs::File::open("/dev/zero")?;
    let (prot, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh mapping at an address of the kernel's choice overlaps nothing.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, prot, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    ioctl(event, 0x2400, 0)?;
    if in_kernel {
        // SAFETY: the mapping has 4096 writable bytes.
        unsafe { libc::read(zero.as_raw_fd(), page, 16) };
    } else {
        // SAFETY: as above.
        unsafe { page.cast::<u8>().write_volatile(1) };
    }
    ioctl(event, 0x2401, 0)?;
    // SAFETY: the mapping is ours, and nothing refers to it any more.
    unsafe { libc::munmap(page, 4096) };
    Ok(())
}
