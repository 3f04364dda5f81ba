//! What a scheduler asks for when it is loaded: `struct sched_ext_ops`, as far as idle tracking depends on it.

use skep_abi::{Errno, KernelVersion};

/// Bytes of a scheduler's name with its NUL (`SCX_OPS_NAME_LEN`).
const NAME_LEN: usize = 128;
/// First release with idle masks for each node, and most of its flags.
const PER_NODE_SINCE: KernelVersion = KernelVersion::new(6, 15);
/// First release with the flags of [`FLAGS_7`].
const FLAGS_7_SINCE: KernelVersion = KernelVersion::new(7, 1);

/// `KEEP_BUILTIN_IDLE`, `ENQ_LAST`, `ENQ_EXITING`, `SWITCH_PARTIAL`, `HAS_CGROUP_WEIGHT`.
const FLAGS_6_12: u64 = 0xf | 1 << 16;
/// The same, `ENQ_MIGRATION_DISABLED`, `ALLOW_QUEUED_WAKEUP`, `BUILTIN_IDLE_PER_NODE` (`SCX_OPS_ALL_FLAGS` of 6.18 and
/// 6.19).
const FLAGS_6_15: u64 = 0x7f | 1 << 16;
/// `SCX_OPS_ALL_FLAGS` of 7.2.
const FLAGS_7: u64 = 0x1ff;

/// The machine keeps its own idle masks although the scheduler has `ops.update_idle` (`SCX_OPS_KEEP_BUILTIN_IDLE`).
pub const OPS_KEEP_BUILTIN_IDLE: u64 = 1 << 0;
/// Idle masks for each NUMA node instead of global ones (`SCX_OPS_BUILTIN_IDLE_PER_NODE`, since 6.15).
pub const OPS_BUILTIN_IDLE_PER_NODE: u64 = 1 << 6;

/// A scheduler, as far as it matters to those that only watch: its name, its flags, which of its operations exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedExtOps {
    /// Its name, up to 127 letters, digits, dots and underscores.
    pub name: String,
    /// `SCX_OPS_*`.
    pub flags: u64,
    /// Whether it has `ops.update_idle`, which turns the built-in idle tracking off unless the flags keep it.
    pub has_update_idle: bool,
    /// Whether it has `ops.cpu_online`; one without exits when a CPU comes.
    pub has_cpu_online: bool,
    /// Whether it has `ops.cpu_offline`; one without exits when a CPU goes.
    pub has_cpu_offline: bool,
    /// The count of hotplug events that it was made for; 0 for any.
    pub hotplug_seq: u64,
}

impl SchedExtOps {
    /// A scheduler that leaves idle tracking to the kernel.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            flags: 0,
            has_update_idle: false,
            has_cpu_online: false,
            has_cpu_offline: false,
            hotplug_seq: 0,
        }
    }

    /// The same with more flags.
    #[must_use]
    pub fn flags(mut self, flags: u64) -> Self {
        self.flags |= flags;
        self
    }

    /// The same with `ops.update_idle`.
    #[must_use]
    pub fn update_idle(mut self) -> Self {
        self.has_update_idle = true;
        self
    }

    /// The same with `ops.cpu_online` and `ops.cpu_offline`.
    #[must_use]
    pub fn hotplug(mut self) -> Self {
        (self.has_cpu_online, self.has_cpu_offline) = (true, true);
        self
    }

    /// Whether the kernel tracks idle CPUs while it is loaded.
    #[must_use]
    pub fn has_builtin_idle(&self) -> bool {
        !self.has_update_idle || self.flags & OPS_KEEP_BUILTIN_IDLE != 0
    }

    /// Whether there are masks for each node.
    #[must_use]
    pub fn is_per_node(&self) -> bool {
        self.flags & OPS_BUILTIN_IDLE_PER_NODE != 0
    }

    /// What keeps its map from being filled (`bpf_scx_init_member`), before anything is enabled.
    pub(super) fn check_members(&self, version: KernelVersion) -> Result<(), (Errno, String)> {
        let known = match version {
            _ if version >= FLAGS_7_SINCE => FLAGS_7,
            _ if version >= PER_NODE_SINCE => FLAGS_6_15,
            _ => FLAGS_6_12,
        };
        let strange = self.flags & !known;
        if strange != 0 {
            return Err((
                Errno::EINVAL,
                format!("Linux {version} knows no scheduler flag {strange:#x}"),
            ));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        if self.name.is_empty() {
            return Err((Errno::EINVAL, "a scheduler needs a name".to_owned()));
        }
        if self.name.len() >= NAME_LEN || !self.name.bytes().all(is_plain) {
            return Err((
                Errno::EINVAL,
                format!(
                    "a scheduler's name has up to 127 letters, digits, dots and underscores, unlike `{}`",
                    self.name.escape_default()
                ),
            ));
        }
        Ok(())
    }

    /// What ends it before it is enabled (`validate_ops`): the kernel's sentence.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.is_per_node() && !self.has_builtin_idle() {
            return Err("SCX_OPS_BUILTIN_IDLE_PER_NODE requires CPU idle selection enabled");
        }
        Ok(())
    }
}
