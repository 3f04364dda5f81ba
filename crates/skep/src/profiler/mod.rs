//! The built-in profiler: `programs/profile.bpf.c`, run on a machine, and what its maps say; with SMT siblings told
//! apart, `programs/smt.bpf.c`.

mod bench;
mod gathered;
mod host;
pub mod smt;
mod stacks;
mod tables;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use skep_abi::RecordedKernel;
use skep_machine::Machine;
use skep_object::{KernelProfile, ObjectSpec, Resolved};
use skep_report::{Era, GroupId, Profile};
use skep_sample::{Options, Totals};

use crate::load::Loaded;
use crate::session::{Driver, EventPlan, Ground, Method, Watched, open};
use crate::{Error, ErrorKind};

use bench::Bench;

pub use host::profile_on_host;
pub use stacks::{Stacks, stacks};
pub use tables::{Counted, Row, Tables};

/// A program that skep brings along.
struct Builtin {
    /// Name of the file.
    file: &'static str,
    object: &'static [u8],
    /// The program in it.
    program: &'static str,
}

/// The compiled program.
pub const OBJECT: &[u8] = include_bytes!("../../../../programs/profile.bpf.o");

const PROFILE: Builtin = Builtin { file: "profile.bpf.o", object: OBJECT, program: "profile" };

/// How far a profile has come.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// Samples are taken.
    Sampling(&'a Totals),
    /// Addresses are named.
    Naming(&'a skep_report::Progress),
}

/// A finished profile.
#[derive(Debug)]
pub struct Outcome {
    /// How it was sampled.
    pub watched: Watched,
    /// What the program counted of itself.
    pub counted: Counted,
    /// The stacks with their names.
    pub profile: Profile,
    /// What the groups of its stacks are; none where SMT siblings were not told apart.
    pub groups: HashMap<GroupId, smt::Group>,
    /// What the SMT siblings of the sampled CPUs did; `None` where that was not asked for.
    pub smt: Option<smt::Split>,
    /// What the user should know: sentences without a full stop.
    pub notices: Vec<String>,
}

/// Samples a target and runs the built-in program on each sample, on a machine.
///
/// # Errors
/// What is missing or refused.
pub fn profile(
    options: &Options,
    kernel: &KernelProfile,
    ground: &Ground,
    method: Method,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Stage<'_>),
) -> Result<Outcome, Error> {
    let machine = ground.machine(kernel)?;
    let loaded = PROFILE.load(&machine, kernel)?;
    let session = open(options)?;
    let plan = EventPlan::new(options, &session);
    let driver = Driver::new(&machine, PROFILE.program(&loaded), &plan, method)?
        .on(ground)
        .of_recording(session.recording().is_some());
    Bench { machine: &machine, loaded: &loaded, driver, tell: &|_| Ok(()) }
        .run(session, stop, progress)
}

fn broken(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Program, format!("the built-in profiler cannot be loaded: {why}"))
}

impl Builtin {
    /// The object, fitted to a kernel.
    fn resolve(&self, kernel: &KernelProfile) -> Result<Resolved, Error> {
        let spec = ObjectSpec::parse(self.file, self.object).map_err(|error| broken(&error))?;
        spec.resolve(kernel).map_err(|error| broken(&error))
    }

    fn load(&self, machine: &Machine, kernel: &KernelProfile) -> Result<Loaded, Error> {
        let resolved = self.resolve(kernel)?;
        let mut loaded = Loaded::new(machine, &resolved, kernel)?;
        match loaded.unusable.pop() {
            Some((_, why)) => Err(broken(&why)),
            None => Ok(loaded),
        }
    }

    fn program(&self, loaded: &Loaded) -> Option<std::sync::Arc<skep_machine::Prog>> {
        loaded.program(self.program).cloned()
    }
}

/// What of a recording has no names, and why.
fn nameless(profile: &Profile, era: Era) -> Vec<String> {
    let mut remarks = Vec::new();
    let changed = profile.changed_files();
    if !changed.is_empty() {
        let paths: Vec<String> = changed.iter().map(|path| path.display().to_string()).collect();
        remarks.push(format!(
            "functions of {} have no names, since these files are other builds than were recorded",
            paths.join(", ")
        ));
    }
    let why = match era {
        Era::Earlier { kernel: RecordedKernel::Other, .. } => {
            "another one runs here than was recorded"
        }
        Era::Earlier { kernel: RecordedKernel::SameRelease, .. } => {
            "it was booted since it was recorded, or hides its addresses (kernel.kptr_restrict)"
        }
        Era::Now | Era::Earlier { kernel: RecordedKernel::Running, .. } => return remarks,
    };
    if profile.function_stats().iter().any(|stat| &*stat.object == "[kernel]") {
        remarks.push(format!("functions of the kernel have no names, since {why}"));
    }
    remarks
}

/// What helps where much of the time is spent in code without names.
fn unnamed(profile: &Profile) -> Option<String> {
    let stats = profile.function_stats();
    let unnamed: u64 = stats.iter().filter(|stat| stat.name.is_none()).map(|stat| stat.own).sum();
    let share = unnamed as f64 * 100.0 / profile.weight().max(1) as f64;
    (share >= 10.0).then(|| {
        format!(
            "{share:.0} % of the samples hit functions without symbols, shown by where they begin; an unstripped \
             binary, or a package of its debug symbols, gives them names"
        )
    })
}

fn remarks(counted: Counted) -> Vec<String> {
    let mut remarks = Vec::new();
    if counted.samples == 0 {
        remarks
            .push("the run was too short for a single sample; a higher -F takes more".to_owned());
    }
    if counted.uncounted > 0 {
        remarks.push(format!(
            "{} samples are missing from the tables, which had no room for more different stacks",
            counted.uncounted
        ));
    }
    if counted.unplaced > 0 {
        remarks.push(format!("{} stacks found no room and are shown empty", counted.unplaced));
    }
    remarks
}
