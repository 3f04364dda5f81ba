//! The stack of a sampled thread: bytes that were copied with the sample, or the live process.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use skep_abi::{Pid, UserStack};

/// Memory from which a stack can be unwound.
pub trait StackMemory {
    /// The 64-bit word at an address of the sampled process, or `None` where it cannot be known.
    fn word(&mut self, address: u64) -> Option<u64>;
}

/// The bytes that perf copied from the stack pointer upwards.
#[derive(Clone, Copy, Debug)]
pub struct CopiedStack<'a>(pub &'a UserStack);

impl StackMemory for CopiedStack<'_> {
    fn word(&mut self, address: u64) -> Option<u64> {
        let offset = usize::try_from(address.checked_sub(self.0.start)?).ok()?;
        word_at(&self.0.bytes, offset)
    }
}

/// The memory of a process that stands still, such as a traced one, read through `/proc/PID/mem`.
#[derive(Debug)]
pub struct LiveMemory {
    mem: File,
    pages: Vec<(u64, Box<Page>)>,
}

type Page = [u8; PAGE];
const PAGE: usize = 4096;
/// Pages kept for one stack: 1 MiB, after which the oldest is read again.
const MAX_PAGES: usize = 256;

impl LiveMemory {
    /// Opens the memory of a process.
    ///
    /// # Errors
    /// As `open(2)` of `/proc/PID/mem`: the process is gone, or not ours to trace.
    pub fn open(pid: Pid) -> io::Result<Self> {
        Ok(Self { mem: File::open(format!("/proc/{pid}/mem"))?, pages: Vec::new() })
    }

    /// Forgets what was read: call it whenever the process has run.
    pub fn forget(&mut self) {
        self.pages.clear();
    }

    fn page(&mut self, base: u64) -> Option<&Page> {
        if let Some(at) = self.pages.iter().position(|(known, _)| *known == base) {
            return self.pages.get(at).map(|(_, page)| &**page);
        }
        let mut page = Box::new([0; PAGE]);
        self.mem.read_exact_at(&mut page[..], base).ok()?;
        if self.pages.len() == MAX_PAGES {
            self.pages.remove(0);
        }
        self.pages.push((base, page));
        self.pages.last().map(|(_, page)| &**page)
    }
}

impl StackMemory for LiveMemory {
    fn word(&mut self, address: u64) -> Option<u64> {
        let in_page = (address % PAGE as u64) as usize;
        if in_page + 8 <= PAGE {
            return word_at(self.page(address - in_page as u64)?, in_page);
        }
        let mut bytes = [0; 8];
        self.mem.read_exact_at(&mut bytes, address).ok()?;
        Some(u64::from_le_bytes(bytes))
    }
}

fn word_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let word = bytes.get(offset..offset.checked_add(8)?)?;
    word.try_into().ok().map(u64::from_le_bytes)
}
