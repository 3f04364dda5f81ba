//! `kernel/trace/bpf_trace.c`: reads of user and kernel memory that cannot fault.
//!
//! The kernel's functions take the size as a `u32`. What cannot be read leaves the buffer zeroed.

use skep_abi::Errno;
use skep_machine::{Access, Kernel};
use skep_macros::calls;

use crate::arg::{Anything, SizeOrZero, UninitMem};
use crate::maccess::{
    Text, copy_from_kernel_nofault, copy_from_user_nofault, is_user, strncpy_from_kernel_nofault,
    strncpy_from_user_nofault,
};
use crate::ret::{Answer, Success};

/// The probe reads.
pub(crate) struct ProbeRead;

#[calls(since = "5.5", avail { TRACING, BASE: "5.8" }, gpl)]
impl ProbeRead {
    /// Reads `size` bytes at `unsafe_ptr`, in user or kernel memory by the address.
    ///
    /// Only where the two do not overlap, as on x86-64. Returns 0.
    ///
    /// *Errors*: as `bpf_probe_read_user` below the end of user space, else as `bpf_probe_read_kernel`.
    #[helper(4, since = "4.1", avail { TRACING })]
    fn bpf_probe_read(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<Success> {
        bytes(k, dst, size, unsafe_ptr, if is_user(unsafe_ptr.0) { USER } else { KERNEL })
    }

    /// Reads a string of up to `size` bytes, in user or kernel memory by the address.
    ///
    /// Returns as `bpf_probe_read_user_str` below the end of user space, else as `bpf_probe_read_kernel_str`.
    #[helper(45, since = "4.11", avail { TRACING })]
    fn bpf_probe_read_str(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<i32> {
        string(k, dst, size, unsafe_ptr, if is_user(unsafe_ptr.0) { USER } else { KERNEL })
    }

    /// Reads `size` bytes at `unsafe_ptr` of the current process.
    ///
    /// Returns 0.
    ///
    /// *Errors*: `EFAULT`, with the buffer zeroed, when any byte cannot be read.
    #[helper(112)]
    fn bpf_probe_read_user(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<Success> {
        bytes(k, dst, size, unsafe_ptr, USER)
    }

    /// Reads `size` bytes at `unsafe_ptr` of kernel memory.
    ///
    /// Returns 0.
    ///
    /// *Errors*, with the buffer zeroed: `ERANGE` when the address is not the kernel's, `EFAULT` when any byte
    /// cannot be read.
    #[helper(113)]
    fn bpf_probe_read_kernel(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<Success> {
        bytes(k, dst, size, unsafe_ptr, KERNEL)
    }

    /// Reads a string of up to `size` bytes of the current process; the buffer always ends with a NUL.
    ///
    /// Returns the length with the NUL. Before 6.14 the length of an empty string was 0.
    ///
    /// *Errors*: `EFAULT`, with the buffer zeroed, when a byte before the NUL cannot be read.
    #[helper(114)]
    fn bpf_probe_read_user_str(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<i32> {
        string(k, dst, size, unsafe_ptr, USER)
    }

    /// Reads a string of up to `size` bytes of kernel memory; the buffer always ends with a NUL.
    ///
    /// Returns the length with the NUL.
    ///
    /// *Errors*, with the buffer zeroed: `ERANGE` when the address is not the kernel's, `EFAULT` when a byte
    /// before the NUL cannot be read.
    #[helper(115)]
    fn bpf_probe_read_kernel_str(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        size: SizeOrZero,
        unsafe_ptr: Anything,
    ) -> Answer<i32> {
        string(k, dst, size, unsafe_ptr, KERNEL)
    }
}

/// The two ways to read.
struct Space {
    bytes: fn(&Kernel<'_, '_>, u64, &mut [u8]) -> Result<(), Errno>,
    string: fn(&Kernel<'_, '_>, u64, usize) -> Result<Text, Errno>,
}

const USER: Space = Space { bytes: copy_from_user_nofault, string: strncpy_from_user_nofault };
const KERNEL: Space =
    Space { bytes: copy_from_kernel_nofault, string: strncpy_from_kernel_nofault };

fn bytes(
    k: &mut Kernel<'_, '_>,
    dst: UninitMem,
    size: SizeOrZero,
    unsafe_ptr: Anything,
    space: Space,
) -> Answer<Success> {
    let memory = k.run.memory();
    let size = u64::from(size.cut());
    // Checked first, so that a size beyond all memory ends here.
    memory.check(dst.0, size, Access::Write)?;
    let mut bytes = vec![0; size as usize];
    match (space.bytes)(k, unsafe_ptr.0, &mut bytes) {
        Ok(()) => {
            memory.write(dst.0, &bytes)?;
            Ok(Success)
        }
        Err(errno) => {
            memory.fill(dst.0, size, 0)?;
            Err(errno.into())
        }
    }
}

fn string(
    k: &mut Kernel<'_, '_>,
    dst: UninitMem,
    size: SizeOrZero,
    unsafe_ptr: Anything,
    space: Space,
) -> Answer<i32> {
    let memory = k.run.memory();
    let size = u64::from(size.cut());
    memory.check(dst.0, size, Access::Write)?;
    match (space.string)(k, unsafe_ptr.0, size as usize) {
        Ok(text) => {
            memory.write(dst.0, &text.bytes)?;
            Ok(text.len as i32)
        }
        Err(errno) => {
            memory.fill(dst.0, size, 0)?;
            Err(errno.into())
        }
    }
}
