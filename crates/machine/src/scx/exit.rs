//! Why a scheduler was disabled: `struct scx_exit_info`, and what the kernel's log says of it.

use std::fmt;

/// Category of an exit (`enum scx_exit_kind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// User space took it away.
    Unreg,
    /// A program asked for it (`scx_bpf_exit_bstr`).
    UnregBpf,
    /// The kernel took it away, such as when CPUs come and go.
    UnregKern,
    /// It broke a rule.
    Error,
    /// A program said so (`scx_bpf_error_bstr`).
    ErrorBpf,
}

impl ExitKind {
    /// The number that programs and user space see.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Unreg => 64,
            Self::UnregBpf => 65,
            Self::UnregKern => 66,
            Self::Error => 1024,
            Self::ErrorBpf => 1025,
        }
    }

    /// `scx_exit_info.reason`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unreg => "unregistered from user space",
            Self::UnregBpf => "unregistered from BPF",
            Self::UnregKern => "unregistered from the main kernel",
            Self::Error => "runtime error",
            Self::ErrorBpf => "scx_bpf_error",
        }
    }

    /// Whether the log calls it an error, and repeats its message.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::ErrorBpf)
    }
}

/// `SCX_ECODE_RSN_HOTPLUG`: a CPU came or went.
pub const ECODE_RSN_HOTPLUG: u64 = 1 << 32;
/// `SCX_ECODE_ACT_RESTART`: user space should load the scheduler again.
pub const ECODE_ACT_RESTART: u64 = 1 << 48;

/// Why a scheduler is disabled (`struct scx_exit_info`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitInfo {
    /// Category.
    pub kind: ExitKind,
    /// `SCX_ECODE_*`, or what the program gave; 0 for errors.
    pub exit_code: u64,
    /// What happened; empty where the reason says it all.
    pub msg: String,
}

impl ExitInfo {
    /// The category in words.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.kind.reason()
    }
}

/// The lines that the kernel logs when a scheduler is disabled, without time and level.
pub(super) fn log_lines(name: &str, info: &ExitInfo) -> Vec<String> {
    let mut lines =
        vec![format!("sched_ext: BPF scheduler \"{name}\" disabled ({})", info.reason())];
    if info.kind.is_error() && !info.msg.is_empty() {
        lines.push(format!("sched_ext: {name}: {}", info.msg));
    }
    lines
}

impl fmt::Display for ExitInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.msg.as_str() {
            "" => f.write_str(self.reason()),
            msg => write!(f, "{}: {msg}", self.reason()),
        }
    }
}
