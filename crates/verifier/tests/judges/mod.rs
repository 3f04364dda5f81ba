//! Who judges cases: skep by a shipped profile, and the running kernel where that is of the same release.

use std::collections::HashMap;
use std::io::{Write, stderr};

use skep::check::with_kernel;
use skep_abi::KernelVersion;
use skep_case::{Case, CaseError, Judged, outcome};
use skep_host::LogLevel;
use skep_object::KernelProfile;
use skep_verifier::Options;

/// CPUs that the running kernel is taken to have.
const CPUS: u32 = 2;

/// skep, by the profiles that it ships.
#[derive(Debug, Default)]
pub(crate) struct Skep {
    profiles: HashMap<KernelVersion, KernelProfile>,
}

impl Skep {
    /// Judges a case by the release that it names.
    pub(crate) fn judge(&mut self, case: &Case) -> Result<Judged, CaseError> {
        let version = case.version();
        let profile = self.profiles.entry(version).or_insert_with(|| {
            let shipped = skep::profile::shipped(version);
            shipped.unwrap_or_else(|| panic!("{}: {version} is not shipped", case.name))
        });
        judge_by(profile, case)
    }
}

fn judge_by(profile: &KernelProfile, case: &Case) -> Result<Judged, CaseError> {
    with_kernel(profile, CPUS, |kernel| case.judge(kernel))
}

/// The running kernel.
#[derive(Debug)]
pub(crate) struct Running {
    profile: KernelProfile,
}

impl Running {
    /// The running kernel, when it takes programs from us.
    pub(crate) fn new() -> Result<Self, String> {
        let profile = skep::profile::running().map_err(|e| e.to_string())?;
        let running = Self { profile };
        let trivial = "; Leaves.\n; accepted\n r0 = 0\n exit\n";
        let trivial = Case::parse("trivial", trivial).map_err(|e| e.to_string())?;
        let said = running.judge(&trivial)?.0;
        if said != "accepted" {
            return Err(format!("the kernel lets nobody load programs here: {said}"));
        }
        Ok(running)
    }

    /// Whether it is of the release and configuration that a case is about.
    pub(crate) fn is_of(&self, case: &Case) -> bool {
        let is_set = |name: &str| self.profile.config.get(name).is_some_and(|set| set != "n");
        self.profile.version == case.version()
            && case.not_asked.is_none()
            && case.config.iter().all(|(name, set)| is_set(name) == *set)
    }

    /// What skep says of a case by this very kernel's types, whose numbers some sentences mention.
    pub(crate) fn skep(&self, case: &Case) -> Result<Judged, CaseError> {
        judge_by(&self.profile, case)
    }

    /// The logs of both at a level: the kernel's, and skep's by this very kernel's types.
    #[allow(dead_code, reason = "the test of the examples has no need of it")]
    pub(crate) fn logs(&self, case: &Case, level: u32) -> Result<[String; 2], String> {
        let wrong = |error: CaseError| error.to_string();
        let btf = &self.profile.btf;
        let kernel = case.log(btf, LogLevel(level)).map_err(wrong)?;
        let loaded = case.load(btf).map_err(wrong)?;
        let options = Options { log_level: level };
        let report =
            with_kernel(&self.profile, CPUS, |kernel| case.verify(&loaded, kernel, options));
        Ok([kernel, report.map_err(wrong)?.log.unwrap_or_default()])
    }

    /// What it says, and how many insns it looked at; or why it cannot be asked.
    pub(crate) fn judge(&self, case: &Case) -> Result<(String, u64), String> {
        let verdict = case.ask(&self.profile.btf).map_err(|error| error.to_string())?;
        let processed = verdict.stats.map_or(0, |stats| stats.insn_processed);
        Ok((outcome(verdict.errno, verdict.last_message()), processed))
    }
}

/// Tells of every case whose outcome is another one, then fails.
pub(crate) fn compare(outcomes: impl IntoIterator<Item = (String, String, String)>) {
    let mut wrong = 0;
    for (name, expected, found) in outcomes {
        if expected != found {
            wrong += 1;
            tell(&format!("{name}\n  expected {expected}\n  found    {found}\n"));
        }
    }
    assert_eq!(wrong, 0, "some outcomes are not as expected");
}

/// Writes to standard error, past the harness, which keeps what passing tests print.
pub(crate) fn tell(text: &str) {
    stderr().write_all(text.as_bytes()).expect("standard error is open");
}
