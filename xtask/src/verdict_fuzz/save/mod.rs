//! Differences as cases: files that `cargo test -p skep-verifier` judges, as the kernel did.

mod code;
mod head;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use skep::check::with_kernel;
use skep_abi::KernelVersion;
use skep_case::Case;
use skep_object::KernelProfile;

use super::difference::{Found, Kind};
use super::generate::Generated;
use super::world::World;

pub(crate) use code::listing;

/// The release of cases that name none.
const USUAL: KernelVersion = KernelVersion::new(6, 18);

/// Most bytes of a file's name.
const NAME_MAX: usize = 80;

/// Where differences go.
#[derive(Debug)]
pub(crate) struct Folders {
    /// Tests of the verifier.
    tests: PathBuf,
    /// What is no test of the verifier: what only the interpreter shows, and other messages.
    rest: PathBuf,
}

impl Folders {
    /// Those of this checkout; what an earlier run left, and is no test, goes.
    pub(crate) fn of(top: &Path) -> Result<Self, String> {
        let top = top.canonicalize().map_err(|e| format!("{}: {e}", top.display()))?;
        let tests = top.join("crates/verifier/tests/fuzz");
        let rest = top.join("target/verdict-fuzz");
        for folder in [&tests, &rest] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        for path in skep_case::files(&rest).map_err(|e| format!("{}: {e}", rest.display()))? {
            fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(Self { tests, rest })
    }

    /// Writes a difference, and tells where; the file is named after what it shows. A test that is there stays.
    pub(crate) fn save(
        &self,
        world: &World,
        kind: &Kind,
        found: &Found,
        seed: u64,
    ) -> Result<String, String> {
        let is_test = !matches!(kind.what, "trapped" | "other-message");
        let folder = if is_test { &self.tests } else { &self.rest };
        let path = folder.join(format!("{}.s", name(kind)));
        if path.exists() && is_test {
            return Ok(format!("{} is there already", path.display()));
        }
        let origin = format!(
            "Found by verdict-fuzz ({}), {} times: seed {seed}, program {}. skep said: {}.",
            kind.what, found.count, found.number, found.skep
        );
        let text = written(world, &found.program, &[&origin], &found.kernel)?;
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path.display().to_string())
    }
}

/// The name of a difference: its kind, and the words of a message.
fn name(kind: &Kind) -> String {
    let words = match kind.what {
        "other-message" => format!("{} {}", kind.kernel, kind.skep),
        _ if kind.skep.is_empty() => kind.kernel.clone(),
        _ => kind.skep.clone(),
    };
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = kind.what.replace('-', "_");
    for word in words.map(str::to_ascii_lowercase) {
        if name.len() + word.len() > NAME_MAX {
            break;
        }
        name = format!("{name}_{word}");
    }
    name
}

/// A case of a program, which says what the kernel said; and whether a shipped profile can judge it.
fn written(
    world: &World,
    program: &Generated,
    about: &[&str],
    expected: &str,
) -> Result<String, String> {
    let own = case(world, program, about, expected, None);
    let version = world.profile.version;
    let Some(shipped) = skep::profile::shipped(version) else {
        return Ok(case(world, program, about, expected, Some("no profile of it is shipped")));
    };
    let read = Case::parse("a saved program", &own).map_err(|e| format!("{e}\n{own}"))?;
    match (judged(&read, &world.profile), judged(&read, &shipped)) {
        (Ok(running), Ok(shipped)) if running == shipped => Ok(own),
        (Err(error), _) => Err(format!("{error}\n{own}")),
        (_, shipped) => {
            let why = shipped.unwrap_or_else(|error| error);
            let why = format!("by the shipped profile skep says: {why}");
            Ok(case(world, program, about, expected, Some(&why)))
        }
    }
}

/// The text of a case.
pub(super) fn case(
    world: &World,
    program: &Generated,
    about: &[&str],
    expected: &str,
    own_types: Option<&str>,
) -> String {
    let mut text = String::new();
    for line in about {
        let _ = writeln!(text, "; {}", line.replace(['\n', '\r'], " "));
    }
    let maps = head::maps(world, program);
    let insns = code::with_places(program, &maps);
    for line in head::lines(world, program, &maps, &insns) {
        let _ = writeln!(text, "; {line}");
    }
    if world.profile.version != USUAL {
        let _ = writeln!(text, "; kernel: {}", world.profile.version);
    }
    if let Some(why) = own_types {
        let _ = writeln!(text, "; own types: {}", why.replace(['\n', '\r'], " "));
    }
    let _ = writeln!(text, "; {expected}");
    for line in code::lines(world, &insns) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// What skep says of a case by a profile.
pub(super) fn judged(case: &Case, profile: &KernelProfile) -> Result<String, String> {
    let cpus = skep_host::possible_cpus();
    let judge = || with_kernel(profile, cpus, |kernel| case.judge(kernel));
    match catch_unwind(AssertUnwindSafe(judge)) {
        Ok(judged) => judged.map(|judged| judged.text).map_err(|error| error.to_string()),
        Err(_) => Ok("a panic".to_owned()),
    }
}
