//! Which programs and maps of an object a run is about.

use std::collections::HashSet;
use std::sync::Arc;

use skep_abi::{AttachType, ProgType};
use skep_machine::Prog;
use skep_object::{MapInit, MapSpec, Resolved, ResolvedProgram, Slot};

use super::PROG_TYPES;
use crate::Error;
use crate::load::Loaded;
use crate::session::PASSED;

/// The programs to attach: those that were asked for, else those of the type that the event takes, and those that
/// watch what the machine passes by itself.
///
/// # Errors
/// When one that was asked for is not there or is not of a type that a perf event takes, or when there is none.
pub(super) fn programs<'a>(
    resolved: &'a Resolved,
    asked: &[String],
    taken: ProgType,
) -> Result<Vec<&'a ResolvedProgram>, Error> {
    let all = &resolved.programs;
    if all.is_empty() {
        return Err(Error::input(format!("object {} holds no programs", resolved.name))
            .hint("a program is a function with SEC(\"perf_event\") or the like in front"));
    }
    if !asked.is_empty() {
        return asked.iter().map(|name| by_name(all, name)).collect();
    }
    let callees = tail_call_targets(resolved);
    let chosen: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(at, program)| {
            let is_taken = program.prog_type == taken || is_watcher(program);
            is_taken && program.autoload && !callees.contains(at)
        })
        .map(|(_, program)| program)
        .collect();
    if chosen.is_empty() {
        let types: Vec<_> =
            all.iter().map(|p| format!("{} ({})", p.name, p.prog_type.name())).collect();
        return Err(Error::unsupported(format!(
            "object {} holds no {} program to attach to this event, only {}",
            resolved.name,
            taken.name(),
            types.join(", ")
        ))
        .hint(HINT));
    }
    Ok(chosen)
}

fn by_name<'a>(all: &'a [ResolvedProgram], name: &str) -> Result<&'a ResolvedProgram, Error> {
    let Some(program) = all.iter().find(|program| program.name == name) else {
        let known: Vec<_> = all.iter().map(|program| program.name.as_str()).collect();
        return Err(Error::input(format!("the object has no program `{name}`"))
            .hint(format!("it has {}", known.join(", "))));
    };
    if !can_run(program) {
        return Err(Error::unsupported(format!(
            "program `{name}` is of type {}",
            program.prog_type.name()
        ))
        .hint(HINT));
    }
    Ok(program)
}

/// What runs so far.
const HINT: &str = "skep runs perf_event programs, tracepoint programs on `-e SYSTEM:NAME`, and those that watch \
                    task_newtask";

/// Whether a run takes a program.
#[must_use]
pub fn can_run(program: &ResolvedProgram) -> bool {
    PROG_TYPES.contains(&program.prog_type) || is_watcher(program)
}

/// Whether a program is for a raw tracepoint that the machine passes by itself.
fn is_watcher(program: &ResolvedProgram) -> bool {
    let is_raw = match program.prog_type {
        ProgType::RawTracepoint => true,
        ProgType::Tracing => program.attach_type == Some(AttachType::TraceRawTp),
        _ => false,
    };
    is_raw && program.attach_target.as_deref().is_some_and(|target| PASSED.contains(&target))
}

/// Programs that the object itself puts into program arrays: they run by tail calls.
fn tail_call_targets(resolved: &Resolved) -> HashSet<usize> {
    let slots = resolved.maps.iter().filter_map(|map| match &map.init {
        MapInit::Slots(slots) => Some(slots),
        _ => None,
    });
    slots
        .flatten()
        .filter_map(|(_, slot)| match slot {
            Slot::Program(program) => Some(program.0 as usize),
            Slot::Map(_) => None,
        })
        .collect()
}

/// The chosen programs as they were loaded. Those that were not chosen and cannot be used do no harm.
///
/// # Errors
/// Why the first chosen one that cannot be used cannot.
pub(super) fn usable(
    loaded: &mut Loaded,
    chosen: &[&ResolvedProgram],
) -> Result<Vec<Arc<Prog>>, Error> {
    if let Some(at) =
        loaded.unusable.iter().position(|(name, _)| chosen.iter().any(|p| p.name == *name))
    {
        return Err(loaded.unusable.swap_remove(at).1);
    }
    Ok(chosen.iter().filter_map(|program| loaded.program(&program.name).cloned()).collect())
}

/// Checks that the maps to show are there.
///
/// # Errors
/// When one is not.
pub(super) fn maps(maps: &[MapSpec], asked: &[String]) -> Result<(), Error> {
    let known: Vec<_> =
        maps.iter().filter(|map| map.autocreate).map(|map| map.name.as_str()).collect();
    match asked.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::input(format!("the object has no map `{name}`"))
            .hint(format!("it has {}", known.join(", ")))),
    }
}
