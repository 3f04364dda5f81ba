//! Debian's kernel of a release, fetched and unpacked, not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kernel's image.
pub(super) fn fetch(work: &Path, version: &str) -> Result<PathBuf, String> {
    if let Some(image) = image(work) {
        return Ok(image);
    }
    let package = newest(version)?;
    run(Command::new("apt-get").args(["download", "-q", &package]).current_dir(work))?;
    let entries = fs::read_dir(work).map_err(|e| e.to_string())?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let deb = paths.find(|path| path.extension().is_some_and(|end| end == "deb"));
    let deb = deb.ok_or_else(|| format!("apt-get brought no file for {package}"))?;
    let unpacked = work.join("unpacked");
    run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(&unpacked))?;
    image(work).ok_or_else(|| format!("{package} has no boot/vmlinuz"))
}

fn image(work: &Path) -> Option<PathBuf> {
    let boot = fs::read_dir(work.join("unpacked/boot")).ok()?;
    let mut paths = boot.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
    })
}

/// The newest package of this release that apt knows.
fn newest(version: &str) -> Result<String, String> {
    let pattern =
        format!("^linux-image-{}\\.[0-9.+-]*[a-z0-9+]*-?amd64$", version.replace('.', "\\."));
    let found = Command::new("apt-cache")
        .args(["search", "--names-only", &pattern])
        .output()
        .map_err(|e| format!("cannot run apt-cache: {e}"))?;
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let mut names: Vec<&str> = found
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !name.contains("cloud") && !name.contains("-rt") && !name.contains("dbg"))
        .collect();
    names.sort_by_key(|name| numbers(name));
    names.last().map(|name| (*name).to_owned()).ok_or_else(|| {
        format!("apt knows no kernel image of Linux {version}; `apt-get update`, or add the release's backports")
    })
}

/// The numbers within a name, in order: what makes 10 newer than 9.
fn numbers(name: &str) -> Vec<u32> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}
