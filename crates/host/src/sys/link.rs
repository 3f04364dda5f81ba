//! Links: `BPF_LINK_*`, `BPF_RAW_TRACEPOINT_OPEN`, `BPF_ITER_CREATE`.

use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::{Command, bpf, number, owned};

/// Head of `union bpf_attr` for `BPF_LINK_CREATE`, with the part that depends on the attach type as plain words:
/// those that this crate creates take numbers there.
#[repr(C)]
#[derive(Default)]
struct Create {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
    rest: [u64; 2],
}

/// What a link ties a program or map to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tie<'a> {
    /// A perf event, with the number that `bpf_get_attach_cookie` gives.
    PerfEvent(BorrowedFd<'a>, u64),
    /// What the program was loaded for (`attach_btf_id`), with such a number.
    Tracing(u64),
    /// Nothing: an iterator over everything, or a struct of operations.
    Nothing,
}

/// Creates a link of a program, or of a map with operations.
pub(crate) fn create(
    what: BorrowedFd<'_>,
    attach_type: u32,
    flags: u32,
    tie: Tie<'_>,
) -> io::Result<OwnedFd> {
    let mut attr = Create { prog_fd: number(what), attach_type, flags, ..Create::default() };
    match tie {
        Tie::PerfEvent(event, cookie) => (attr.target_fd, attr.rest[0]) = (number(event), cookie),
        Tie::Tracing(cookie) => attr.rest[1] = cookie,
        Tie::Nothing => {}
    }
    bpf(Command::LinkCreate, &mut attr).map(owned)
}

/// Puts another program, or another map with operations, in the place of a link's. `old` is what has to be there.
pub(crate) fn update(
    link: BorrowedFd<'_>,
    new: BorrowedFd<'_>,
    old: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    const REPLACE: u32 = 1 << 2;
    let flags = if old.is_some() { REPLACE } else { 0 };
    let mut attr = [number(link), number(new), flags, old.map_or(0, number)];
    bpf(Command::LinkUpdate, &mut attr).map(drop)
}

/// Takes a link's program off what it is attached to; the link stays.
pub(crate) fn detach(link: BorrowedFd<'_>) -> io::Result<()> {
    bpf(Command::LinkDetach, &mut [number(link)]).map(drop)
}

/// Head of `union bpf_attr` for `BPF_RAW_TRACEPOINT_OPEN`.
#[repr(C)]
#[derive(Default)]
struct RawTracepoint {
    name: u64,
    prog_fd: u32,
    zero: u32,
    cookie: u64,
}

/// Attaches a program to a raw tracepoint, or to what it was loaded for when there is no name. The cookie needs 6.10.
pub(crate) fn raw_tracepoint(
    name: Option<&CStr>,
    program: BorrowedFd<'_>,
    cookie: u64,
) -> io::Result<OwnedFd> {
    let name = name.map_or(0, |name| name.as_ptr() as u64);
    let mut attr = RawTracepoint { name, prog_fd: number(program), zero: 0, cookie };
    bpf(Command::RawTracepointOpen, &mut attr).map(owned)
}

/// Opens a file that a link's iterator fills.
pub(crate) fn iter(link: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    bpf(Command::IterCreate, &mut [number(link), 0]).map(owned)
}
