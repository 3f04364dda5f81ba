//! `struct perf_event_header`: type, flags and size, before every record.

use super::RecordError;
use super::cursor::Cursor;

/// The first 8 bytes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// `PERF_RECORD_*`.
    pub kind: u32,
    /// CPU mode and flags whose meaning depends on the type.
    pub misc: Misc,
    /// Bytes of the record, this header included.
    pub size: u16,
}

impl Header {
    /// Bytes of a header.
    pub const SIZE: usize = 8;

    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// When there are fewer than 8 bytes, or the size is below 8. That the record lies within `bytes` is not checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut cursor = Cursor::new(bytes, 0);
        if cursor.left() < Self::SIZE {
            return Err(RecordError::HeaderTruncated { found: cursor.left() });
        }
        let kind = cursor.u32("type")?;
        let misc = Misc(cursor.u16("misc")?);
        let size = cursor.u16("size")?;
        if usize::from(size) < Self::SIZE {
            return Err(RecordError::Size { kind, size, available: bytes.len() });
        }
        Ok(Self { kind, misc, size })
    }
}

/// The `misc` field of a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misc(pub u16);

impl Misc {
    const BIT_13: u16 = 1 << 13;
    const BIT_14: u16 = 1 << 14;

    /// What the CPU ran when the record was made.
    #[must_use]
    pub const fn cpu_mode(self) -> CpuMode {
        match self.0 & 7 {
            1 => CpuMode::Kernel,
            2 => CpuMode::User,
            3 => CpuMode::Hypervisor,
            4 => CpuMode::GuestKernel,
            5 => CpuMode::GuestUser,
            _ => CpuMode::Unknown,
        }
    }

    /// MMAP: the mapping holds data, not code.
    #[must_use]
    pub const fn is_mmap_data(self) -> bool {
        self.0 & Self::BIT_13 != 0
    }

    /// COMM: the name changed because of `execve`.
    #[must_use]
    pub const fn is_comm_exec(self) -> bool {
        self.0 & Self::BIT_13 != 0
    }

    /// FORK: perf wrote the record of a task that ran already; it has nothing of its parent's.
    #[must_use]
    pub const fn is_fork_exec(self) -> bool {
        self.0 & Self::BIT_13 != 0
    }

    /// SWITCH: the task leaves the CPU.
    #[must_use]
    pub const fn is_switch_out(self) -> bool {
        self.0 & Self::BIT_13 != 0
    }

    /// SAMPLE: the address is exact, without skid.
    #[must_use]
    pub const fn is_exact_ip(self) -> bool {
        self.0 & Self::BIT_14 != 0
    }

    /// SWITCH: the task was preempted while it could run.
    #[must_use]
    pub const fn is_switch_out_preempt(self) -> bool {
        self.0 & Self::BIT_14 != 0
    }

    /// MMAP2: the record carries a build id in place of device and inode.
    #[must_use]
    pub const fn is_mmap_build_id(self) -> bool {
        self.0 & Self::BIT_14 != 0
    }
}

/// What a CPU was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuMode {
    /// Not said.
    Unknown,
    /// The kernel.
    Kernel,
    /// User space.
    User,
    /// A hypervisor.
    Hypervisor,
    /// The kernel of a virtual machine.
    GuestKernel,
    /// User space of a virtual machine.
    GuestUser,
}
