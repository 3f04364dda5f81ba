//! Runs the binary under test.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run of the binary left behind.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `skep` with these arguments and an empty standard input.
pub(crate) fn skep<const N: usize>(args: [&str; N]) -> Ran {
    skep_with_input(&args, "")
}

/// Runs `skep` with these arguments and this standard input.
pub(crate) fn skep_with_input(args: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap_or_else(|| panic!("{args:?}: {}", output.status)),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// The JSON document on standard output, which is all that is there.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.stderr))
    }

    /// Fails unless the run ended well.
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

/// An object of `programs/` by its name without endings.
pub(crate) fn program(name: &str) -> String {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    top.join(format!("programs/{name}.bpf.o")).to_str().unwrap().to_owned()
}

/// An object of `tests/ui/classic/` by its name without endings.
pub(crate) fn classic(name: &str) -> String {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    top.join(format!("tests/ui/classic/{name}.bpf.o")).to_str().unwrap().to_owned()
}
