//! Which programs and maps of an object a run is about.

use std::collections::HashSet;
use std::sync::Arc;

use skep_interp::Program;
use skep_object::{MapInit, Resolved, ResolvedProgram, Slot};

use super::PROG_TYPES;
use crate::Error;
use crate::load::Loaded;

/// The programs to attach, by name.
///
/// # Errors
/// When one that was asked for is not there or is not of a type that a perf event takes, or when there is none.
pub(super) fn programs<'a>(
    resolved: &'a Resolved,
    asked: &[String],
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
            PROG_TYPES.contains(&program.prog_type) && program.autoload && !callees.contains(at)
        })
        .map(|(_, program)| program)
        .collect();
    if chosen.is_empty() {
        let types: Vec<_> =
            all.iter().map(|p| format!("{} ({})", p.name, p.prog_type.name())).collect();
        return Err(Error::unsupported(format!(
            "object {} holds no perf_event program to attach, only {}",
            resolved.name,
            types.join(", ")
        ))
        .hint("skep runs perf_event programs so far"));
    }
    Ok(chosen)
}

fn by_name<'a>(all: &'a [ResolvedProgram], name: &str) -> Result<&'a ResolvedProgram, Error> {
    let Some(program) = all.iter().find(|program| program.name == name) else {
        let known: Vec<_> = all.iter().map(|program| program.name.as_str()).collect();
        return Err(Error::input(format!("the object has no program `{name}`"))
            .hint(format!("it has {}", known.join(", "))));
    };
    if !PROG_TYPES.contains(&program.prog_type) {
        return Err(Error::unsupported(format!(
            "program `{name}` is of type {}",
            program.prog_type.name()
        ))
        .hint("skep runs perf_event programs so far"));
    }
    Ok(program)
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
) -> Result<Vec<Arc<Program>>, Error> {
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
pub(super) fn maps(loaded: &Loaded, asked: &[String]) -> Result<(), Error> {
    match asked.iter().find(|name| loaded.map(name).is_none()) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = loaded.maps.iter().map(|map| map.spec.name.as_str()).collect();
            Err(Error::input(format!("the object has no map `{name}`"))
                .hint(format!("it has {}", known.join(", "))))
        }
    }
}
