//! A user's object on the samples of a process.

mod choose;
mod host;
mod output;

use std::sync::atomic::AtomicBool;

use serde_json::Value;
use skep_abi::ProgType;
use skep_machine::Machine;
use skep_machine::kptr::Object;
use skep_object::{KernelProfile, Resolved};
use skep_report::Era;
use skep_sample::event_name::EventSpec;
use skep_sample::{Options, Totals};

pub use choose::can_run;

use crate::Error;
use crate::contents::{self, MapContents, StackNames};
use crate::load::{Loaded, LoadedMap};
use crate::session::{Driver, EventPlan, Ground, Method, ProgramCounts, Watched, open, watch};

pub use host::run_on_host;
pub(crate) use output::{open_perf_buffers, take as take_output};

/// Program types that a run takes, besides programs that watch what the machine passes by itself.
pub const PROG_TYPES: &[ProgType] = &[ProgType::PerfEvent, ProgType::Tracepoint];

/// What to run, and what to show of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Programs by name; none for every one that the event takes and that is not merely a target of tail calls.
    pub programs: Vec<String>,
    /// How they are attached.
    pub method: Method,
    /// Maps by name; none for all.
    pub maps: Vec<String>,
    /// The machine that they run on.
    pub ground: Ground,
}

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// How it was sampled.
    pub watched: Watched,
    /// Samples that were taken, also those whose record a program of the kernel dropped.
    pub samples: u64,
    /// What became of each program's samples.
    pub programs: Vec<ProgramCounts>,
    /// What the maps hold.
    pub maps: Vec<MapContents>,
    /// What the programs printed or sent, in order: strings, or records as `{"map", "cpu", "data"}`.
    pub output: Vec<Value>,
    /// Objects that count their references and are still alive, with the maps that hold them; what nobody holds is
    /// leaked. `None` where the kernel ran the programs, which does not tell.
    pub objects: Option<Vec<Object>>,
    /// What the user should know: sentences without a full stop.
    pub notices: Vec<String>,
}

impl Outcome {
    /// Whether a program did what it must not: it faulted, or left an object that nobody can give up any more.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        let leaks = self.objects.iter().flatten().any(|object| object.leaked() > 0);
        leaks || self.programs.iter().any(|program| program.faults > 0)
    }
}

/// Loads an object on a machine, and runs its programs on each sample of a target.
///
/// # Errors
/// When a program or map that was asked for is not there or cannot be used; what is missing or refused for sampling.
pub fn run(
    resolved: &Resolved,
    kernel: &KernelProfile,
    request: &Request,
    options: &Options,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Totals),
) -> Result<Outcome, Error> {
    let is_traced = is_traced(options);
    let taken = if is_traced { ProgType::Tracepoint } else { ProgType::PerfEvent };
    let chosen = choose::programs(resolved, &request.programs, taken)?;
    let mut options = options.clone();
    // The record is what programs of a tracepoint see.
    options.fields.raw |= is_traced;
    let machine = request.ground.machine(kernel)?;
    let mut loaded = Loaded::new(&machine, resolved, kernel)?;
    let programs = choose::usable(&mut loaded, &chosen)?;
    choose::maps(&resolved.maps, &request.maps)?;
    open_perf_buffers(&machine, &loaded);
    let session = open(&options)?;
    let plan = EventPlan::new(&options, &session);
    let mut driver = Driver::new(&machine, programs, &plan, request.method)?
        .on(&request.ground)
        .of_recording(session.recording().is_some())
        .with_code();
    let watched = watch(session, stop, |record| driver.record(record), &mut |totals| {
        machine.drain_ringbufs();
        progress(totals);
    })?;
    machine.drain_ringbufs();
    let mut names =
        StackNames::of(watched.era(), driver.seen().processes(watched.session.spaces()));
    let shown = loaded.maps.iter().filter(|map| is_shown(map, &request.maps));
    let maps = contents::read(&machine, &loaded, shown, &mut names);
    let output = take_output(&machine, &loaded);
    let remarks = remarks(&machine, &loaded, &driver, watched.session.totals(), watched.era());
    let notices = watched.notices().chain(remarks).collect();
    let samples = watched.session.totals().samples;
    let (programs, objects) = (driver.counts(), Some(machine.held_objects()));
    Ok(Outcome { watched, samples, programs, maps, output, objects, notices })
}

fn is_traced(options: &Options) -> bool {
    options.event.as_ref().is_some_and(EventSpec::is_tracepoint)
}

fn is_shown(map: &LoadedMap, names: &[String]) -> bool {
    names.is_empty() || names.contains(&map.spec.name)
}

/// What helps where no sample was taken.
const TOO_SHORT: &str = "the run was too short for a single sample; a higher -F takes more";

fn remarks(
    machine: &Machine,
    loaded: &Loaded,
    driver: &Driver<'_>,
    totals: Totals,
    era: Era,
) -> Vec<String> {
    let mut remarks = Vec::new();
    if totals.samples == 0 {
        remarks.push(TOO_SHORT.to_owned());
    }
    remarks.extend(loaded.unusable.iter().map(|(_, why)| format!("left out: {why}")));
    remarks.extend(loaded.unverified.iter().map(|(name, what)| {
        format!("{name} ran unverified, since skep's verifier cannot judge it: {what}")
    }));
    for counts in driver.counts() {
        if let Some(trap) = counts.first_fault {
            remarks.push(format!("{} faulted {} times, first: {trap}", counts.name, counts.faults));
        }
    }
    let faults = machine.kptr_faults();
    remarks.extend(faults.iter().map(|fault| format!("a value held what it must not: {fault}")));
    remarks.extend(driver.remarks_on_cpus());
    let fields = machine.unmodelled_fields();
    if !fields.is_empty() {
        remarks.push(format!(
            "read as zero, since skep's machine does not know their values: {}",
            fields.join(", ")
        ));
    }
    let stale = machine.stale_user_reads();
    if stale > 0 {
        remarks.push(match era {
            Era::Now => format!(
                "{stale} reads of user memory were answered by the process as it was after the sample, or by the files that it had mapped"
            ),
            Era::Earlier { .. } => format!(
                "{stale} reads of user memory went beyond the recorded stack bytes: those of code were answered by the \
                 mapped files, others failed (EFAULT)"
            ),
        });
    }
    let lost: u64 = machine.outputs().lost().iter().sum();
    if lost > 0 {
        remarks.push(format!("{lost} output records found no room and are missing"));
    }
    remarks
}
