//! `perf_event_open(2)`: page faults of this thread, each of which overflows.

#![expect(unsafe_code, reason = "mmap(2) and a page fault on purpose")]

use std::io;
use std::os::fd::AsRawFd as _;

use skep_host::{HostError, LoadedProgram, PerfEvent, PerfEventAttr, Target};

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
pub(crate) fn open(how: Attr) -> io::Result<PerfEvent> {
    const SOFTWARE: u32 = 1;
    const PAGE_FAULTS: u64 = 2;
    let mut attr = PerfEventAttr {
        type_: SOFTWARE,
        config: PAGE_FAULTS,
        sample_type: if how.callchain { SAMPLE_CALLCHAIN } else { 0 },
        ..PerfEventAttr::default()
    };
    attr.__bindgen_anon_1.sample_period = 1;
    attr.set_disabled(1);
    attr.set_inherit(how.inherit.into());
    attr.set_exclude_callchain_kernel(how.exclude_callchain_kernel.into());
    attr.set_exclude_callchain_user(how.exclude_callchain_user.into());
    PerfEvent::open(&attr, Target::ThisThread, None).map_err(io_error)
}

fn io_error(error: HostError) -> io::Error {
    io::Error::from_raw_os_error(error.errno.0.into())
}

/// Attaches a program (`PERF_EVENT_IOC_SET_BPF`).
pub(crate) fn attach(event: &PerfEvent, program: &LoadedProgram) -> io::Result<()> {
    event.set_bpf(program).map_err(io_error)
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
pub(crate) fn fault(event: &PerfEvent, place: Place<'_>) -> io::Result<()> {
    let zero = std::fs::File::open("/dev/zero")?;
    let (prot, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh mapping at an address of the kernel's choice overlaps nothing.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, prot, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    event.enable().map_err(io_error)?;
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
    event.disable().map_err(io_error)?;
    // SAFETY: the mapping is ours, and nothing refers to it any more.
    unsafe { libc::munmap(page, 4096) };
    Ok(())
}
