//! The verifier's log: how much of it is wanted, and the memory for it.

/// `log_level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(pub u32);

impl LogLevel {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The path that ends in the rejection.
    pub const PATH: Self = Self(1);
    /// Every insn of every path.
    pub const ALL: Self = Self(2);
    /// Statistics.
    pub const STATS: Self = Self(4);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Memory for logs, to be used again. Grows when it may.
#[derive(Debug)]
pub struct LogBuffer {
    pub(super) bytes: Vec<u8>,
    pub(super) max: usize,
}

/// Most bytes of a log that kernels take (`UINT_MAX >> 2` since 5.18; older ones take 16 MiB).
const LOG_MAX: usize = 1 << 28;

impl LogBuffer {
    /// A buffer that grows until a log fits.
    #[must_use]
    pub fn whole() -> Self {
        Self { bytes: vec![0; 1 << 16], max: LOG_MAX }
    }

    /// A buffer for a log's last bytes: since 6.4 kernels keep the end of what does not fit.
    #[must_use]
    pub fn tail(len: usize) -> Self {
        Self { bytes: vec![0; len.max(128)], max: len }
    }

    /// What the kernel wrote last.
    #[must_use]
    pub fn text(&self) -> String {
        let end = self.bytes.iter().position(|&byte| byte == 0).unwrap_or(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[..end]).into_owned()
    }
}
