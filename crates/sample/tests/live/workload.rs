//! The C programs of `tests/workloads`, compiled when a test needs one; and processes that tests start.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use skep_abi::Pid;
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
                skep_skip::skipped!("cc: {error}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

/// A process of ours that is ended with the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(path: &str, arguments: &[&str]) -> Self {
        let child = Command::new(path).args(arguments).stdout(Stdio::null()).spawn();
        Self(child.unwrap())
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid(self.0.id())
    }

    /// Waits until it has so many threads.
    pub(crate) fn wait_for_threads(&self, count: usize) {
        let threads = || fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap().count();
        while threads() < count {
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
