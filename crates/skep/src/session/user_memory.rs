//! Memory of sampled processes beyond the stack bytes that samples carry: the process as it is now.

use skep_abi::{Errno, Pid};
use skep_machine::UserMemory;
use skep_sample::ProcessMemory;

/// Reads live processes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LiveMemory;

impl UserMemory for LiveMemory {
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        ProcessMemory::new(pid).read_exact(addr, into).map_err(|_| Errno::EFAULT)
    }
}
