//! Memory of sampled processes beyond the stack bytes that samples carry.

use skep_abi::{Errno, Pid};
use skep_machine::UserMemory;
use skep_sample::{MappedCode, ProcessMemory, Record};

/// The processes that are sampled.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// Whether they were recorded, so that none of them can be asked.
    is_past: bool,
    code: MappedCode,
}

impl Processes {
    /// Those of a recording.
    pub(super) fn of_recording() -> Self {
        Self { is_past: true, ..Self::default() }
    }

    pub(super) const fn are_past(&self) -> bool {
        self.is_past
    }

    /// Follows a record.
    pub(super) fn follow(&mut self, record: &Record) {
        self.code.follow(record);
    }
}

/// What a process holds now, if it lives; else the code in the files that it had mapped.
impl UserMemory for Processes {
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        if !self.is_past && ProcessMemory::new(pid).read_exact(addr, into).is_ok() {
            return Ok(());
        }
        self.code.read(pid, addr, into).ok_or(Errno::EFAULT)
    }
}
