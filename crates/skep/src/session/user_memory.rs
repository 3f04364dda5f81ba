//! Memory of sampled processes beyond the stack bytes that samples carry.

use skep_abi::{Errno, Pid};
use skep_machine::UserMemory;
use skep_sample::{MappedCode, ProcessMemory, Record};

/// The processes that are sampled.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// Whether they were recorded, so that none of them can be asked.
    pub(super) are_past: bool,
    /// Their code, for programs that might read it.
    pub(super) code: Option<MappedCode>,
}

impl Processes {
    /// Follows a record.
    pub(super) fn follow(&mut self, record: &Record) {
        if let Some(code) = &mut self.code {
            code.follow(record);
        }
    }
}

/// What a process holds now, if it lives; else the code in the files that it had mapped.
impl UserMemory for Processes {
    fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
        if !self.are_past && ProcessMemory::new(pid).read_exact(addr, into).is_ok() {
            return Ok(());
        }
        let code = self.code.as_ref().and_then(|code| code.read(pid, addr, into));
        code.ok_or(Errno::EFAULT)
    }
}
