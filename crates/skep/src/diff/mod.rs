//! One object in both engines: the machine's answers against the running kernel's.
//!
//! The object is relocated once, against the running kernel's types. Verdicts are compared first. A program that both
//! take is then run on equal input, where its type can be driven, and everything that it leaves behind is compared.
//! What cannot be equal is found by running the machine again with another clock, other random numbers, other
//! addresses: what then changes depends on these, is not compared, and is listed.

mod compare;
mod leaves;
mod perf;
mod test_run;
mod twist;
mod verdict;

use serde_json::Value;
use skep_abi::ProgType;
use skep_host::{HostObject, LogBuffer};
use skep_object::{KernelProfile, Resolved, ResolvedProgram};

use crate::Error;
use crate::check::{Aux, Checker};

/// An object's programs, each in both engines.
#[derive(Clone, Debug)]
pub struct DiffedObject {
    /// The object as the user named it.
    pub object: String,
    /// Its programs, in the order of the object.
    pub programs: Vec<DiffedProgram>,
}

/// A program in both engines.
#[derive(Clone, Debug)]
pub struct DiffedProgram {
    /// Name.
    pub name: String,
    /// Type.
    pub prog_type: ProgType,
    /// Times that it ran in each engine on equal input.
    pub runs: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What was not compared, and why.
    pub excluded: Vec<String>,
    /// Why it was not run, or not judged.
    pub skipped: Option<Skipped>,
}

/// Why a program was not run in both engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Whose doing that is.
    pub by: SkippedBy,
    /// A sentence without a full stop.
    pub why: String,
}

/// Whose doing it is that a program was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkippedBy {
    /// The kernel does not take the program, its maps, or any input.
    Kernel,
    /// Nothing makes programs of this type run here.
    Driver,
    /// skep lacks something that the program needs.
    Machine,
}

impl Skipped {
    fn new(by: SkippedBy, why: impl std::fmt::Display) -> Self {
        Self { by, why: why.to_string() }
    }
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: `verdict`, `map counts[7].samples`.
    pub what: String,
    /// In the kernel; null where it is not there.
    pub kernel: Value,
    /// On the machine; null where it is not there.
    pub machine: Value,
}

impl DiffedProgram {
    fn new(program: &ResolvedProgram) -> Self {
        Self {
            name: program.name.clone(),
            prog_type: program.prog_type,
            runs: 0,
            differences: Vec::new(),
            excluded: Vec::new(),
            skipped: None,
        }
    }

    /// Whether nothing differs. What was skipped does not.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Holds an object's programs in the machine against the same in the running kernel.
///
/// `progress` is told which program comes next.
///
/// # Errors
/// When the kernel may not be asked.
pub fn diff(
    name: &str,
    resolved: &Resolved,
    kernel: &KernelProfile,
    is_wanted: impl Fn(&ResolvedProgram) -> bool,
    mut progress: impl FnMut(&ResolvedProgram),
) -> Result<DiffedObject, Error> {
    let host = HostObject::create(resolved);
    let checker = Checker::new(resolved, kernel).nr_cpu_ids(skep_host::possible_cpus());
    let mut log = LogBuffer::whole();
    let mut programs = Vec::new();
    for program in resolved.programs.iter().filter(|program| is_wanted(program)) {
        progress(program);
        let mut diffed = DiffedProgram::new(program);
        if let Some(aux) = verdict::compare(&host, &checker, program, &mut log, &mut diffed)? {
            run(resolved, kernel, program, aux, &mut diffed);
        }
        let is_driven = can_drive(program.prog_type);
        if let Some(skipped) = diffed.skipped.as_mut().filter(|_| !is_driven) {
            // Whatever skep lacks, it would not run.
            skipped.by = skipped.by.min(SkippedBy::Driver);
        }
        programs.push(diffed);
    }
    Ok(DiffedObject { object: name.to_owned(), programs })
}

/// Whether programs of a type can be made to run in both engines.
fn can_drive(prog_type: ProgType) -> bool {
    matches!(prog_type, ProgType::PerfEvent | ProgType::Tracepoint)
        || test_run::can_drive(prog_type)
}

/// Runs a program in both engines, if its type can be driven.
fn run(
    resolved: &Resolved,
    kernel: &KernelProfile,
    program: &ResolvedProgram,
    aux: Aux,
    diffed: &mut DiffedProgram,
) {
    match program.prog_type {
        ProgType::PerfEvent | ProgType::Tracepoint => perf::run(resolved, kernel, program, diffed),
        driven if test_run::can_drive(driven) => {
            test_run::run(resolved, kernel, program, aux.max_ctx_offset, diffed);
        }
        other => {
            let why = format!("skep does not drive {} programs in both engines", other.name());
            diffed.skipped = Some(Skipped::new(SkippedBy::Driver, why));
        }
    }
}
