//! The kernel's side: a child is sampled, and each context is recorded before the program sees it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use skep_abi::{MapType, ProgType};
use skep_host::{Map, MapAttr, Program, RingBuffer};
use skep_object::{KernelProfile, Resolved, ResolvedProgram};
use skep_sample::event_name::EventSpec;
use skep_sample::{Options, Rate, Record, RecordKind, Session, Target};

use super::recorder::{self, Context};
use super::{COOKIE, Left, PERIOD};
use crate::diff::leaves::is_comparable;
use crate::host::{Attachments, Loaded, Outputs, load};
use crate::session::{Method, open_with};
use crate::{Error, ErrorKind};

/// Contexts after which the child is ended, and how long they are waited for.
const ENOUGH: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of the ring that contexts are recorded in: over a thousand.
const RING: u32 = 4 << 20;
/// A child in user mode and in the kernel by turns, which forks nothing.
const CHILD: [&str; 3] = ["sh", "-c", "while :; do read x < /proc/uptime; done"];

/// What was seen.
pub(super) struct Recorded {
    /// Each context, in order.
    pub(super) contexts: Vec<Context>,
    /// What happened to tasks.
    pub(super) records: Vec<Record>,
    /// Whether what was printed could be read.
    pub(super) shows_prints: bool,
    /// What could not be read.
    pub(super) notices: Vec<String>,
}

/// Runs a program in the kernel.
///
/// # Errors
/// What the kernel refuses; [`ErrorKind::Unsupported`] where this program cannot be reached by a tail call.
pub(super) fn record(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
) -> Result<(Recorded, Left), Error> {
    let loaded = load(resolved, profile, &[program], &mut |_| ())?;
    let user = loaded.program(&program.name).ok_or_else(|| Error::input("it is not loaded"))?;
    let ring = Map::create(&map("skep_contexts", MapType::Ringbuf, 0, RING))?;
    let slots = Map::create(&map("skep_next", MapType::ProgArray, 4, 1))?;
    let insns = recorder::insns().map_err(|error| Error::unsupported(format!("{error:?}")))?;
    let mut described = Program::new(ProgType::PerfEvent, &insns);
    described.name = "skep_record";
    // Programs of one array are loaded with the same attach type.
    described.expected_attach_type =
        program.attach_type.map_or(0, |attach_type| attach_type as u32);
    let recorder = described.with_fds([ring.as_fd(), slots.as_fd()]).install();
    let recorder = recorder.map_err(|verdict| {
        Error::unsupported(format!("the recorder is refused: {}", verdict.last_message()))
    })?;
    slots.set_fd(&0u32.to_ne_bytes(), user).map_err(|error| {
        Error::new(ErrorKind::Unsupported, format!("it takes no tail call: {error}"))
    })?;
    let mut contexts = RingBuffer::new(&ring)?;
    let mut outputs = Outputs::open(&loaded, resolved);
    let shows_prints = outputs.shows_prints();
    let attachments = Attachments::of_program(recorder, Method::Link { cookie: COOKIE });
    let mut session = open_with(&options(), &attachments)?;
    outputs.only(session.child());
    let mut recorded =
        Recorded { contexts: Vec::new(), records: Vec::new(), shows_prints, notices: Vec::new() };
    watch(&mut session, &mut contexts, &mut outputs, &mut recorded)?;
    drop(attachments);
    let delivered = session.totals();
    let mut left = Left { runs: recorded.contexts.len() as u64, ..Left::default() };
    read(&loaded, &mut left)?;
    let (output, said) = outputs.finish();
    recorded.notices = said;
    left.leaves.output(&output);
    if delivered.lost == 0 {
        super::delivered(&mut left, delivered.samples);
    }
    Ok((recorded, left))
}

fn map(name: &'static str, kind: MapType, key_size: u32, max_entries: u32) -> MapAttr<'static> {
    MapAttr {
        name,
        kind,
        key_size,
        value_size: key_size,
        max_entries,
        flags: 0,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: None,
    }
}

fn options() -> Options {
    let command = CHILD.iter().map(Into::into).collect();
    let mut options = Options::new(Target::Command(command));
    options.event = Some(EventSpec::cpu_clock());
    options.rate = Rate::Period(PERIOD);
    options.inherit = false;
    options.child_stdout = skep_sample::ChildStdout::ToStderr;
    options
}

/// Lets the child run until there are contexts enough.
fn watch(
    session: &mut Session,
    ring: &mut RingBuffer,
    outputs: &mut Outputs,
    recorded: &mut Recorded,
) -> Result<(), Error> {
    let refused = |error: &dyn std::fmt::Display| Error::environment(error);
    let deadline = Instant::now() + PATIENCE;
    let mut is_described = false;
    loop {
        let batch = session.poll(Duration::from_millis(20)).map_err(|error| refused(&error))?;
        let others = |record: &Record| !matches!(record.kind, RecordKind::Sample(_));
        recorded.records.extend(batch.records.into_iter().filter(others));
        ring.drain(|bytes| recorded.contexts.extend(recorder::read(bytes)));
        outputs.drain();
        if let (false, Some(first)) = (is_described, recorded.contexts.first()) {
            // A program may drop the sample that would tell of its thread.
            is_described = true;
            recorded.records.extend(session.describe(&first.sample));
        }
        if batch.end.is_some() {
            break;
        }
        if recorded.contexts.len() >= ENOUGH || Instant::now() > deadline {
            session.stop();
        }
    }
    ring.drain(|bytes| recorded.contexts.extend(recorder::read(bytes)));
    Ok(())
}

fn read(loaded: &Loaded<'_>, left: &mut Left) -> Result<(), Error> {
    for (spec, map) in loaded.maps().filter(|(spec, _)| is_comparable(spec)) {
        left.leaves.map(loaded.btf(), spec, &crate::host::entries(map)?);
    }
    Ok(())
}
