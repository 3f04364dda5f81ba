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

/// Where a page fault is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// In this test.
    User,
    /// In the kernel, which writes to user memory for this test.
    Kernel,
    /// In this test, with the frame pointer at the first of these frames.
    Deep(&'a [StackFrame]),
}

/// A frame as an unwinder by frame pointers finds it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackFrame {
    pub(crate) next: u64,
    pub(crate) ret: u64,
}

/// Takes a page fault while the event is enabled.
pub(crate) fn fault(event: &OwnedFd, place: Place<'_>) -> io::Result<()> {
    let zero = std::fs::File::open("/dev/zero")?;
    let (prot, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh mapping at an address of the kernel's choice overlaps nothing.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, prot, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    ioctl(event, 0x2400, 0)?;
    match place {
        Place::Kernel => {
            // SAFETY: the mapping has 4096 writable bytes.
            unsafe { libc::read(zero.as_raw_fd(), page, 16) };
        }
        Place::User => {
            // SAFETY: as above.
            unsafe { page.cast::<u8>().write_volatile(1) };
        }
        Place::Deep(frames) => {
            // SAFETY: the frame pointer is put back before anything else uses it, the stack pointer too; the
            // byte that is written lies in the mapping. Only the kernel reads the frames, and it checks them.
            unsafe {
                std::arch::asm!(
                    "push rbp",
                    "mov rbp, {frames}",
                    "mov byte ptr [{page}], 1",
                    "pop rbp",
                    frames = in(reg) frames.as_ptr(),
                    page = in(reg) page,
                );
            }
        }
    }
    ioctl(event, 0x2401, 0)?;
    // SAFETY: the mapping is ours, and nothing refers to it any more.
    unsafe { libc::munmap(page, 4096) };
    Ok(())
}
