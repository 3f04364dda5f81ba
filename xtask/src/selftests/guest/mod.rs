//! The selftests before another kernel: Debian's, booted in QEMU without KVM, its verdicts beside those of skep with
//! the profile that it ships for that release.
//!
//! The guest is nothing but the kernel and this program as its first process, which judges the objects in its initial
//! file system and writes what became of them to the serial line.

mod cpio;
mod init;
mod kernel;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, thread};

use serde::{Deserialize, Serialize};

use super::sources::Folders;
use super::worker::{Judged, Request, Side};
use super::{Object, Options, SKEP_LIMIT, judge_all, report, rows};

pub(crate) use init::judge as judge_as_init;

/// How a line of the serial line begins that is meant for us.
const MARK: &str = "skep-judged ";
/// Bytes of memory: the objects, unpacked, and the largest verification.
const MEMORY: &str = "4G";

/// What the guest says of one object.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    name: String,
    judged: Judged,
}

/// Boots the kernel of a release, has it judge the objects, compares.
///
/// # Errors
/// When something cannot be installed, fetched or booted, or when the guest stops in the middle.
pub(crate) fn run(
    folders: &Folders,
    version: &str,
    objects: &[Object],
    options: &Options,
) -> Result<(), String> {
    let work = folders.work.join(format!("guest-{version}"));
    fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    let kept = work.join("verdicts.json");
    let mut known: HashMap<String, Judged> = match fs::read(&kept) {
        Ok(bytes) if !options.refresh => serde_json::from_slice(&bytes).unwrap_or_default(),
        _ => HashMap::new(),
    };
    let missing: Vec<&Object> =
        objects.iter().filter(|object| !known.contains_key(&object.name)).collect();
    if !missing.is_empty() {
        let image = kernel::fetch(&work, version)?;
        let initrd = work.join("initrd.cpio");
        cpio::write(&initrd, &init::binary(&work)?, &missing)?;
        eprintln!("selftests: Linux {version} judges {} objects in QEMU", missing.len());
        let expected = missing.len();
        boot(&image, &initrd, |line| {
            known.insert(line.name, line.judged);
            // Kept at once: a guest that stops in the middle has not judged in vain.
            serde_json::to_vec(&known).is_ok_and(|bytes| fs::write(&kept, bytes).is_ok())
        })?;
        let judged = missing.iter().filter(|object| known.contains_key(&object.name)).count();
        if judged < expected {
            return Err(format!("the guest judged {judged} of {expected} objects and stopped"));
        }
    }
    let kernel: Vec<Judged> =
        objects.iter().map(|object| known.get(&object.name).cloned().unwrap_or_default()).collect();
    let requests: Vec<Request> = objects
        .iter()
        .zip(&kernel)
        .map(|(object, kernel)| Request {
            side: Side::Skep,
            name: object.name.clone(),
            path: object.path.clone(),
            skip: 0,
            untyped: kernel.untyped.clone(),
            kernel: Some(version.to_owned()),
        })
        .collect();
    let skep = judge_all(&requests, options.jobs, SKEP_LIMIT)?;
    let rows = rows(objects, &kernel, &skep, options.prog_type.as_deref());
    report(folders, version, &kernel, &rows, options)
}

/// Runs the guest until it powers off.
fn boot(image: &Path, initrd: &Path, mut take: impl FnMut(Line) -> bool) -> Result<(), String> {
    let mut guest = Command::new("qemu-system-x86_64")
        .args(["-nodefaults", "-no-user-config", "-nographic", "-no-reboot"])
        .args(["-accel", "tcg,thread=single", "-cpu", "max", "-m", MEMORY, "-serial", "stdio"])
        .arg("-kernel")
        .arg(image)
        .arg("-initrd")
        .arg(initrd)
        .args(["-append", "console=ttyS0 quiet panic=-1 -- selftests --guest"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run qemu-system-x86_64 (apt: qemu-system-x86): {e}"))?;
    let (Some(stdout), Some(stderr)) = (guest.stdout.take(), guest.stderr.take()) else {
        return Err("the guest has no console".to_owned());
    };
    let complaints = thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
    });
    let mut last = String::new();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.map_err(|e| e.to_string())?;
        let line = String::from_utf8_lossy(&line);
        let Some((_, json)) = line.split_once(MARK) else {
            line.trim().clone_into(&mut last);
            continue;
        };
        let judged: Line = serde_json::from_str(json.trim())
            .map_err(|e| format!("the guest's line cannot be read: {e}"))?;
        if !take(judged) {
            return Err("the verdicts cannot be written".to_owned());
        }
    }
    let status = guest.wait().map_err(|e| e.to_string())?;
    let complaints = complaints.join().unwrap_or_default();
    if status.success() {
        Ok(())
    } else {
        Err(format!("QEMU ended with {status}: {complaints} (last line: {last})"))
    }
}
