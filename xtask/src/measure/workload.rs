//! Builds the workloads with gcc, and runs the release binary on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The repository's root.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where the workloads' binaries and the measurements' output go.
pub(super) fn scratch() -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join("skep-measure");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The release binary.
pub(super) fn skep() -> PathBuf {
    target_folder().join("release/skep")
}

/// Builds the release binary, so that no stale one is measured.
pub(super) fn build_skep() -> Result<(), String> {
    let built = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--release", "--package", "skep-cli"])
        .current_dir(root())
        .status();
    match built {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo build: {status}")),
        Err(e) => Err(format!("cargo: {e}")),
    }
}

/// Compiles `tests/workloads/NAME.c` with gcc.
pub(super) fn build(name: &str, flags: &[&str]) -> Result<PathBuf, String> {
    let binary = scratch()?.join(name);
    let source = root().join("tests/workloads").join(name).with_extension("c");
    let status = Command::new("gcc")
        .args(["-O2", "-pthread"])
        .args(flags)
        .arg("-o")
        .args([&binary, &source])
        .status()
        .map_err(|e| format!("gcc: {e}"))?;
    if status.success() { Ok(binary) } else { Err(format!("gcc {}: {status}", source.display())) }
}

/// Runs a command to its end and gives its standard output, or what it said when it failed.
pub(super) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let out = command.stderr(Stdio::piped()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(format!("{command:?}: {}: {}", out.status, said.trim().replace('\n', " / ")))
}

/// Runs a skep command that ends in one JSON document.
pub(super) fn json(command: &mut Command) -> Result<Value, String> {
    let text = output(command)?;
    serde_json::from_slice(&text).map_err(|e| format!("{command:?}: not JSON: {e}"))
}

/// Share of the samples, in percent, of each named function in a `profile` document.
pub(super) fn shares(document: &Value, names: &[&str]) -> Result<Vec<f64>, String> {
    let samples = number(document, "samples")?;
    let functions = document["functions"].as_array().ok_or("no functions in the document")?;
    Ok(names
        .iter()
        .map(|name| {
            let own = functions.iter().filter(|f| f["name"] == **name);
            100.0 * own.filter_map(|f| f["self"].as_f64()).sum::<f64>() / samples
        })
        .collect())
}

/// A number of the document's first level.
pub(super) fn number(document: &Value, key: &str) -> Result<f64, String> {
    document[key].as_f64().ok_or_else(|| format!("no number {key} in the document"))
}
