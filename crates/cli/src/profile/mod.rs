//! `skep profile`: where a process spends its time.

mod files;
mod siblings;
mod view;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::process::ExitCode;

use skep::Error;
use skep::host::or_on_the_machine;
use skep::profile::{HostProfile, for_host};
use skep::profiler::smt::{self, Group};
use skep::profiler::{self, Outcome, Stage, profile_on_host};
use skep::report::{Frame, FunctionId, FunctionStat, GroupId, Stack};
use skep::sample::{self, Session};
use skep_abi::Addr;

use crate::args::{ProfileArgs, Rate, Unwind};
use crate::output::{Output, Progress};
use crate::{kernel, sampling};

#[cfg(test)]
mod tests;

pub(crate) use self::siblings::{SiblingCounts, SmtView};
pub(crate) use self::view::{FrameLine, FunctionRow, ProfileView, StackRow, TargetStatus};

/// Stacks that the document and the text get; the files have all.
const STACKS: usize = 100;

/// Samples the target and prints what was found.
///
/// # Errors
/// Those of the target, the event and the system; see the library.
pub(crate) fn execute(args: &ProfileArgs, output: &Output) -> Result<ExitCode, Error> {
    args.engine.check(&args.target, &args.source, None)?;
    let options = sampling::options(
        "profile",
        &args.target,
        &args.event,
        &args.source,
        Unwind::Auto,
        output,
    )?;
    let method = args.attach.method()?;
    kernel::check_engine(args.engine.is_host(), &args.machine)?;
    let smt = args.smt.request(args.target.cpus.as_ref(), args.engine.is_host())?;
    let host = for_host()?;
    let HostProfile { profile, notice } =
        if smt.is_some() { smt::kernel_with_idle_masks(host) } else { host };
    let ground = kernel::ground(&args.machine, Some(&options.target))?;
    let (profile, ground) = kernel::fit(profile, ground)?;
    files::prepare(&args.output)?;
    let stop = sampling::stop_flag()?;
    let outcome = {
        let line = Progress::start(args.target.duration);
        let progress = &mut |stage: Stage<'_>| match stage {
            Stage::Sampling(totals) => line.update(totals.samples, totals.lost),
            Stage::Naming(at) => line.naming(at.done, at.total),
        };
        match smt {
            Some(smt) => smt::profile(&options, &profile, &ground, smt, method, &stop, progress)?,
            None if args.engine.is_host() => {
                profile_on_host(&options, &profile, method, &stop, progress)
                    .map_err(or_on_the_machine)?
            }
            None => profiler::profile(&options, &profile, &ground, method, &stop, progress)?,
        }
    };
    let files = files::write(&args.output, args, &outcome)?;
    let mut view = view(args, &outcome);
    view.files = files;
    view.notices.extend(notice);
    output.print(&view)?;
    Ok(ExitCode::SUCCESS)
}

fn view(args: &ProfileArgs, outcome: &Outcome) -> ProfileView {
    let session = &outcome.watched.session;
    let totals = session.totals();
    ProfileView {
        engine: args.engine.name(),
        source: session.source().name().to_owned(),
        event: session.event().name.clone(),
        rate: rate(args, session),
        duration: outcome.watched.duration,
        target_status: session.target_status().and_then(target_status),
        samples: outcome.counted.samples,
        lost: totals.lost,
        throttled: totals.throttled,
        smt: outcome.smt.clone().map(SmtView),
        functions: functions(outcome),
        stacks: stacks(outcome),
        files: Vec::new(),
        notices: outcome.notices.clone(),
    }
}

/// How often samples were taken.
fn rate(args: &ProfileArgs, session: &Session) -> Rate {
    match session.recorded() {
        Some((sample::Rate::Frequency(hz), _)) => Rate::Frequency(hz),
        Some((sample::Rate::Period(period), _)) => Rate::Period(period),
        None => args.event.rate(),
    }
}

/// How a command ended; none while it runs on.
pub(crate) fn target_status(status: sample::TargetStatus) -> Option<TargetStatus> {
    match status {
        sample::TargetStatus::Exited(status) => Some(TargetStatus::Exited(status as u8)),
        sample::TargetStatus::Signaled(signal) => Some(TargetStatus::Signaled(signal as u8)),
        sample::TargetStatus::Running => None,
    }
}

fn functions(outcome: &Outcome) -> Vec<FunctionRow> {
    let stats = outcome.profile.function_stats().into_iter();
    stats
        .map(|stat| FunctionRow {
            frame: FrameLine {
                name: stat.name.as_deref().map(str::to_owned),
                address: Addr(stat.address.unwrap_or(0)),
                object: Some(stat.object.to_string()),
            },
            self_samples: stat.own,
            siblings: outcome.smt.as_ref().map(|_| siblings_of(&stat, outcome)),
            total: stat.total,
        })
        .collect()
}

/// A function's own samples by what the siblings did.
fn siblings_of(stat: &FunctionStat, outcome: &Outcome) -> SiblingCounts {
    let mut counts = SiblingCounts::default();
    for (id, group) in &outcome.groups {
        counts.add(group.sibling, stat.own_in(*id));
    }
    counts
}

/// The hottest stacks; those that differ in addresses within the same functions are one.
fn stacks(outcome: &Outcome) -> Vec<StackRow> {
    let profile = &outcome.profile;
    let mut rows: Vec<StackRow> = Vec::new();
    let mut known: HashMap<(Option<GroupId>, &str, Vec<FunctionId>), usize> = HashMap::new();
    for stack in profile.stacks() {
        let functions = profile.frames(stack).map(|frame| frame.id).collect();
        let row =
            *known.entry((stack.group, profile.comm(stack), functions)).or_insert_with(|| {
                let (comm, group) = (profile.comm(stack).to_owned(), group_of(stack, outcome));
                let frames = profile.frames(stack).map(frame_line).collect();
                rows.push(StackRow { comm, group, samples: 0, frames });
                rows.len() - 1
            });
        rows[row].samples += stack.weight;
    }
    rows.sort_by_key(|row| Reverse(row.samples));
    rows.truncate(STACKS);
    rows
}

fn group_of(stack: &Stack, outcome: &Outcome) -> Option<Group> {
    outcome.groups.get(&stack.group?).copied()
}

fn frame_line(frame: Frame<'_>) -> FrameLine {
    let function = frame.function;
    FrameLine {
        name: function.name.as_deref().map(str::to_owned),
        address: Addr(function.address.unwrap_or(0)),
        object: Some(function.object.to_string()),
    }
}
