//! Compiles `progs/*.c` as the selftests' Makefile does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use super::sources::Folders;

/// The same for each source. Warnings are the kernel's business.
const FLAGS: &[&str] = &[
    "-g",
    "-D__TARGET_ARCH_x86",
    "-DENABLE_ATOMICS_TESTS",
    "-mlittle-endian",
    "-std=gnu11",
    "-fno-strict-aliasing",
    "-Wno-everything",
    "-O2",
    "--target=bpfel",
    "-mcpu=v3",
    "-I.",
    "-I../../../include/uapi",
];
/// Sources that the Makefile compiles in its own way.
const NO_INLINE: &[&str] = &["test_l4lb_noinline", "test_xdp_noinline"];

/// A source that does not compile, and the compiler's first error.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// Compiles the wanted sources that have no object yet; returns those that do not compile.
pub(crate) fn build(
    folders: &Folders,
    jobs: usize,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Failed>, String> {
    let progs = folders.selftests().join("progs");
    let entries = fs::read_dir(&progs).map_err(|e| format!("{}: {e}", progs.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".c").map(str::to_owned))
        .filter(|name| is_wanted(name))
        .collect();
    names.sort();
    let includes = system_includes()?;
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = compile(folders, &includes, name) {
                        let mut failed = failed.lock().unwrap_or_else(|e| e.into_inner());
                        failed.push(Failed { name: name.clone(), reason });
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(|e| e.into_inner());
    failed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(failed)
}

/// Where the host's compiler looks, so that headers which are missing for BPF are found.
fn system_includes() -> Result<Vec<String>, String> {
    let output = Command::new("clang-19")
        .args(["-v", "-E", "-x", "c", "/dev/null"])
        .output()
        .map_err(|e| format!("cannot run clang-19: {e}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let list = text.split("<...> search starts here:").nth(1).unwrap_or_default();
    let list = list.split("End of search list.").next().unwrap_or_default();
    Ok(list
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
        .map(str::to_owned)
        .collect())
}

fn compile(folders: &Folders, includes: &[String], name: &str) -> Result<(), String> {
    let object = folders.objects().join(format!("{name}.o"));
    let refused = folders.objects().join(format!("{name}.error"));
    if object.exists() {
        return Ok(());
    }
    if let Ok(reason) = fs::read_to_string(&refused) {
        return Err(reason);
    }
    let made = object.with_extension("tmp");
    let output = command(folders, includes, name, &made)
        .output()
        .map_err(|e| format!("cannot run clang-19: {e}"))?;
    if output.status.success() {
        return fs::rename(&made, &object).map_err(|e| format!("{}: {e}", object.display()));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let reason = errors.lines().find(|line| line.contains("error:"));
    let reason = reason.unwrap_or("the compiler gave no reason").to_owned();
    // Only to save the next run from trying again.
    let _ = fs::write(&refused, &reason);
    Err(reason)
}

fn command(folders: &Folders, includes: &[String], name: &str, object: &Path) -> Command {
    let mut command = Command::new("clang-19");
    command.current_dir(folders.selftests()).args(FLAGS);
    command.arg("-I").arg(folders.include());
    for include in includes {
        command.arg("-idirafter").arg(include);
    }
    if NO_INLINE.contains(&name) {
        command.arg("-fno-inline");
    }
    let source: PathBuf = Path::new("progs").join(format!("{name}.c"));
    command.arg("-c").arg(source).arg("-o").arg(object);
    command
}
