//! The built-in profiler: `programs/profile.bpf.c`, run on a machine, and what its maps say.

mod host;
mod tables;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use skep_machine::Machine;
use skep_object::{KernelProfile, ObjectSpec, Resolved};
use skep_report::{Profile, StackSet, Symbolizer};
use skep_sample::{Options, Spaces, Totals};
use skep_topology::Topology;

use crate::load::Loaded;
use crate::session::{
    Driver, EventPlan, Method, Seen, Watched, machine_like_host, machine_on, open, watch,
};
use crate::{Error, ErrorKind};

pub use host::profile_on_host;
pub use tables::{Counted, Tables};

/// The compiled program.
pub const OBJECT: &[u8] = include_bytes!("../../../../programs/profile.bpf.o");
/// The program in it.
const PROGRAM: &str = "profile";

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
    /// What the user should know: sentences without a full stop.
    pub notices: Vec<String>,
}

/// Samples a target and runs the built-in program on each sample, on a machine like the host.
///
/// # Errors
/// What is missing or refused.
pub fn profile(
    options: &Options,
    kernel: &KernelProfile,
    topology: Option<Topology>,
    method: Method,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Stage<'_>),
) -> Result<Outcome, Error> {
    let is_declared = topology.is_some();
    let machine = match topology {
        Some(topology) => machine_on(kernel, topology)?,
        None => machine_like_host(kernel)?,
    };
    let loaded = load(&machine, kernel)?;
    let program = loaded.program(PROGRAM).cloned();
    let session = open(options)?;
    let plan = EventPlan::new(options, session.event());
    let mut driver =
        Driver::new(&machine, program, &plan, method)?.on_declared_machine(is_declared);
    let watched = watch(session, stop, |record| driver.record(record), &mut |totals| {
        progress(Stage::Sampling(totals))
    })?;
    if let Some(trap) = driver.counts().into_iter().find_map(|counts| counts.first_fault) {
        return Err(Error::new(
            ErrorKind::Program,
            format!("the built-in profiler faulted: {trap}"),
        ));
    }
    let tables = Tables::read(&machine, &loaded)?;
    let counted = tables.counted();
    let set = stacks(&tables, watched.session.spaces(), driver.seen());
    let profile = Symbolizer::new().profile(&set, &mut |at| progress(Stage::Naming(at)));
    let remarks =
        remarks(counted).into_iter().chain(driver.remarks_on_cpus()).chain(unnamed(&profile));
    let notices = watched.notices().chain(remarks).collect();
    Ok(Outcome { watched, counted, profile, notices })
}

fn broken(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Program, format!("the built-in profiler cannot be loaded: {why}"))
}

/// The built-in object, fitted to a kernel.
fn resolve(kernel: &KernelProfile) -> Result<Resolved, Error> {
    let spec = ObjectSpec::parse("profile.bpf.o", OBJECT).map_err(|error| broken(&error))?;
    spec.resolve(kernel).map_err(|error| broken(&error))
}

fn load(machine: &Machine, kernel: &KernelProfile) -> Result<Loaded, Error> {
    let resolved = resolve(kernel)?;
    let mut loaded = Loaded::new(machine, &resolved, kernel)?;
    match loaded.unusable.pop() {
        Some((_, why)) => Err(broken(&why)),
        None => Ok(loaded),
    }
}

fn stacks(tables: &Tables, spaces: &Spaces, seen: &Seen) -> StackSet {
    let mut set = StackSet::new();
    let mut processes = HashMap::new();
    for row in tables.rows() {
        let process = *processes
            .entry((row.pid, row.comm.as_str()))
            .or_insert_with(|| set.process(seen.process(spaces, row.pid, &row.comm)));
        set.add(process, tables.stack(row.kernel), tables.stack(row.user), row.samples);
    }
    set
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
            "{} samples are missing from the tables, which hold 65,536 different stacks",
            counted.uncounted
        ));
    }
    if counted.unplaced > 0 {
        remarks.push(format!("{} stacks found no room and are shown empty", counted.unplaced));
    }
    remarks
}
