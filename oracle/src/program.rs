//! The programs of this folder, compiled.
//!
//! The head of a source may say `/* clang: N */`, the first release that compiles it, and `/* flags: … */`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compilers whose objects are compared, where they are installed.
const RELEASES: [u32; 9] = [14, 15, 16, 17, 18, 19, 20, 21, 22];

/// One source.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name up to its first dot.
    pub name: String,
    path: PathBuf,
    /// The first release of clang that compiles it.
    pub since: u32,
    flags: Vec<String>,
    /// Of a program that libbpf refuses: whether skep takes it all the same (`/* ours: accepts */`).
    pub ours_accepts: bool,
}

/// Sources of programs that are taken.
///
/// # Errors
/// When the folder cannot be read.
pub fn sources() -> io::Result<Vec<Source>> {
    read(&folder())
}

/// Sources of programs that are refused.
///
/// # Errors
/// When the folder cannot be read.
pub fn refused() -> io::Result<Vec<Source>> {
    read(&folder().join("refused"))
}

fn read(folder: &Path) -> io::Result<Vec<Source>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = name.strip_suffix(".bpf.c") else { continue };
        let text = std::fs::read_to_string(&path)?;
        let said = |what: &str| {
            let start = format!("/* {what}: ");
            text.lines().take(5).find_map(|line| line.strip_prefix(&start)?.strip_suffix(" */"))
        };
        let since = said("clang").and_then(|number| number.parse().ok()).unwrap_or(0);
        let flags = said("flags").map(|flags| flags.split(' ').map(str::to_owned).collect());
        found.push(Source {
            name: name.to_owned(),
            path: path.clone(),
            since,
            flags: flags.unwrap_or_default(),
            ours_accepts: said("ours") == Some("accepts"),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs")
}

/// The compilers that are installed, oldest first.
#[must_use]
pub fn compilers() -> Vec<u32> {
    let runs = |release: &u32| {
        Command::new(format!("clang-{release}"))
            .arg("--version")
            .output()
            .is_ok_and(|out| out.status.success())
    };
    RELEASES.into_iter().filter(runs).collect()
}

impl Source {
    /// Instruction sets that it is compiled for: the compiler's own choice, and the oldest, unless it says one.
    #[must_use]
    pub fn variants(&self) -> &'static [&'static [&'static str]] {
        if self.flags.is_empty() { &[&[], &["-mcpu=v1"]] } else { &[&[]] }
    }

    /// Compiles it into a folder.
    ///
    /// # Errors
    /// What the compiler says, when it refuses.
    pub fn compile(&self, clang: u32, more: &[&str], into: &Path) -> Result<PathBuf, String> {
        let object = into.join(format!("{}.bpf.o", self.name));
        let output = Command::new(format!("clang-{clang}"))
            .args([
                "-O2",
                "-g",
                "-target",
                "bpf",
                "-std=gnu11",
                "-Wall",
                "-Werror",
                "-Wno-unused-const-variable",
            ])
            .args(&self.flags)
            .args(more)
            .arg("-I")
            .arg(folder().join("include"))
            .arg("-c")
            .arg(&self.path)
            .arg("-o")
            .arg(&object)
            .output()
            .map_err(|e| format!("clang-{clang}: {e}"))?;
        if output.status.success() {
            Ok(object)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }
}
