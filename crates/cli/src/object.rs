//! Object files from their paths, and what is wrong with them in the words of the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use skep::{Error, ErrorKind};
use skep_object::{KernelProfile, ObjectError, ObjectSpec, ResolveError, Resolved};

/// No object that clang makes comes near; it keeps endless files such as /dev/zero from filling the memory.
const MAX_BYTES: u64 = 64 << 20;

/// Reads and parses an object.
///
/// # Errors
/// When the file cannot be read or holds no BPF object.
pub(crate) fn open(path: &Path) -> Result<ObjectSpec, Error> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| {
        Error::input(format!("cannot read {shown}: {}", reason(&e)))
            .hint("name an object file as clang writes it with `-target bpf`")
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::input(format!(
            "{shown} holds more than {} MiB, which no BPF object does",
            MAX_BYTES >> 20
        ))
        .hint("name an object file as clang writes it with `-target bpf`"));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    ObjectSpec::parse(&name, &bytes).map_err(|e| unparsed(path, &e))
}

/// Fits an object to a kernel.
///
/// # Errors
/// When a fault concerns every program; those of one program stay with the program.
pub(crate) fn resolve(
    path: &Path,
    spec: &ObjectSpec,
    profile: &KernelProfile,
) -> Result<Resolved, Error> {
    spec.resolve(profile).map_err(|e| unresolved(path, &profile.release, &e))
}

fn unparsed(path: &Path, error: &ObjectError) -> Error {
    let message = format!("{} is no BPF object that skep can read: {error}", path.display());
    Error { kind: ErrorKind::Input, message, hint: error.help.clone() }
}

fn unresolved(path: &Path, release: &str, error: &ResolveError) -> Error {
    let message = format!("{} does not fit Linux {release}: {error}", path.display());
    Error { kind: ErrorKind::Program, message, hint: error.help.clone() }
}

/// The system's words without its number: `No such file or directory`.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
