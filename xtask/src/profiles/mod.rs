//! `cargo xtask profiles FOLDER`: reduces whole BTF files to the kernel profiles that skep ships.
//!
//! A reduced profile holds every kfunc, every type that skep models, all that these embed by value, and as
//! many more types as fit, those nearest to the former first. What is only pointed to and did not fit is a
//! forward declaration. The names of all types that were left out are listed, so that an object which asks
//! whether a type exists gets the real kernel's answer.

mod closure;
mod config;
mod file;
mod fill;
mod reduce;
mod seed;
mod source;
#[cfg(test)]
mod tests;
mod verify;

use std::fs;
use std::path::Path;

use crate::top;
use source::Source;

/// Reduces every `DISTRIBUTION-RELEASE-ARCH.btf.xz` (or `.btf`) of a folder; with `--check`, compares with
/// the committed profiles instead of writing them.
///
/// # Errors
/// When a file cannot be read, is no BTF, cannot be reduced enough, or (checking) differs.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (check, folder) = match args {
        [folder] => (false, folder),
        [flag, folder] if flag == "--check" => (true, folder),
        _ => return Err(format!("`profiles` takes [--check] FOLDER, not {args:?}")),
    };
    let kfuncs = seed::kfuncs(&top().join("facts"))?;
    let mut sources = source::all(Path::new(folder))?;
    sources.sort_by(|a, b| a.release.cmp(&b.release));
    if sources.is_empty() {
        return Err(format!("{folder} has no file named DISTRIBUTION-RELEASE-ARCH.btf.xz"));
    }
    for source in &sources {
        one(source, &kfuncs, check)?;
    }
    Ok(())
}

fn one(source: &Source, kfuncs: &[String], check: bool) -> Result<(), String> {
    let btf = source.parse()?;
    let reduced = fill::fill(source, &btf, kfuncs)?;
    let name = format!("{}-{}.profile", source.release, source.arch);
    let path = top().join("facts/profiles").join(&name);
    println!("{name}: {} bytes, {}", reduced.bytes.len(), reduced.summary);
    let verified =
        verify::verify(&btf, &reduced.reduced).map_err(|error| format!("{name}: {error}"))?;
    println!(
        "{name}: {} relocations as with all types, {} of them missing",
        verified.asked, verified.missing
    );
    if !check {
        return fs::write(&path, &reduced.bytes)
            .map_err(|error| format!("{}: {error}", path.display()));
    }
    let committed = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if committed != reduced.bytes {
        return Err(format!(
            "{} is not what its BTF file gives: run `cargo xtask profiles`",
            path.display()
        ));
    }
    Ok(())
}
