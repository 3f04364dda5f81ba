//! `bpf(2)` as far as these tests need it: load a socket filter and run it once.
#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper here")]

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use skep_isa::{Insn, encode_slots};

const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_PROG_TEST_RUN: libc::c_int = 10;
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

/// The head of `union bpf_attr` for `BPF_PROG_TEST_RUN`.
#[repr(C)]
#[derive(Default)]
struct TestAttr {
    prog_fd: u32,
    retval: u32,
    data_size_in: u32,
    data_size_out: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
}

/// Calls `bpf(2)`.
fn bpf<T>(command: libc::c_int, attr: &mut T) -> io::Result<i32> {
    // SAFETY: `attr` is a `repr(C)` head of `union bpf_attr` of the length given; the pointers in it designate memory
    // that the callers below keep alive through this call, with the lengths beside them.
    let result =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr), size_of::<T>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
}

/// Loads a program.
pub(super) fn load(insns: &[Insn]) -> io::Result<OwnedFd> {
    let bytes = encode_slots(insns);
    let mut attr = LoadAttr {
        prog_type: SOCKET_FILTER,
        insn_cnt: insns.len() as u32,
        insns: bytes.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        ..LoadAttr::default()
    };
    let fd = bpf(BPF_PROG_LOAD, &mut attr)?;
    // SAFETY: the kernel has just returned this descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Why the verifier refuses a program.
pub(super) fn verifier_log(insns: &[Insn]) -> String {
    let bytes = encode_slots(insns);
    let mut log = vec![0u8; 1 << 20];
    let mut attr = LoadAttr {
        prog_type: SOCKET_FILTER,
        insn_cnt: insns.len() as u32,
        insns: bytes.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log_level: 2,
        log_size: log.len() as u32,
        log_buf: log.as_mut_ptr() as u64,
        ..LoadAttr::default()
    };
    // The result is known; the log is wanted.
    let _ = bpf(BPF_PROG_LOAD, &mut attr);
    let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
    String::from_utf8_lossy(&log[..end]).into_owned()
}

/// Runs a program once on an empty packet; gives the lower half of R0.
pub(super) fn test_run(program: &OwnedFd) -> io::Result<u32> {
    let packet = [0u8; 64];
    let mut attr = TestAttr {
        prog_fd: program.as_raw_fd() as u32,
        data_size_in: packet.len() as u32,
        data_in: packet.as_ptr() as u64,
        repeat: 1,
        ..TestAttr::default()
    };
    bpf(BPF_PROG_TEST_RUN, &mut attr)?;
    Ok(attr.retval)
}
