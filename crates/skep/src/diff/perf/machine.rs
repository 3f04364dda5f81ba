//! The machine's side: the recorded contexts again, one by one.

use skep_abi::{Errno, Pid, Sample};
use skep_machine::perf::{Fired, Overflow, PerfEvent, Target};
use skep_machine::trace::{Passed, Traced};
use skep_machine::{File, LinkCreate, Machine, Task, UserMemory};
use skep_object::{KernelProfile, Resolved, ResolvedProgram};
use skep_sample::{Record, RecordKind};

use super::kernel::Recorded;
use super::place::Place;
use super::recorder::Context;
use super::{COOKIE, Left, PERIOD};
use crate::diff::leaves::is_comparable;
use crate::diff::twist::{Twist, machine, uninit_stack_byte};
use crate::load::Loaded;
use crate::run::{open_perf_buffers, take_output};
use crate::session::{Processes, follow_tasks};
use crate::{Error, ErrorKind};

/// No process has memory; or all of it holds the same byte.
struct Memory(Option<u8>);

impl UserMemory for Memory {
    fn read(&self, _: Pid, _: u64, into: &mut [u8]) -> Result<(), Errno> {
        into.fill(self.0.ok_or(Errno::EFAULT)?);
        Ok(())
    }
}

/// Runs a program on the machine.
///
/// # Errors
/// When the machine cannot load it, or ([`ErrorKind::Program`]) when it does what it must not.
pub(super) fn replay(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    place: &Place,
    recorded: &Recorded,
    twist: Option<Twist>,
) -> Result<Left, Error> {
    let machine = machine(profile, twist)?;
    let mut loaded = Loaded::new(&machine, resolved, profile)?;
    loaded.interp.set_uninit_stack_byte(uninit_stack_byte(twist));
    if let Some(at) = loaded.unusable.iter().position(|(name, _)| *name == program.name) {
        let why = loaded.unusable.swap_remove(at).1;
        // The verdicts are equal: what is missing is missing on the machine.
        return Err(Error { kind: ErrorKind::Unsupported, ..why });
    }
    let prog = loaded.program(&program.name).ok_or_else(|| Error::input("it is not loaded"))?;
    open_perf_buffers(&machine, &loaded);
    let mut records = recorded.records.iter().peekable();
    let Some(first) = recorded.contexts.first() else { return Ok(Left::default()) };
    let until = first.sample.time;
    while let Some(record) = records.next_if(|record| record.time <= until) {
        follow(&machine, record, first, twist);
    }
    enter(&machine, first);
    if let Place::Tracepoint { name, id, size } = place {
        machine.define_tracepoint(*id, name, *size).map_err(Error::environment)?;
    }
    let opened = machine.perf_event_open(&place.attr(), Target::Task(first.sample.tid), None);
    let refused = |errno: Errno| Error::unsupported(format!("the machine refuses: {errno}"));
    let event = opened.map_err(refused)?;
    let create = LinkCreate::perf_event(File::from(prog), File::from(&event), COOKIE);
    let _link = machine.link_create(&create).map_err(refused)?;
    let mut left = Left::default();
    let mut delivered = 0;
    for (number, context) in recorded.contexts.iter().enumerate() {
        let until = context.sample.time;
        while let Some(record) = records.next_if(|record| record.time <= until) {
            follow(&machine, record, first, twist);
        }
        enter(&machine, context);
        let sample = twisted(&context.sample, number as u64, twist);
        let user = Memory((twist == Some(Twist::UserMemory)).then_some(0x5a));
        match fire(&machine, place, &event, &sample, &user) {
            Ran::Delivered => delivered += 1,
            Ran::Discarded => {}
            Ran::Not(why) => {
                let trap = prog.first_trap().map(|trap| trap.to_string());
                return Err(Error::new(ErrorKind::Program, trap.unwrap_or(why)));
            }
        }
        if let Some(trap) = prog.first_trap() {
            return Err(Error::new(ErrorKind::Program, trap.to_string()));
        }
        left.runs += 1;
        machine.drain_ringbufs();
    }
    for map in loaded.maps.iter().filter(|map| is_comparable(&map.spec)) {
        let Some(side) = machine.user_side(map.id) else { continue };
        left.leaves.map(loaded.btf.as_ref(), &map.spec, &side.entries());
    }
    let mut output = take_output(&machine, &loaded);
    output.retain(|piece| recorded.shows_prints || !piece.is_string());
    pad(&mut output);
    left.leaves.output(&output);
    super::delivered(&mut left, place, delivered);
    left.unmodelled = machine.unmodelled_fields();
    Ok(left)
}

