//! `/proc/TID/cgroup`: the control group of a thread in the default hierarchy, with the numbers that programs see.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use skep_abi::Pid;

use crate::task::CgroupDir;

/// Inode of the root of the hierarchy.
const ROOT: u64 = 1;

/// Where the hierarchy is mounted, when its true root is: a namespace shows a part of it, in which numbers of those above
/// are not to be seen.
fn mount() -> Option<&'static PathBuf> {
    static MOUNT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let mut words = mounts.lines().map(|line| line.split(' '));
        let found = words.find_map(|mut words| {
            let at = words.nth(1)?;
            (words.next() == Some("cgroup2")).then(|| PathBuf::from(at))
        })?;
        (fs::metadata(&found).ok()?.ino() == ROOT).then_some(found)
    };
    MOUNT.get_or_init(find).as_ref()
}

/// The directories that a thread's control group lies in, and its own.
pub(crate) fn of_task(tid: Pid) -> Option<Vec<CgroupDir>> {
    let mut at = mount()?.clone();
    let text = fs::read_to_string(format!("/proc/{tid}/cgroup")).ok()?;
    let mut dirs = Vec::new();
    for name in path(&text)? {
        at.push(name);
        dirs.push(CgroupDir { name: name.to_owned(), id: fs::metadata(&at).ok()?.ino() });
    }
    Some(dirs)
}

/// The names on the way to the control group; `None` for one that was removed, or that lies outside of the namespace.
fn path(text: &str) -> Option<Vec<&str>> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let is_plain = !path.ends_with(" (deleted)") && !names.contains(&"..");
    is_plain.then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        let text = "1:name=systemd:/x\n0::/user.slice/my group\n";
        assert_eq!(path(text), Some(vec!["user.slice", "my group"]));
        assert_eq!(path("0::/\n"), Some(vec![]));
        for other in ["1:cpu:/x\n", "0::/../x\n", "0::/gone (deleted)\n"] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn each_directory_has_the_number_of_its_inode() {
        let tid = Pid(rustix::thread::gettid().as_raw_pid() as u32);
        let (Some(dirs), Some(mount)) = (of_task(tid), mount()) else {
            return skep_skip::skipped!("the root of the default hierarchy is not mounted");
        };
        let at = dirs.iter().fold(mount.clone(), |at, dir| at.join(&dir.name));
        let own = dirs.last().map_or(ROOT, |dir| dir.id);
        assert_eq!(fs::metadata(&at).unwrap().ino(), own);
        let procs = fs::read_to_string(at.join("cgroup.procs")).unwrap();
        assert!(procs.lines().any(|pid| pid == std::process::id().to_string()), "{at:?}");
    }
}
