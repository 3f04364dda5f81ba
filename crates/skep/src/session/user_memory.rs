//! Memory of sampled processes beyond the stack bytes that samples carry.

use skep_abi::{Errno, Pid};
use skep_machine::UserMemory;
use skep_sample::ProcessMemory;

/// Whose memory it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProcessesOf {
    /// Of processes that run: it is as it is now.
    #[default]
    Now,
    /// Of processes that were recorded: it is gone.
    Recording,
}

impl UserMemory for ProcessesOf {
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        match self {
            Self::Now => ProcessMemory::new(pid).read_exact(addr, into).map_err(|_| Errno::EFAULT),
            Self::Recording => Err(Errno::EFAULT),
        }
    }
}
