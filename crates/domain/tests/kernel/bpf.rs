//! `bpf(2)` as far as these tests need it: load a program and read the verifier's log.
#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper here")]

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};

use skep_isa::{Insn, encode_slots};

const BPF_PROG_LOAD: libc::c_int = 5;
const SOCKET_FILTER: u32 = 1;

/// The head of `union bpf_attr` for `BPF_PROG_LOAD`.
#[repr(C)]
#[derive(Default)]
struct LoadAttr {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
    kern_version: u32,
    prog_flags: u32,
}

/// What came of a load.
pub(crate) struct Loaded {
    pub(crate) result: io::Result<OwnedFd>,
    pub(crate) log: String,
}

/// Loads a socket filter with the full log.
pub(crate) fn load(insns: &[Insn]) -> Loaded {
    let bytes = encode_slots(insns);
    let mut log = vec![0u8; 1 << 18];
    let attr = LoadAttr {
        prog_type: SOCKET_FILTER,
        insn_cnt: insns.len() as u32,
        insns: bytes.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log_level: 2,
        log_size: log.len() as u32,
        log_buf: log.as_mut_ptr() as u64,
        ..LoadAttr::default()
    };
    // SAFETY: `attr` lives through the call; its pointers designate `bytes`, a C string and `log`, with the lengths
    // given beside them, and all three outlive the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const attr, size_of::<LoadAttr>())
    };
    let result = if fd < 0 {
        Err(io::Error::last_os_error())
    } else {
        // SAFETY: the kernel has just returned this descriptor, and nothing else owns it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
    };
    let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
    Loaded { result, log: String::from_utf8_lossy(&log[..end]).into_owned() }
}
