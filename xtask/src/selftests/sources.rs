//! Where the selftests come from: Debian's `linux-source-6.12`, unpacked beside the other build products.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::top;

/// Debian's package, and what it brings.
const PACKAGE: &str = "linux-source-6.12";
const ARCHIVE: &str = "/usr/src/linux-source-6.12.tar.xz";
/// Commands that are needed, and their packages.
const COMMANDS: &[(&str, &str)] = &[
    ("clang-19", "clang-19"),
    ("bpftool", "bpftool"),
    ("python3", "python3"),
    ("tar", "tar"),
    ("xz", "xz-utils"),
];
/// What is unpacked.
const PARTS: &[&str] = &[
    "tools/testing/selftests/bpf",
    "tools/lib/bpf",
    "tools/include",
    "include/uapi",
    "include/linux",
    "scripts/bpf_doc.py",
];

/// The folders that the selftests are built in.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    /// Sources, headers, objects and the kernel's verdicts; `SKEP_SELFTESTS` names one that is shared.
    pub(crate) work: PathBuf,
    /// Reports of this tree.
    pub(crate) reports: PathBuf,
}

impl Folders {
    /// Makes them.
    pub(crate) fn new() -> Result<Self, String> {
        let reports = top().join("target/selftests");
        fs::create_dir_all(&reports).map_err(|e| format!("{}: {e}", reports.display()))?;
        let reports = fs::canonicalize(&reports).map_err(|e| format!("{reports:?}: {e}"))?;
        let work = env::var_os("SKEP_SELFTESTS").map_or_else(|| reports.clone(), PathBuf::from);
        fs::create_dir_all(work.join("objs")).map_err(|e| format!("{}: {e}", work.display()))?;
        Ok(Self { work, reports })
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.work.join("objs")
    }

    /// `tools/testing/selftests/bpf`.
    pub(crate) fn selftests(&self) -> PathBuf {
        self.work.join("src/tools/testing/selftests/bpf")
    }

    /// Headers that are made: `vmlinux.h`, `bpf/bpf_helper_defs.h`.
    pub(crate) fn include(&self) -> PathBuf {
        self.work.join("include")
    }
}

/// Whether everything that compiling the selftests needs is installed; else what is missing.
pub(crate) fn missing() -> Vec<&'static str> {
    let has = |command: &str| {
        Command::new(command)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    };
    let mut missing: Vec<&str> =
        COMMANDS.iter().filter(|(command, _)| !has(command)).map(|(_, package)| *package).collect();
    if !Path::new(ARCHIVE).exists() {
        missing.push(PACKAGE);
    }
    missing
}

/// Installs what is missing, unpacks the sources, and makes the headers that a build would.
pub(crate) fn prepare(folders: &Folders) -> Result<(), String> {
    let ready = folders.work.join("ready");
    if ready.exists() {
        return Ok(());
    }
    install()?;
    let source = folders.work.join("src");
    fs::create_dir_all(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    eprintln!("selftests: unpacking {ARCHIVE}");
    let mut tar = Command::new("tar");
    tar.args(["-xJf", ARCHIVE, "--strip-components=1", "-C"]).arg(&source);
    tar.args(PARTS.iter().map(|part| format!("{PACKAGE}/{part}")));
    succeed(&mut tar)?;
    headers(folders, &source)?;
    fs::write(&ready, "").map_err(|e| format!("{}: {e}", ready.display()))
}

fn install() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("selftests: installing {}", missing.join(" "));
    succeed(Command::new("apt-get").args(["update", "-q"]).stdout(Stdio::null()))?;
    succeed(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(&missing)
            .stdout(Stdio::null()),
    )
}

fn headers(folders: &Folders, source: &Path) -> Result<(), String> {
    let bpf = folders.include().join("bpf");
    fs::create_dir_all(&bpf).map_err(|e| format!("{}: {e}", bpf.display()))?;
    let library = source.join("tools/lib/bpf");
    for entry in fs::read_dir(&library).map_err(|e| format!("{}: {e}", library.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "h") {
            let copy = bpf.join(path.file_name().unwrap_or_default());
            fs::copy(&path, &copy).map_err(|e| format!("{}: {e}", copy.display()))?;
        }
    }
    let uapi = source.join("tools/include/uapi/linux/bpf.h");
    let script = source.join("scripts/bpf_doc.py");
    let mut doc = Command::new("python3");
    doc.arg(script).arg("--header").arg("--file").arg(uapi);
    into_file(&mut doc, &bpf.join("bpf_helper_defs.h"))?;
    let mut dump = Command::new("bpftool");
    dump.args(["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"]);
    into_file(&mut dump, &folders.include().join("vmlinux.h"))
}

fn into_file(command: &mut Command, path: &Path) -> Result<(), String> {
    let file = fs::File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
    succeed(command.stdout(file))
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(e) => Err(format!("cannot run {command:?}: {e}")),
    }
}
