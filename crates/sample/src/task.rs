//! Tasks: what is known of a thread besides its numbers.

use std::fmt;

use skep_abi::{Cpu, Pid};

/// A thread's name: at most 15 bytes and a NUL (`TASK_COMM_LEN`).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Comm([u8; 16]);

impl Comm {
    /// A name; what follows a NUL or the 15th byte is cut off, as the kernel does.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let name = name.iter().take(15).take_while(|byte| **byte != 0);
        bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// The name without its NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The 16 bytes of `task_struct.comm`, padded with NULs.
    #[must_use]
    pub const fn padded(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

/// A set of CPUs, as words of 64 bits, CPU 0 in the lowest bit of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuMask(Vec<u64>);

impl CpuMask {
    /// The words.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    /// Tells whether a CPU is in the set.
    #[must_use]
    pub fn has(&self, cpu: Cpu) -> bool {
        self.0.get(cpu.0 as usize / 64).is_some_and(|word| word >> (cpu.0 % 64) & 1 != 0)
    }

    /// Reads the kernel's form: groups of 32 bits in hex, the highest first, between commas.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let groups = text.trim().rsplit(',');
        let halves: Option<Vec<u64>> = groups.map(|g| u64::from_str_radix(g, 16).ok()).collect();
        let word = |pair: &[u64]| match pair {
            [low, high] => low | high << 32,
            [low] => *low,
            _ => 0,
        };
        Some(Self(halves?.chunks(2).map(word).collect()))
    }
}

/// The directory of a control group below the root of the default hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupDir {
    /// Name.
    pub name: String,
    /// Number of its inode, by which programs know it.
    pub id: u64,
}

/// A thread, as `/proc` or its parent's records describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Process (`tgid`).
    pub pid: Pid,
    /// Thread (`pid` in the kernel).
    pub tid: Pid,
    /// Parent process, where known.
    pub parent: Option<Pid>,
    /// Name.
    pub comm: Comm,
    /// Real user id, where known.
    pub uid: Option<u32>,
    /// Real group id, where known.
    pub gid: Option<u32>,
    /// CPUs that it may run on, where known.
    pub cpus_allowed: Option<CpuMask>,
    /// The control group of the default hierarchy that it is in, and those above it, the highest first, where known; none
    /// for the root.
    pub cgroup: Option<Vec<CgroupDir>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_the_kernel_cuts_them() {
        assert_eq!(Comm::new(b"a-name-of-20-letters").as_bytes(), b"a-name-of-20-le");
        assert_eq!(Comm::new(b"a\0b").as_bytes(), b"a");
        assert_eq!(Comm::new(b"ab").padded(), b"ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(Comm::new(&[0xff, b'x']).to_string(), "\u{fffd}x");
    }

    #[test]
    fn masks_read_from_the_highest_group_down() {
        let mask = CpuMask::parse("1,00000000,80000001").unwrap();
        assert_eq!(mask.words(), [0x8000_0001, 1]);
        assert!(mask.has(Cpu(0)) && mask.has(Cpu(31)) && mask.has(Cpu(64)));
        assert!(!mask.has(Cpu(32)) && !mask.has(Cpu(1000)));
        assert_eq!(CpuMask::parse("x"), None);
    }
}
