//! The memory of a live process.

use std::io;

use skep_abi::Pid;

use crate::sys::vm;

/// Reads the memory of a process that runs on while it is read.
///
/// A process id may be used again after its process has ended: whoever follows EXIT records knows when to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessMemory {
    pid: Pid,
}

impl ProcessMemory {
    /// The memory of a process; nothing is checked before something is read.
    #[must_use]
    pub const fn new(pid: Pid) -> Self {
        Self { pid }
    }

    /// Reads from an address on until `buffer` is full or a page is unreadable; *Returns* the bytes read, at least 1.
    ///
    /// # Errors
    /// `EFAULT` when the first byte is unreadable, `ESRCH` when the process is gone, `EPERM` when it is not ours to
    /// trace (`PTRACE_MODE_ATTACH_REALCREDS`).
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let pid =
            i32::try_from(self.pid.0).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))?;
        vm::read(pid, address, buffer)
    }

    /// Fills `buffer` from an address on.
    ///
    /// # Errors
    /// As [`read`](Self::read); `EFAULT` also when only a part is readable, as `copy_from_user` has it.
    pub fn read_exact(&self, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        let read = self.read(address, buffer)?;
        if read == buffer.len() { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EFAULT)) }
    }

    /// The word of 8 bytes at an address.
    ///
    /// # Errors
    /// As [`read_exact`](Self::read_exact).
    pub fn word(&self, address: u64) -> io::Result<u64> {
        let mut word = [0; 8];
        self.read_exact(address, &mut word)?;
        Ok(u64::from_le_bytes(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_reads_as_it_is_and_stops_at_a_hole() {
        let memory = ProcessMemory::new(Pid(std::process::id()));
        let bytes: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        let mut copy = vec![0; bytes.len()];
        memory.read_exact(bytes.as_ptr() as u64, &mut copy).unwrap();
        assert_eq!(copy, bytes);
        let word = 0x0123_4567_89ab_cdef_u64;
        assert_eq!(memory.word(&raw const word as u64).unwrap(), word);
        let code = |error: io::Error| error.raw_os_error();
        assert_eq!(memory.word(8).map_err(code), Err(Some(libc::EFAULT)));
        assert_eq!(memory.word(u64::MAX - 3).map_err(code), Err(Some(libc::EFAULT)));
        assert_eq!(ProcessMemory::new(Pid(u32::MAX)).word(8).map_err(code), Err(Some(libc::ESRCH)));
        // Below the kernel's half nothing is mapped, and the main thread's stack ends before it.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let stack = maps.lines().find(|line| line.ends_with("[stack]")).unwrap();
        let end = stack.split(['-', ' ']).nth(1).unwrap();
        let end = u64::from_str_radix(end, 16).unwrap();
        let mut tail = [0; 64];
        assert_eq!(memory.read(end - 16, &mut tail).unwrap(), 16);
    }
}
