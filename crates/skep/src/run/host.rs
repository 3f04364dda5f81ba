//! The same run in the running kernel.

use std::sync::atomic::AtomicBool;

use skep_abi::ProgType;
use skep_object::{KernelProfile, Resolved, ResolvedProgram};
use skep_sample::{Options, Totals};

use super::{Outcome, Request, TOO_SHORT, choose, is_traced};
use crate::Error;
use crate::check::CheckedProgram;
use crate::contents::StackNames;
use crate::host::{Attachments, Follower, Loaded, Outputs, load};
use crate::session::{ProgramCounts, open_with, watch};

/// Loads an object into the running kernel, attaches its programs to the events of a target as a source opens them,
/// and tells what the maps hold in the end.
///
/// `rejected` is told of each program that the verifier refuses.
///
/// # Errors
/// When a program or map that was asked for is not there or is refused; what is missing or refused for sampling.
pub fn run_on_host(
    resolved: &Resolved,
    kernel: &KernelProfile,
    request: &Request,
    options: &Options,
    stop: &AtomicBool,
    rejected: &mut dyn FnMut(&CheckedProgram),
    progress: &mut dyn FnMut(&Totals),
) -> Result<Outcome, Error> {
    let is_traced = is_traced(options);
    let taken = if is_traced { ProgType::Tracepoint } else { ProgType::PerfEvent };
    let chosen = choose::programs(resolved, &request.programs, taken)?;
    choose::maps(&resolved.maps, &request.maps)?;
    let loaded = load(resolved, kernel, &chosen, rejected)?;
    // Runs are counted as long as this is held; without the right to it they are told from the records.
    let measuring = skep_host::measure_runs();
    let mut outputs = Outputs::open(&loaded, resolved);
    let attachments = Attachments::new(&loaded, &chosen, request.method, is_traced)?;
    let session = open_with(options, &attachments)?;
    let mut follower = Follower::default();
    let watched = watch(session, stop, |record| follower.record(record), &mut |totals| {
        outputs.drain();
        progress(totals);
    })?;
    let totals = watched.session.totals();
    let programs = counts(&loaded, &chosen, measuring.is_ok().then_some(()), totals);
    // A program that returns 0 drops the record of its sample.
    let events = chosen.iter().zip(&programs).filter(|(spec, _)| spec.prog_type == taken);
    let runs = events.map(|(_, program)| program.runs).max().unwrap_or(0);
    let samples = totals.samples.max(runs);
    drop(attachments);
    let (output, said) = outputs.finish();
    let mut notices: Vec<String> = watched.notices().chain(loaded.problems()).chain(said).collect();
    if samples == 0 {
        notices.push(TOO_SHORT.to_owned());
    }
    if let Err(error) = measuring {
        notices
            .push(format!("runs of programs that dropped their sample are not counted: {error}"));
    }
    if is_traced {
        notices.push(
            "a tracepoint's programs run for every task of the system that passes it".to_owned(),
        );
    }
    let mut names = StackNames::new(follower.processes(watched.session.spaces()));
    let is_shown =
        |name: &str| request.maps.is_empty() || request.maps.iter().any(|asked| asked == name);
    let maps = loaded.contents(is_shown, &mut names, &mut notices);
    Ok(Outcome { watched, samples, programs, maps, output, objects: None, notices })
}

/// What the kernel counted of each program.
fn counts(
    loaded: &Loaded<'_>,
    chosen: &[&ResolvedProgram],
    measured: Option<()>,
    totals: Totals,
) -> Vec<ProgramCounts> {
    let count = |spec: &&ResolvedProgram| {
        let info = loaded.program(&spec.name).and_then(|program| program.info().ok());
        let info = info.filter(|_| measured.is_some());
        ProgramCounts {
            name: spec.name.clone(),
            runs: info.as_ref().map_or(totals.samples, |info| info.run_count),
            dropped: info.as_ref().map_or(0, |info| info.recursion_misses),
            ..ProgramCounts::default()
        }
    };
    chosen.iter().map(count).collect()
}
