//! Examples of rejections: each is judged when it is shown, so that what is shown of it is never out of date.

use std::collections::HashMap;

use skep_abi::KernelVersion;
use skep_case::Case;
use skep_object::{KernelProfile, ObjectSpec};
use skep_verifier::Options;

use super::{Judged, Kind, UNRESOLVED, check_object, with_kernel};
use crate::profile::shipped;

/// The object whose source is the example of what a loader refuses.
const UNRESOLVED_OBJECT: &[u8] = include_bytes!("../../../../tests/ui/classic/unknown_kfunc.bpf.o");
/// The kernel that lacks what it asks for.
const UNRESOLVED_KERNEL: KernelVersion = KernelVersion::new(6, 12);
/// CPUs of the machine that judges.
const CPUS: u32 = 2;

/// How an example is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C, compiled by clang.
    C,
    /// Insns as the kernel's log spells them, after a head of comments that says what else is needed.
    Assembly,
}

/// A program that is rejected.
#[derive(Clone, Debug)]
pub struct Example {
    /// How it is written.
    pub language: Language,
    /// What it shows.
    pub about: String,
    /// The kernel that judges it.
    pub kernel: KernelVersion,
    /// Its lines.
    pub source: Vec<String>,
    /// The line at fault, from 0, where one is.
    pub fault: Option<usize>,
    /// The kernel's sentence.
    pub message: String,
    /// The kind that it is rejected with.
    pub kind: String,
}

/// Judges examples; keeps the kernels that it has unpacked.
#[derive(Debug, Default)]
pub struct Examples {
    profiles: HashMap<KernelVersion, Option<KernelProfile>>,
}

impl Examples {
    /// The example of a kind.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(&mut self, kind: &Kind) -> Result<Example, String> {
        if kind.name == UNRESOLVED.name {
            return self.unresolved(kind);
        }
        if kind.example.is_empty() {
            return Err("it has not been written yet".to_owned());
        }
        let case = Case::parse(kind.name, kind.example).map_err(|error| error.to_string())?;
        if let Some(why) = &case.no_example {
            return Err(why.clone());
        }
        let profile = self.profile(case.version())?;
        let judged = with_kernel(profile, CPUS, |kernel| case.judge(kernel));
        let judged = judged.map_err(|error| error.to_string())?;
        let mut source = case.needs();
        let head = source.len();
        let first = case.code.first().map_or(0, |(number, _)| *number);
        source.extend(case.code.iter().map(|(_, line)| line.trim_end().to_owned()));
        let fault = judged.line.and_then(|line| Some(head + line.checked_sub(first)? as usize));
        Ok(Example {
            language: Language::Assembly,
            about: case.about.join(" "),
            kernel: case.version(),
            source,
            fault,
            message: judged.message,
            kind: judged.kind.unwrap_or(&judged.text).to_owned(),
        })
    }

    /// What a loader refuses is a whole object.
    fn unresolved(&mut self, kind: &Kind) -> Result<Example, String> {
        let profile = self.profile(UNRESOLVED_KERNEL)?;
        let spec =
            ObjectSpec::parse(kind.name, UNRESOLVED_OBJECT).map_err(|error| error.to_string())?;
        let resolved = spec.resolve(profile).map_err(|error| error.to_string())?;
        let checked =
            check_object(kind.name, &resolved, profile, Options::default(), |_| true, |_| {});
        let finding = checked.programs.into_iter().find_map(|program| match program.judged {
            Judged::Rejected(finding) => Some(finding),
            _ => None,
        });
        let finding = finding.ok_or("it is not rejected any more")?;
        let at = finding.source.as_ref().map(|source| source.line as usize);
        Ok(Example {
            language: Language::C,
            about: "A kernel function that came with Linux 6.15, and an older kernel.".to_owned(),
            kernel: UNRESOLVED_KERNEL,
            source: kind.example.lines().map(str::to_owned).collect(),
            fault: at.and_then(|line| line.checked_sub(1)),
            message: finding.message,
            kind: finding.kind.to_owned(),
        })
    }

    fn profile(&mut self, version: KernelVersion) -> Result<&KernelProfile, String> {
        let found = self.profiles.entry(version).or_insert_with(|| shipped(version));
        found.as_ref().ok_or_else(|| format!("skep ships no Linux {version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Examples, UNRESOLVED};
    use crate::check::kinds;

    #[test]
    fn the_loaders_example_is_refused_by_the_loader_at_its_call() {
        let example = Examples::default().of(&UNRESOLVED).unwrap();
        assert_eq!(example.kind, UNRESOLVED.name);
        let line = &example.source[example.fault.unwrap()];
        assert!(line.contains("bpf_cpumask_populate("), "{line}");
    }

    #[test]
    fn what_is_shown_of_a_kind_is_rejected_with_it() {
        let mut examples = Examples::default();
        let mut shown = 0;
        for kind in kinds().filter(|kind| !kind.module.starts_with("skep_verifier::call")) {
            let Ok(example) = examples.of(kind) else { continue };
            assert_eq!(example.kind, kind.name, "{}", example.message);
            shown += 1;
        }
        assert!(shown > 150, "only {shown} examples are shown");
    }
}
