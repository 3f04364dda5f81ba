//! `bpf(2)`, as far as these tests need it.

#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper")]

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

/// Commands of `bpf(2)`.
mod cmd {
    pub(super) const MAP_CREATE: u32 = 0;
    pub(super) const MAP_LOOKUP_ELEM: u32 = 1;
    pub(super) const MAP_UPDATE_ELEM: u32 = 2;
    pub(super) const PROG_LOAD: u32 = 5;
    pub(super) const PROG_TEST_RUN: u32 = 10;
    pub(super) const MAP_FREEZE: u32 = 22;
}

/// `union bpf_attr`, filled word by word.
#[repr(C, align(8))]
struct Attr([u8; 128]);

impl Attr {
    fn new() -> Self {
        Self([0; 128])
    }

    fn u32(mut self, at: usize, value: u32) -> Self {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(mut self, at: usize, value: u64) -> Self {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
        self
    }

    fn ptr<T>(self, at: usize, to: *const T) -> Self {
        self.u64(at, to as u64)
    }

    fn read_u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn call(&mut self, command: u32) -> io::Result<RawFd> {
        // SAFETY: the attribute is 128 zero-filled bytes, more than any command reads, and every pointer in it
        // was made from a slice or buffer that its caller keeps alive until this returns.
        let ret = unsafe { libc::syscall(libc::SYS_bpf, command, self.0.as_mut_ptr(), 128) };
        if ret < 0 { Err(io::Error::last_os_error()) } else { Ok(ret as RawFd) }
    }
}

/// Takes ownership of a descriptor that `bpf(2)` or `perf_event_open(2)` has just returned.
pub(crate) fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor, and nothing else knows it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// A map of the running kernel.
pub(crate) struct Map {
    pub(crate) fd: OwnedFd,
    pub(crate) value_size: usize,
}

impl Map {
    pub(crate) fn create(
        map_type: u32,
        key: u32,
        value: u32,
        entries: u32,
        flags: u32,
    ) -> io::Result<Self> {
        let mut attr =
            Attr::new().u32(0, map_type).u32(4, key).u32(8, value).u32(12, entries).u32(16, flags);
        let fd = own(attr.call(cmd::MAP_CREATE)?);
        Ok(Self { fd, value_size: value as usize })
    }

    pub(crate) fn update(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let fd = self.fd.as_raw_fd() as u32;
        Attr::new()
            .u32(0, fd)
            .ptr(8, key.as_ptr())
            .ptr(16, value.as_ptr())
            .call(cmd::MAP_UPDATE_ELEM)
            .map(drop)
    }

    pub(crate) fn lookup(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        let mut value = vec![0u8; self.value_size];
        let fd = self.fd.as_raw_fd() as u32;
        Attr::new()
            .u32(0, fd)
            .ptr(8, key.as_ptr())
            .ptr(16, value.as_mut_ptr())
            .call(cmd::MAP_LOOKUP_ELEM)?;
        Ok(value)
    }

    pub(crate) fn freeze(&self) -> io::Result<()> {
        Attr::new().u32(0, self.fd.as_raw_fd() as u32).call(cmd::MAP_FREEZE).map(drop)
    }
}

/// A load that the kernel refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) errno: i32,
    pub(crate) log: String,
}

/// Loads a program with the licence `GPL`.
pub(crate) fn load(
    prog_type: u32,
    attach_type: u32,
    attach_btf_id: u32,
    insns: &[u64],
) -> Result<OwnedFd, Refused> {
    let mut log = vec![0u8; 1 << 16];
    let licence = c"GPL";
    let result = Attr::new()
        .u32(0, prog_type)
        .u32(4, insns.len() as u32)
        .ptr(8, insns.as_ptr())
        .ptr(16, licence.as_ptr())
        .u32(24, 1)
        .u32(28, log.len() as u32)
        .ptr(32, log.as_mut_ptr())
        .u32(44, if prog_type == 31 { 1 << 4 } else { 0 }) // SYSCALL programs are sleepable.
        .u32(68, attach_type)
        .u32(108, attach_btf_id)
        .call(cmd::PROG_LOAD);
    result.map(own).map_err(|error| {
        let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
        Refused {
            errno: error.raw_os_error().unwrap_or(0),
            log: String::from_utf8_lossy(&log[..end]).into_owned(),
        }
    })
}

/// Runs a program once; returns its 32-bit result.
pub(crate) fn test_run(prog: &OwnedFd, data: Option<&[u8]>, ctx: &mut [u8]) -> io::Result<u32> {
    let mut attr = Attr::new().u32(0, prog.as_raw_fd() as u32);
    if let Some(data) = data {
        attr = attr.u32(8, data.len() as u32).ptr(16, data.as_ptr());
    }
    if !ctx.is_empty() {
        attr = attr.u32(40, ctx.len() as u32).ptr(48, ctx.as_mut_ptr());
    }
    attr.call(cmd::PROG_TEST_RUN)?;
    Ok(attr.read_u32(4))
}
