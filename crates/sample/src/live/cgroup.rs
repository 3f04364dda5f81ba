//! Control groups: where one is, and who is in it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use skep_abi::Pid;

use crate::error::OpenError;

/// A cgroup's directory in the hierarchy that perf uses.
#[derive(Debug)]
pub(super) struct Cgroup {
    pub(super) directory: File,
    path: PathBuf,
}

impl Cgroup {
    /// Finds a cgroup by its directory, or by its path below the mount point of perf's hierarchy.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let relative = path.strip_prefix("/").unwrap_or(path);
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = hierarchies(&mounts).into_iter().map(|mount| mount.join(relative));
        let tried: Vec<_> = [path.to_owned()].into_iter().chain(below).collect();
        let found = tried.iter().find(|path| path.join("cgroup.procs").exists());
        let Some(found) = found else {
            return Err(OpenError::NoSuchCgroup { path: path.into(), tried });
        };
        let doing = "opening the cgroup's directory";
        let directory = File::open(found).map_err(|source| OpenError::System { doing, source })?;
        Ok(Self { directory, path: found.clone() })
    }

    /// The processes in it and in the cgroups below, as they are now.
    pub(super) fn members(&self) -> BTreeSet<Pid> {
        let mut members = BTreeSet::new();
        collect(&self.path, &mut members);
        members
    }
}

fn collect(path: &Path, members: &mut BTreeSet<Pid>) {
    let text = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    members.extend(text.lines().filter_map(|line| line.parse().ok()).map(Pid));
    for entry in path.read_dir().into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), members);
        }
    }
}

/// Mount points of hierarchies that perf may use: v1's perf_event first, since v2 has it only where v1 has not.
fn hierarchies(mounts: &str) -> Vec<PathBuf> {
    let rows = || mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let first = rows().filter_map(|row| match row[..] {
        [_, mount, "cgroup", options, ..] if options.split(',').any(|o| o == "perf_event") => {
            Some(PathBuf::from(mount))
        }
        _ => None,
    });
    let second = rows().filter_map(|row| match row[..] {
        [_, mount, "cgroup2", ..] => Some(PathBuf::from(mount)),
        _ => None,
    });
    first.chain(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfs_own_hierarchy_comes_first() {
        let mounts = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n\
            cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
            cgroup /sys/fs/cgroup/perf_event cgroup rw,perf_event 0 0\n";
        let expected = ["/sys/fs/cgroup/perf_event", "/sys/fs/cgroup/unified"].map(PathBuf::from);
        assert_eq!(hierarchies(mounts), expected);
    }

    #[test]
    fn a_missing_cgroup_names_the_places_that_were_looked_at() {
        let error = Cgroup::open(Path::new("/no/such.slice")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("there is no cgroup `/no/such.slice` (looked at /no/such.slice")
        );
    }
}
