//! `bpf(2)`, as far as these tests need it.

#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper")]

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use super::asm::Asm;

/// Commands of `bpf(2)`.
mod cmd {
    pub(super) const MAP_CREATE: u32 = 0;
    pub(super) const MAP_LOOKUP_ELEM: u32 = 1;
    pub(super) const MAP_UPDATE_ELEM: u32 = 2;
    pub(super) const PROG_LOAD: u32 = 5;
    pub(super) const PROG_TEST_RUN: u32 = 10;
    pub(super) const BTF_LOAD: u32 = 18;
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

impl Refused {
    /// The end of the log, where the reason stands.
    pub(crate) fn why(&self) -> String {
        let lines: Vec<&str> = self.log.lines().collect();
        format!("{} {}", self.errno, lines[lines.len().saturating_sub(3)..].join(" / "))
    }
}

/// A program to load.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) prog_type: u32,
    pub(crate) attach_type: u32,
    pub(crate) attach_btf_id: u32,
    pub(crate) gpl: bool,
    pub(crate) asm: &'a Asm,
}

/// Loads a program.
pub(crate) fn load(program: Load<'_>) -> Result<OwnedFd, Refused> {
    let mut log = vec![0u8; 1 << 16];
    let insns = &program.asm.insns;
    let licence = if program.gpl { c"GPL" } else { c"Proprietary" };
    let mut attr = Attr::new()
        .u32(0, program.prog_type)
        .u32(4, insns.len() as u32)
        .ptr(8, insns.as_ptr())
        .ptr(16, licence.as_ptr())
        .u32(24, 1)
        .u32(28, log.len() as u32)
        .ptr(32, log.as_mut_ptr())
        .u32(44, if program.prog_type == 31 { 1 << 4 } else { 0 }) // SYSCALL programs are sleepable.
        .u32(68, program.attach_type)
        .u32(108, program.attach_btf_id);
    let refused = |error: io::Error, log: &[u8]| {
        let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
        Refused {
            errno: error.raw_os_error().unwrap_or(0),
            log: String::from_utf8_lossy(&log[..end]).into_owned(),
        }
    };
    let mut func_info = vec![0u32, FUNC_TYPE];
    for start in &program.asm.callbacks {
        func_info.extend([*start, FUNC_TYPE]);
    }
    let btf = match program.asm.callbacks.is_empty() {
        true => None,
        false => Some(func_btf().map_err(|error| refused(error, b"no BTF"))?),
    };
    if let Some(btf) = &btf {
        attr = attr
            .u32(72, btf.as_raw_fd() as u32)
            .u32(76, 8)
            .ptr(80, func_info.as_ptr())
            .u32(88, func_info.len() as u32 / 2);
    }
    attr.call(cmd::PROG_LOAD).map(own).map_err(|error| refused(error, &log))
}

/// The id of `static int f()` in [`func_btf`].
const FUNC_TYPE: u32 = 3;

/// BTF with one function, which serves for the main function and for callbacks.
fn func_btf() -> io::Result<OwnedFd> {
    const STRINGS: &[u8] = b"\0int\0f\0";
    let kind = |kind: u32| kind << 24;
    let types: Vec<u8> = [
        [1, kind(1), 4, 1 << 24 | 32].as_slice(), // int
        &[0, kind(13), 1],                        // int ()
        &[5, kind(12), 2],                        // static int f()
    ]
    .concat()
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let (types_len, strings_len) = (types.len() as u32, STRINGS.len() as u32);
    let head = [0x0001_eb9f, 24, 0, types_len, types_len, strings_len];
    let mut blob: Vec<u8> = head.into_iter().flat_map(u32::to_le_bytes).collect();
    blob.extend(types);
    blob.extend_from_slice(STRINGS);
    let mut attr = Attr::new().ptr(0, blob.as_ptr()).u32(16, blob.len() as u32);
    attr.call(cmd::BTF_LOAD).map(own)
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