/// What came of a context.
enum Ran {
    Delivered,
    Discarded,
    Not(String),
}

/// Has the program run on a context.
fn fire(
    machine: &Machine,
    place: &Place,
    event: &PerfEvent,
    sample: &Sample,
    user: &Memory,
) -> Ran {
    let cpu = sample.cpu;
    let Some((id, _)) = place.tracepoint() else {
        let overflow = Overflow { sample, cpu, user, throttle: false };
        return match machine.overflow(event, overflow) {
            Fired::Delivered => Ran::Delivered,
            Fired::Discarded => Ran::Discarded,
            other => Ran::Not(format!("{other:?}")),
        };
    };
    let Some(passed) = machine.tracepoint(id) else {
        return Ran::Not("the tracepoint is not there".to_owned());
    };
    let at = Traced { cpu, task: sample.tid, sample: Some(sample), user };
    match machine.fire_tracepoint(&passed, at, &sample.raw) {
        Passed::Recorded => Ran::Delivered,
        Passed::Discarded => Ran::Discarded,
        other => Ran::Not(format!("{other:?}")),
    }
}

/// The kernel pads records of perf buffers with zeros to 8 bytes together with their length.
fn pad(output: &mut [serde_json::Value]) {
    for record in output.iter_mut().filter(|piece| piece.get("cpu").is_some()) {
        let Some(hex) = record["data"]["hex"].as_str() else { continue };
        let bytes = (hex.len() / 2 + 4).next_multiple_of(8) - 4;
        let padded = format!("{hex:0<width$}", width = bytes * 2);
        record["data"]["hex"] = padded.into();
    }
}

/// Follows a record; with the twist for it, an ancestor's parent becomes a thread of the process that it was.
fn follow(machine: &Machine, record: &Record, first: &Context, twist: Option<Twist>) {
    follow_tasks(machine, record, &Processes::default());
    let (Some(Twist::Lineage), RecordKind::Task(task)) = (twist, &record.kind) else { return };
    let Some(parent) = task.parent.filter(|_| task.tid != first.sample.tid) else { return };
    // Beyond the numbers that any kernel gives.
    let thread = Pid((1 << 23) + task.tid.0);
    let known = machine.tasks().get(parent);
    let known = known.map_or_else(|| Task::new(parent, parent, ""), |known| Task::clone(&known));
    machine.tasks().insert(Task { tid: thread, ..known });
    if let Some(child) = machine.tasks().get(task.tid) {
        machine.tasks().insert(Task { parent: Some(thread), ..Task::clone(&child) });
    }
}

/// The current task as it was.
fn enter(machine: &Machine, context: &Context) {
    let (tid, pid) = (context.sample.tid, context.sample.pid);
    let known = machine.tasks().get(tid);
    let known = known.map_or_else(|| Task::new(tid, pid, ""), |task| Task::clone(&task));
    let (comm, uid, gid) = (context.comm.clone(), context.uid, context.gid);
    let is_same = known.pid == pid && known.comm == comm && (known.uid, known.gid) == (uid, gid);
    if machine.tasks().get(tid).is_none() || !is_same {
        machine.tasks().insert(Task { pid, comm, uid, gid, is_alive: true, ..known });
    }
}

fn twisted(sample: &Sample, number: u64, twist: Option<Twist>) -> Sample {
    let mut sample = sample.clone();
    // Differences between neighbours change too, by up to half a period.
    let jitter = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (PERIOD / 2);
    match twist {
        Some(Twist::Clock) => sample.time += 1_234_567_891 + jitter,
        Some(Twist::Counter) => {
            if let Some(value) = &mut sample.value {
                value.counter += 12_345 + jitter;
                value.enabled += 23_456 + jitter;
                value.running += 34_567 + jitter;
            }
        }
        _ => {}
    }
    sample
}
