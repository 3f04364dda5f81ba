//! `skep run`: a BPF object on the samples of a process.

mod map_table;
mod view;

use std::process::ExitCode;

use skep::check::{CheckedProgram, Judged, Options, check_object};
use skep::host::or_on_the_machine;
use skep::run::{Outcome, Request, run, run_on_host};
use skep::sample::Totals;
use skep::{Error, ErrorKind};
use skep_object::{KernelProfile, Resolved, ResolvedProgram};

use crate::args::{RunArgs, Unwind};
use crate::output::{Output, Progress};
use crate::{kernel, object, sampling};

#[cfg(test)]
mod tests;

pub(crate) use self::view::{MapContents, ProgramRow, RunView};

/// Samples the target and prints what was found.
///
/// # Errors
/// Those of the object, the target, the event and the system; see the library.
pub(crate) fn execute(args: &RunArgs, output: &Output) -> Result<ExitCode, Error> {
    args.engine.check(&args.target, &args.source, Some(&args.kernel))?;
    let method = args.attach.method()?;
    let options =
        sampling::options("run", &args.target, &args.event, &args.source, Unwind::Fp, output)?;
    kernel::check_engine(args.engine.is_host(), &args.machine)?;
    let spec = object::open(&args.object)?;
    let (profile, ground) = kernel::profile_on(&args.kernel, &args.machine, Some(&options.target))?;
    let resolved = object::resolve(&args.object, &spec, &profile)?;
    let request = Request { programs: args.prog.clone(), method, maps: args.dump.clone(), ground };
    let stop = sampling::stop_flag()?;
    if !args.engine.is_host() {
        verify(args, &resolved, &profile)?;
    }
    let outcome = {
        let line = Progress::start(args.target.duration);
        let progress = &mut |totals: &Totals| line.update(totals.samples, totals.lost);
        if args.engine.is_host() {
            let shown = args.object.display().to_string();
            // Whether anybody reads it does not matter: the error says the same in short.
            let rejected = &mut |program: &CheckedProgram| {
                let _ = crate::check::reasons(&mut anstream::stderr(), &shown, program);
            };
            run_on_host(&resolved, &profile, &request, &options, &stop, rejected, progress)
                .map_err(or_on_the_machine)?
        } else {
            run(&resolved, &profile, &request, &options, &stop, progress)?
        }
    };
    let is_faulty = outcome.is_faulty();
    output.print(&view(args, outcome))?;
    Ok(ExitCode::from(u8::from(is_faulty)))
}

/// Explains what the kernel would refuse, as `skep check` does; no program is run that was asked for by name and is
/// refused, and none when all are.
fn verify(args: &RunArgs, resolved: &Resolved, profile: &KernelProfile) -> Result<(), Error> {
    let shown = args.object.display().to_string();
    let is_wanted = |program: &ResolvedProgram| match args.prog.as_slice() {
        [] => program.autoload && skep::run::can_run(program),
        names => names.contains(&program.name),
    };
    let checked = check_object(&shown, resolved, profile, Options::default(), is_wanted, |_| {});
    let is_rejected = |program: &&CheckedProgram| matches!(program.judged, Judged::Rejected(_));
    let rejected: Vec<&CheckedProgram> = checked.programs.iter().filter(is_rejected).collect();
    for program in &rejected {
        // Whether anybody reads it does not matter: the error below says the same in short.
        let _ = crate::check::reasons(&mut anstream::stderr(), &shown, program);
    }
    let all = !rejected.is_empty() && rejected.len() == checked.programs.len();
    match rejected.first() {
        Some(program) if all || !args.prog.is_empty() => Err(Error::new(
            ErrorKind::Program,
            format!("Linux {} rejects program {}, so it is not run", profile.release, program.name),
        )
        .hint(format!("`skep check {shown} --matrix` tells which kernels take it"))),
        _ => Ok(()),
    }
}

fn view(args: &RunArgs, outcome: Outcome) -> RunView {
    let session = &outcome.watched.session;
    let totals = session.totals();
    let row = |counts: skep::session::ProgramCounts| ProgramRow {
        name: counts.name,
        runs: counts.runs,
        dropped: counts.dropped,
        faults: counts.faults,
    };
    let map = |map: skep::contents::MapContents| MapContents {
        name: map.name,
        kind: map.map_type.map_or("unknown", skep_abi::MapType::name),
        elements: map.elements,
    };
    RunView {
        engine: args.engine.name(),
        source: session.source().name().to_owned(),
        event: session.event().name.clone(),
        samples: outcome.samples,
        lost: totals.lost,
        throttled: totals.throttled,
        programs: outcome.programs.into_iter().map(row).collect(),
        maps: outcome.maps.into_iter().map(map).collect(),
        output: outcome.output,
        objects: outcome.objects,
        whole_maps: !args.dump.is_empty(),
        notices: outcome.notices,
    }
}
