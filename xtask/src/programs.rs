//! `cargo xtask programs`: compiles `programs/*.bpf.c` so that every machine gets the same bytes.
//!
//! The compiler runs inside the folder with relative names and `-ffile-compilation-dir=.`, and the debug
//! sections are stripped afterwards (BTF stays), so no path of the machine reaches the object.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::top;

const CLANG: &str = "clang-19";
const STRIP: &str = "llvm-strip-19";
/// v3 has 32-bit jumps and arithmetic, and every kernel that skep knows takes it.
const FLAGS: &[&str] = &[
    "-O2",
    "-g",
    "-target",
    "bpf",
    "-mcpu=v3",
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-const-variable",
    "-Iinclude",
    "-ffile-compilation-dir=.",
];

/// Builds the objects, or with `--check` compares fresh ones with those that are committed.
///
/// # Errors
/// When a tool is missing or fails, or when an object is not what its source gives.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(format!("`programs` takes nothing or --check, not {args:?}")),
    };
    let folder = top().join("programs");
    if !check {
        let objects = build(&folder, &folder)?;
        println!("programs: {} objects built", objects.len());
        return Ok(());
    }
    let fresh = Scratch::new("check")?;
    let objects = build(&folder, &fresh.0)?;
    for object in &objects {
        same_bytes(&folder.join(object), &fresh.0.join(object))?;
    }
    for committed in names(&folder, ".bpf.o")? {
        if !objects.contains(&committed) {
            return Err(format!("programs/{} has no source: remove it", committed.display()));
        }
    }
    println!("programs: {} objects are what their sources give", objects.len());
    Ok(())
}

/// Compiles every source of `folder` into `into`; returns the names of the objects, sorted.
fn build(folder: &Path, into: &Path) -> Result<Vec<PathBuf>, String> {
    let sources = names(folder, ".bpf.c")?;
    if sources.is_empty() {
        return Err(format!("{} holds no *.bpf.c", folder.display()));
    }
    let into = fs::canonicalize(into).map_err(|e| format!("{}: {e}", into.display()))?;
    let mut objects = Vec::new();
    for source in sources {
        let object = source.with_extension("o");
        let output = into.join(&object);
        let (source, output) = (source.as_os_str(), output.as_os_str());
        let mut args: Vec<&OsStr> = FLAGS.iter().map(OsStr::new).collect();
        args.extend([OsStr::new("-c"), source, OsStr::new("-o"), output]);
        tool(CLANG, folder, &args)?;
        tool(STRIP, folder, &[OsStr::new("-g"), output])?;
        objects.push(object);
    }
    Ok(objects)
}

fn tool(name: &str, folder: &Path, args: &[&OsStr]) -> Result<(), String> {
    let status = Command::new(name).args(args).current_dir(folder).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} {args:?} ended with {status}")),
        Err(e) => Err(format!("cannot run {name}: {e}; install the packages clang-19 and llvm-19")),
    }
}

fn names(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| name.to_string_lossy().ends_with(ending))
        .map(PathBuf::from)
        .collect();
    names.sort();
    Ok(names)
}

fn same_bytes(committed: &Path, fresh: &Path) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let (committed_bytes, fresh_bytes) = (read(committed)?, read(fresh)?);
    if committed_bytes == fresh_bytes {
        return Ok(());
    }
    let first = committed_bytes.iter().zip(&fresh_bytes).position(|(a, b)| a != b);
    let at = first.unwrap_or(committed_bytes.len().min(fresh_bytes.len()));
    Err(format!(
        "{} is not what its source gives (first difference at byte {at}); run `cargo xtask programs` and commit",
        committed.display()
    ))
}

/// A folder that goes away with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(purpose: &str) -> Result<Self, String> {
        let path = env::temp_dir().join(format!("skep-programs-{purpose}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: the system cleans its temporary folder too.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_compiler() -> bool {
        let found = Command::new(CLANG).arg("--version").output().is_ok();
        if !found {
            eprintln!("skipped: {CLANG} is not installed");
        }
        found
    }

    fn copy_of_programs(purpose: &str) -> Scratch {
        let scratch = Scratch::new(purpose).unwrap();
        let folder = top().join("programs");
        fs::create_dir_all(scratch.0.join("include/skep")).unwrap();
        for source in names(&folder, ".bpf.c").unwrap() {
            fs::copy(folder.join(&source), scratch.0.join(&source)).unwrap();
        }
        for header in names(&folder.join("include/skep"), ".h").unwrap() {
            let name = Path::new("include/skep").join(header);
            fs::copy(folder.join(&name), scratch.0.join(&name)).unwrap();
        }
        scratch
    }

    #[test]
    fn objects_do_not_depend_on_the_folder_they_are_built_in() {
        if !has_compiler() {
            return;
        }
        let (one, other) = (copy_of_programs("one"), copy_of_programs("quite-another"));
        let objects = build(&one.0, &one.0).unwrap();
        assert_eq!(build(&other.0, &other.0).unwrap(), objects);
        for object in objects {
            same_bytes(&one.0.join(&object), &other.0.join(&object)).unwrap();
        }
    }

    #[test]
    fn a_changed_source_is_noticed() {
        if !has_compiler() {
            return;
        }
        let changed = copy_of_programs("changed");
        let source = changed.0.join("ips.bpf.c");
        let text = fs::read_to_string(&source).unwrap().replace("one = 1", "one = 2");
        fs::write(&source, text).unwrap();
        build(&changed.0, &changed.0).unwrap();
        let committed = top().join("programs/ips.bpf.o");
        let error = same_bytes(&committed, &changed.0.join("ips.bpf.o")).unwrap_err();
        assert!(error.contains("is not what its source gives"), "{error}");
    }
}
