//! The kernel's side.

use skep_abi::ProgType;
use skep_host::{HostObject, LoadOptions, TestRun, Wanted};
use skep_object::{MapInit, Resolved, ResolvedProgram, Slot};

use super::input::Input;
use super::{Contents, Ran, Side};

/// Room for packets afterwards.
const ROOM: usize = 1 << 17;

/// Runs a program twice, with fresh maps each, on different threads: what is not the same both times is no result of
/// the program (addresses, clocks, what lay on the stack).
pub(crate) fn run_twice(
    resolved: &Resolved,
    program: &ResolvedProgram,
    input: &Input,
) -> [Side; 2] {
    let once = || {
        // The machine runs on its first CPU. Where that is refused here, per-CPU maps tell.
        let mut first = rustix::thread::CpuSet::new();
        first.set(0);
        let _ = rustix::thread::sched_setaffinity(None, &first);
        run(resolved, program, input)
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
fn run(resolved: &Resolved, program: &ResolvedProgram, input: &Input) -> Side {
    let mut names = vec![program.name.as_str()];
    names.extend(in_slots(resolved));
    let options = LoadOptions { wanted: Wanted::Named(&names), ..LoadOptions::default() };
    let loaded = HostObject::load(resolved, &options);
    let index = resolved.programs.iter().position(|other| std::ptr::eq(other, program));
    let found = index.and_then(|index| loaded.programs().get(index));
    let live = match found {
        Some(Ok(live)) => live,
        Some(Err(why)) => return Side::Refused(format!("not loaded: {why}")),
        None => return Side::Refused("not loaded".to_owned()),
    };
    let run = TestRun {
        data: &input.data,
        data_out: if input.data.is_empty() { 0 } else { ROOM },
        ctx: &input.ctx,
        ..TestRun::default()
    };
    let result = match live.test_run(&run) {
        Ok(result) => result,
        Err(why) => return Side::Refused(format!("not run: {}", why.errno)),
    };
    let maps = loaded.maps().iter().zip(&resolved.maps).filter_map(|(map, spec)| {
        let map = map.as_ref().ok()?;
        super::compare::is_comparable(spec).then_some(())?;
        let mut entries = map.entries().ok()?;
        entries.sort();
        Some((spec.name.clone(), entries))
    });
    let maps: Vec<Contents> = maps.collect();
    // The others do not give their contexts back.
    let ctx = if program.prog_type == ProgType::Syscall { result.ctx } else { Vec::new() };
    Side::Ran(Ran { retval: result.retval, data: result.data, ctx, maps })
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
