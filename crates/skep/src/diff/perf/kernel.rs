//! The kernel's side: a child is sampled, and each context is recorded before the program sees it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use skep_abi::MapType;
use skep_host::{Map, MapAttr, Program, RingBuffer};
use skep_object::{KernelProfile, Resolved, ResolvedProgram};
use skep_sample::{Options, Rate, Record, RecordKind, Session, Target};

use super::place::Place;
use super::recorder::{Context, Recorder};
use super::{COOKIE, Left};
use crate::diff::leaves::is_comparable;
use crate::host::{Attachments, Loaded, Outputs, load};
use crate::session::{Method, open_with};
use crate::{Error, ErrorKind};

/// Contexts after which the child is ended.
const ENOUGH: usize = 100;
/// Bytes of the ring that contexts are recorded in: over a thousand.
const RING: u32 = 4 << 20;
/// A child in user mode and in the kernel by turns, which forks nothing.
const CHILD: [&str; 3] = ["sh", "-c", "while :; do read x < /proc/uptime; done"];
/// A child that passes many tracepoints: it opens, reads, closes, writes, renames itself, forks, waits, sleeps, signals.
const BUSY_CHILD: [&str; 3] = [
    "sh",
    "-c",
    "while :; do read x < /proc/uptime; echo skep > /proc/$$/comm; cd /; umask 22; kill -0 $$; sleep 0.002; done",
];

/// How long contexts are waited for. The clock passes wherever the child is; a tracepoint it may never pass.
const fn patience(place: &Place) -> Duration {
    match place {
        Place::CpuClock => Duration::from_secs(20),
        Place::Tracepoint { .. } => Duration::from_secs(3),
    }
}

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
    place: &Place,
) -> Result<(Recorded, Left), Error> {
    let loaded = load(resolved, profile, &[program], &mut |_| ())?;
    let user = loaded.program(&program.name).ok_or_else(|| Error::input("it is not loaded"))?;
    let ring = Map::create(&map("skep_contexts", MapType::Ringbuf, 0, RING))?;
    let slots = Map::create(&map("skep_next", MapType::ProgArray, 4, 1))?;
    let process =
        Map::create(&MapAttr { value_size: 8, ..map("skep_process", MapType::Array, 4, 1) })?;
    let recorder = Recorder::new(place);
    let insns = recorder.insns().map_err(|error| Error::unsupported(format!("{error:?}")))?;
    let mut described = Program::new(program.prog_type, &insns);
    described.name = "skep_record";
    // Programs of one array are loaded with the same attach type.
    described.expected_attach_type =
        program.attach_type.map_or(0, |attach_type| attach_type as u32);
    let described = described.with_fds([ring.as_fd(), slots.as_fd(), process.as_fd()]);
    let installed = described.install().map_err(|verdict| {
        Error::unsupported(format!("the recorder is refused: {}", verdict.last_message()))
    })?;
    slots.set_fd(&0u32.to_ne_bytes(), user).map_err(|error| {
        Error::new(ErrorKind::Unsupported, format!("it takes no tail call: {error}"))
    })?;
    let mut contexts = RingBuffer::new(&ring)?;
    let mut outputs = Outputs::open(&loaded, resolved);
    let shows_prints = outputs.shows_prints();
    let attachments = Attachments::of_program(
        installed,
        Method::Link { cookie: COOKIE },
        place.tracepoint().is_some(),
    );
    let mut session = open_with(&options(place), &attachments)?;
    outputs.only(session.child());
    if let Some(child) = session.child() {
        process.update(&0u32.to_ne_bytes(), &u64::from(child.0).to_ne_bytes())?;
    }
    let mut recorded =
        Recorded { contexts: Vec::new(), records: Vec::new(), shows_prints, notices: Vec::new() };
    let mut watched =
        Watched { session: &mut session, ring: &mut contexts, recorder, outputs: &mut outputs };
    watched.watch(patience(place), &mut recorded)?;
    drop(attachments);
    let delivered = session.totals();
    let mut left = Left { runs: recorded.contexts.len() as u64, ..Left::default() };
    read(&loaded, &mut left)?;
    let (output, said) = outputs.finish();
    recorded.notices = said;
    left.leaves.output(&output);
    if delivered.lost == 0 {
        super::delivered(&mut left, place, delivered.samples);
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

fn options(place: &Place) -> Options {
    let child = match place {
        Place::CpuClock => CHILD,
        Place::Tracepoint { .. } => BUSY_CHILD,
    };
    let mut options = Options::new(Target::Command(child.iter().map(Into::into).collect()));
    options.event = Some(place.event());
    options.rate = Rate::Period(place.period());
    options.inherit = false;
    options.child_stdout = skep_sample::ChildStdout::ToStderr;
    options
}

/// What is watched while the child runs.
struct Watched<'w> {
    session: &'w mut Session,
    ring: &'w mut RingBuffer,
    recorder: Recorder,
    outputs: &'w mut Outputs,
}

impl Watched<'_> {
    /// Lets the child run until there are contexts enough.
    fn watch(&mut self, patience: Duration, recorded: &mut Recorded) -> Result<(), Error> {
        let refused = |error: &dyn std::fmt::Display| Error::environment(error);
        let deadline = Instant::now() + patience;
        let mut is_described = false;
        loop {
            let batch = self.session.poll(Duration::from_millis(20));
            let batch = batch.map_err(|error| refused(&error))?;
            let others = |record: &Record| !matches!(record.kind, RecordKind::Sample(_));
            recorded.records.extend(batch.records.into_iter().filter(others));
            let recorder = self.recorder;
            self.ring.drain(|bytes| recorded.contexts.extend(recorder.read(bytes)));
            self.outputs.drain();
            if let (false, Some(first)) = (is_described, recorded.contexts.first()) {
                // A program may drop the sample that would tell of its thread.
                is_described = true;
                recorded.records.extend(self.session.describe(&first.sample));
            }
            if batch.end.is_some() {
                break;
            }
            if recorded.contexts.len() >= ENOUGH || Instant::now() > deadline {
                self.session.stop();
            }
        }
        let recorder = self.recorder;
        self.ring.drain(|bytes| recorded.contexts.extend(recorder.read(bytes)));
        Ok(())
    }
}

fn read(loaded: &Loaded<'_>, left: &mut Left) -> Result<(), Error> {
    for (spec, map) in loaded.maps().filter(|(spec, _)| is_comparable(spec)) {
        left.leaves.map(loaded.btf(), spec, &crate::host::entries(map)?);
    }
    Ok(())
}
