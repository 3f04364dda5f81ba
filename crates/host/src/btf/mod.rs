//! An object's types as the kernel takes them: `bpf_object__sanitize_and_load_btf` of libbpf.
//!
//! Sizes of sections and the linkage of hidden functions are filled in when the object is parsed. What is left are the
//! externs, which the kernel knows no types for, and what older kernels refuse. Only words of fixed places change, so
//! that every id and every string's offset stays what it was.

mod externs;
mod older;
mod words;

use std::os::fd::OwnedFd;

use skep_btf::Btf;

use crate::probe::BtfFeatures;
use crate::{HostError, sys};

/// Types in the kernel.
#[derive(Debug)]
pub struct KernelBtf {
    pub(crate) fd: OwnedFd,
    /// Whether functions and lines of programs may refer to them (5.0).
    pub(crate) has_funcs: bool,
}

/// Loads an object's types; what the kernel is too old for is replaced by older types of the same size.
///
/// # Errors
/// When the kernel refuses them, with its log.
pub fn load(btf: &Btf) -> Result<KernelBtf, HostError> {
    let bytes = externs::plain(btf);
    let first = match sys::btf::load(&bytes, &mut []) {
        Ok(fd) => return Ok(KernelBtf { fd, has_funcs: true }),
        Err(error) => error,
    };
    let features = BtfFeatures::of_kernel();
    if let Some(older) = older::sanitized(&bytes, features)
        && let Ok(fd) = sys::btf::load(&older, &mut [])
    {
        return Ok(KernelBtf { fd, has_funcs: features.func });
    }
    let mut log = vec![0; 1 << 16];
    let again = sys::btf::load(&bytes, &mut log);
    let error = again.err().unwrap_or(first);
    let refusal = HostError::new("load the object's types", &error).with_log(&log);
    Err(if features.any {
        refusal
    } else {
        refusal.with_hint("kernels before 4.18, and those without CONFIG_BPF_SYSCALL, take none")
    })
}
