//! `BPF_BTF_LOAD`.

use std::io;
use std::os::fd::OwnedFd;

use super::{Command, addr, addr_mut, bpf, len, owned};

/// Head of `union bpf_attr` for `BPF_BTF_LOAD`.
#[repr(C)]
#[derive(Default)]
struct BtfLoad {
    btf: u64,
    log_buf: u64,
    size: u32,
    log_size: u32,
    log_level: u32,
    log_true_size: u32,
}

/// Loads BTF; what the kernel has to say goes to `log`, if that is not empty.
pub(crate) fn load(bytes: &[u8], log: &mut [u8]) -> io::Result<OwnedFd> {
    let mut attr = BtfLoad {
        btf: addr(bytes),
        size: len(bytes)?,
        log_size: len(log)?,
        log_level: u32::from(!log.is_empty()),
        log_buf: addr_mut(log),
        log_true_size: 0,
    };
    bpf(Command::BtfLoad, &mut attr).map(owned)
}
