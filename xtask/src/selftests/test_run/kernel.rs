//! The kernel's side.

use std::process::Command;

use skep_abi::{AttachType, ProgType};
use skep_host::{HostError, HostObject, Link, LoadOptions, Loaded, LoadedProgram, TestRun, Wanted};
use skep_object::{MapInit, Resolved, ResolvedProgram, Slot};

use super::input::Input;
use super::{Contents, Ran, Side};

/// Room for packets afterwards.
const ROOM: usize = 1 << 17;

/// How often a new task is made until no other process has made one meanwhile.
const TRIES: usize = 20;

/// Has a program run twice, with fresh maps each, on different threads: what is not the same both times is no result of
/// the program (addresses, clocks, what lay on the stack).
pub(crate) fn twice(resolved: &Resolved, program: &ResolvedProgram, input: &Input) -> [Side; 2] {
    let once = || {
        // The machine runs on its first CPU. Where that is refused here, per-CPU maps tell.
        let mut first = rustix::thread::CpuSet::new();
        first.set(0);
        let _ = rustix::thread::sched_setaffinity(None, &first);
        let ran = match input {
            Input::NewTask => fire(resolved, program),
            Input::TestRun { data, ctx } => run(resolved, program, data, ctx),
        };
        ran.map_or_else(|side| side, Side::Ran)
    };
    let on_thread = || {
        std::thread::scope(|scope| {
            let panicked = |_| Side::Refused("the thread panicked".to_owned());
            scope.spawn(once).join().unwrap_or_else(panicked)
        })
    };
    [once(), on_thread()]
}

/// Loads a program with fresh maps and runs it.
fn run(
    resolved: &Resolved,
    program: &ResolvedProgram,
    data: &[u8],
    ctx: &[u8],
) -> Result<Ran, Side> {
    let loaded = load(resolved, program);
    let run = TestRun {
        data,
        data_out: if data.is_empty() { 0 } else { ROOM },
        ctx,
        ..TestRun::default()
    };
    let result = live(resolved, program, &loaded)?.test_run(&run);
    let result = result.map_err(|why| Side::Refused(format!("not run: {}", why.errno)))?;
    // The others do not give their contexts back.
    let ctx = if program.prog_type == ProgType::Syscall { result.ctx } else { Vec::new() };
    let maps = contents(resolved, &loaded);
    Ok(Ran { retval: result.retval, data: result.data, ctx, maps })
}

/// Loads a program with fresh maps, and makes a task while it is attached.
fn fire(resolved: &Resolved, program: &ResolvedProgram) -> Result<Ran, Side> {
    let failed = |why: HostError| Side::Refused(format!("not attached: {why}"));
    let _counted = skep_host::measure_runs().map_err(failed)?;
    for _ in 0..TRIES {
        let loaded = load(resolved, program);
        let live = live(resolved, program, &loaded)?;
        let link = Link::tracing(live, AttachType::TraceRawTp, 0).map_err(failed)?;
        let child = Command::new("true").status();
        child.map_err(|why| Side::Refused(format!("not run: no task can be made: {why}")))?;
        drop(link);
        match live.info().map_err(failed)?.run_count {
            0 => return Err(Side::Refused("not run: the new task does not fire it".to_owned())),
            1 => return Ok(Ran { maps: contents(resolved, &loaded), ..Ran::default() }),
            // Another process made a task too, and the program may have done its work twice.
            _ => {}
        }
    }
    Err(Side::Refused("not run alone: other processes make tasks all the time".to_owned()))
}

fn load(resolved: &Resolved, program: &ResolvedProgram) -> Loaded {
    let mut names = vec![program.name.as_str()];
    names.extend(in_slots(resolved));
    let options = LoadOptions { wanted: Wanted::Named(&names), ..LoadOptions::default() };
    HostObject::load(resolved, &options)
}

fn live<'l>(
    resolved: &Resolved,
    program: &ResolvedProgram,
    loaded: &'l Loaded,
) -> Result<&'l LoadedProgram, Side> {
    let index = resolved.programs.iter().position(|other| std::ptr::eq(other, program));
    match index.and_then(|index| loaded.programs().get(index)) {
        Some(Ok(live)) => Ok(live),
        Some(Err(why)) => Err(Side::Refused(format!("not loaded: {why}"))),
        None => Err(Side::Refused("not loaded".to_owned())),
    }
}

/// What maps that can be compared hold.
fn contents(resolved: &Resolved, loaded: &Loaded) -> Vec<Contents> {
    let maps = loaded.maps().iter().zip(&resolved.maps).filter_map(|(map, spec)| {
        let map = map.as_ref().ok()?;
        super::compare::is_comparable(spec).then_some(())?;
        let mut entries = map.entries().ok()?;
        entries.sort();
        Some((spec.name.clone(), entries))
    });
    maps.collect()
}

/// Programs that program arrays of the object hold.
fn in_slots(resolved: &Resolved) -> Vec<&str> {
    let slots = resolved.maps.iter().filter_map(|map| match &map.init {
        MapInit::Slots(slots) => Some(slots),
        _ => None,
    });
    let programs = slots.flatten().filter_map(|(_, slot)| match slot {
        Slot::Program(program) => resolved.programs.get(program.0 as usize),
        Slot::Map(_) => None,
    });
    programs.map(|program| program.name.as_str()).collect()
}
