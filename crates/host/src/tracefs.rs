//! Ids of tracepoints: tracefs, where it is mounted, or mounted by us where nobody sees it.
//!
//! The kernel tells the ids nowhere else. Root can have the file system without a place in the tree (`fsopen(2)`,
//! `fsmount(2)`, 5.2): it goes with the descriptor.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use crate::HostError;

/// Where tracefs usually is.
const PLACES: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
/// Most bytes that are read of a file; real ones have a few thousand.
const FILE_MAX: u64 = 1 << 20;

/// The file system of the kernel's tracing.
#[derive(Debug)]
pub struct Tracefs {
    root: OwnedFd,
}

impl Tracefs {
    /// Opens it.
    ///
    /// # Errors
    /// When it is not mounted and this process may not mount it, or the kernel has none.
    pub fn open() -> Result<Self, HostError> {
        let folder = OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC;
        for place in PLACES {
            if let Ok(root) = open(place, folder, Mode::empty())
                && openat(&root, "events", folder, Mode::empty()).is_ok()
            {
                return Ok(Self { root });
            }
        }
        Self::mount().map_err(|error| {
            HostError::new("show its tracepoints", &error).with_hint(
                "tracefs is not mounted at /sys/kernel/tracing, and mounting it apart from the tree needs CAP_SYS_ADMIN and Linux 5.2 with CONFIG_TRACING",
            )
        })
    }

    fn mount() -> io::Result<Self> {
        let context = fsopen("tracefs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_create(&context)?;
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let root = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?;
        Ok(Self { root })
    }

    /// The id of a tracepoint, as `perf_event_attr.config` takes it: `sched`, `sched_switch`.
    ///
    /// # Errors
    /// When the kernel has no such tracepoint, or does not show it.
    pub fn id(&self, category: &str, name: &str) -> Result<u64, HostError> {
        let text = self.read(category, name, "id")?;
        text.trim().parse().map_err(|_| {
            HostError::missing(
                format!("tell the id of tracepoint {category}:{name}"),
                format!("its id reads {text:?}, which is no number"),
            )
        })
    }

    /// The layout of a tracepoint's records, in the kernel's words.
    ///
    /// # Errors
    /// When the kernel has no such tracepoint, or does not show it.
    pub fn format(&self, category: &str, name: &str) -> Result<String, HostError> {
        self.read(category, name, "format")
    }

    /// The stream of what is traced as text; reading it takes lines away from other readers, and never waits.
    ///
    /// # Errors
    /// When the kernel does not show it, or somebody else reads it (-EBUSY).
    pub(crate) fn trace_pipe(&self) -> Result<File, HostError> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(&self.root, "trace_pipe", flags, Mode::empty())
            .map(File::from)
            .map_err(|error| HostError::new("show what programs print", &io::Error::from(error)))
    }

    fn read(&self, category: &str, name: &str, file: &str) -> Result<String, HostError> {
        let what = || format!("tell the {file} of tracepoint {category}:{name}");
        if [category, name].iter().any(|word| word.is_empty() || word.contains(['/', '\0', '.'])) {
            return Err(HostError::missing(what(), "a tracepoint is named category:name"));
        }
        let path = format!("events/{category}/{name}/{file}");
        let mut text = String::new();
        openat(&self.root, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(io::Error::from)
            .and_then(|fd| File::from(fd).take(FILE_MAX).read_to_string(&mut text))
            .map_err(|error| {
                let refusal = HostError::new(what(), &error);
                match error.kind() {
                    io::ErrorKind::NotFound => refusal.with_hint(
                        "this kernel has no such tracepoint: see /sys/kernel/tracing/available_events",
                    ),
                    _ => refusal,
                }
            })?;
        Ok(text)
    }
}
