//! The guest's only process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, reboot};
use skep_host::HostObject;

use super::{Line, MARK};
use crate::selftests::judge;
use crate::selftests::object::{entries, read};
use crate::selftests::worker::{Judged, untyped};
use crate::top;

/// This program, linked so that it needs no libraries.
pub(super) fn binary(work: &Path) -> Result<PathBuf, String> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let folder = work.join("build");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "-p", "xtask", "--target", TARGET, "-q"])
        .current_dir(top())
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C debuginfo=0 -C strip=symbols")
        .status()
        .map_err(|e| format!("cannot run cargo: {e}"))?;
    if !status.success() {
        return Err(format!("building the guest's program ended with {status}"));
    }
    Ok(folder.join(TARGET).join("release/xtask"))
}

/// Judges every object in `/objs` and powers off.
pub(crate) fn judge() -> Result<(), String> {
    let judged = prepare().and_then(|()| judge_all());
    if let Err(why) = &judged {
        println!("skep-guest: {why}");
    }
    reboot(RebootCommand::PowerOff).map_err(|e| e.to_string())?;
    judged
}

fn prepare() -> Result<(), String> {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys")] {
        mount(kind, place, kind, MountFlags::empty(), None::<&std::ffi::CStr>)
            .map_err(|e| format!("cannot mount {place}: {e}"))?;
    }
    // Messages of the kernel would end up within our lines.
    fs::write("/proc/sys/kernel/printk", "0").map_err(|e| format!("printk: {e}"))
}

fn judge_all() -> Result<(), String> {
    let profile = skep::profile::running().map_err(|e| e.to_string())?;
    let entries = fs::read_dir("/objs").map_err(|e| format!("/objs: {e}"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let judged = judge_object(&path, &name, &profile);
        let line = serde_json::to_string(&Line { name, judged }).map_err(|e| e.to_string())?;
        let mut out = io::stdout().lock();
        writeln!(out, "\n{MARK}{line}").and_then(|()| out.flush()).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn judge_object(path: &Path, name: &str, profile: &skep_object::KernelProfile) -> Judged {
    let resolved = match read(path, profile) {
        Ok(resolved) => resolved,
        Err(why) => return Judged { unreadable: Some(why), ..Judged::default() },
    };
    let entries = entries(name, &resolved);
    let host = HostObject::create(&resolved);
    Judged {
        unreadable: None,
        cases: entries.iter().map(|entry| entry.case.clone()).collect(),
        answers: entries.iter().map(|entry| judge::kernel(&resolved, &host, entry)).collect(),
        untyped: untyped(&host, &resolved),
        btf_error: host.btf_error().map(ToString::to_string),
    }
}
