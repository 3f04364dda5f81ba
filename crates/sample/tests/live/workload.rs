//! The C programs of `tests/workloads`, compiled when a test needs one.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A compiled program in a folder of its own.
pub(crate) struct Workload {
    _folder: TempDir,
    path: PathBuf,
}

impl Workload {
    /// Compiles a program; `None`, with the reason printed, without a compiler.
    pub(crate) fn build(name: &str, flags: &[&str]) -> Option<Self> {
        let source = format!("{}/../../tests/workloads/{name}.c", env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let run = Command::new("cc")
            .args(flags)
            .arg("-pthread")
            .arg("-o")
            .arg(&path)
            .arg(source)
            .output();
        match run {
            Ok(run) if run.status.success() => Some(Self { _folder: folder, path }),
            Ok(run) => panic!("{}", String::from_utf8_lossy(&run.stderr)),
            Err(error) => {
                println!("skipped: cc: {error}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}
