//! A recording as the source of a session: its records in order of time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use skep_abi::{Cpu, Sample};

use super::Recording;
use super::event::RecordedEvent;
use super::order::{Held, Order};
use super::raw::{RawRecords, user};
use crate::convert::convert;
use crate::error::OpenError;
use crate::notice::Notice;
use crate::options::Options;
use crate::record::{Body, CpuMode, PerfRecord, TaskRecord, sample_bit};
use crate::sched::Occupancy;
use crate::stream::{End, Record, RecordKind};
use crate::task::{Comm, Task};

/// Records that one batch has at most.
const BATCH: usize = 4096;

/// Reads a recording.
#[derive(Debug)]
pub(crate) struct RecordingSource {
    recording: Arc<Recording>,
    raw: RawRecords,
    /// Records that the first pass could read, and this one has not.
    left: u64,
    order: Order,
    /// Sorted, but not converted.
    due: VecDeque<Held>,
    /// The event whose samples are handed out.
    event: usize,
    cpus: Option<BTreeSet<Cpu>>,
    /// The time after which nothing is handed out.
    until: Option<u64>,
    /// Gaps of the survey that have begun.
    gaps: usize,
    begun: bool,
    end: Option<End>,
}

impl RecordingSource {
    /// Chooses what of a recording is handed out.
    pub(crate) fn open(
        recording: &Arc<Recording>,
        options: &Options,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, OpenError> {
        let event = recording.choose(options.event.as_ref())?;
        notices.extend(recording.notices(event));
        let start = recording.survey.start;
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Ok(Self {
            recording: Arc::clone(recording),
            raw: recording.raw(),
            left: recording.survey.records,
            order: Order::default(),
            due: VecDeque::new(),
            event,
            cpus: options.cpus.as_ref().map(|cpus| cpus.iter().copied().collect()),
            until: options.duration.map(|duration| start.saturating_add(nanos(duration))),
            gaps: 0,
            begun: false,
            end: None,
        })
    }

    pub(crate) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The event whose samples are handed out.
    pub(crate) fn event(&self) -> &RecordedEvent {
        // It was chosen among them.
        &self.recording.events()[self.event]
    }

    /// How long it lasted, as far as it is handed out.
    pub(crate) fn duration(&self) -> Duration {
        let (start, end) = (self.recording.survey.start, self.recording.survey.end);
        Duration::from_nanos(self.until.map_or(end, |until| until.min(end)).saturating_sub(start))
    }

    /// Hands out some more records, and why there are none after them.
    pub(crate) fn take(&mut self) -> (Vec<Record>, Option<End>) {
        let mut records = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            self.begin(&mut records);
        }
        while records.len() < BATCH && self.end.is_none() {
            match self.due.pop_front() {
                Some(held) => {
                    self.begin_gaps(held.time, &mut records);
                    self.convert(&held, &mut records);
                }
                None => self.read(),
            }
        }
        (records, self.end)
    }

    /// What each CPU did before its first switch.
    fn begin(&self, records: &mut Vec<Record>) {
        let time = self.recording.survey.start;
        let told = self.recording.told();
        for cpu in told.iter() {
            let began = self.recording.survey.began.get(&cpu).copied();
            // Without a switch or a sample in all the time it was idle.
            let kind = RecordKind::Occupancy(began.unwrap_or(Occupancy::Idle));
            records.push(Record { time, cpu, kind });
        }
    }

    /// Reads until something is due, or the end.
    fn read(&mut self) {
        while self.due.is_empty() {
            let Some(left) = self.left.checked_sub(1) else {
                self.due = self.order.end().into();
                if self.due.is_empty() {
                    self.end = Some(End::RecordingEnded);
                }
                return;
            };
            self.left = left;
            // The first pass came as far.
            let Ok(Some(header)) = self.raw.advance() else {
                self.left = 0;
                continue;
            };
            match header.kind {
                user::FINISHED_ROUND => self.due = self.order.end_round().into(),
                user::FIRST.. => {}
                _ => self.hold(),
            }
        }
    }

    fn hold(&mut self) {
        let bytes = self.raw.record();
        let events = &self.recording.events;
        let Some(event) = events.of(bytes) else { return };
        let Some(format) = events.all().get(event).map(|event| event.format) else { return };
        let Ok(record) = PerfRecord::parse(bytes, &format) else { return };
        let time = record.time().unwrap_or(0);
        if self.order.hold(time, event, bytes) {
            self.due = self.order.relieve().into();
        }
    }

    fn convert(&mut self, held: &Held, records: &mut Vec<Record>) {
        let Some(event) = self.recording.events().get(held.event) else { return };
        let Ok(parsed) = PerfRecord::parse(&held.bytes, &event.format) else { return };
        let begin = self.recording.survey.start;
        let time = held.time.max(begin);
        if self.until.is_some_and(|until| time > until) {
            self.end = Some(End::Duration);
            return;
        }
        if let Body::Fork(task) = &parsed.body
            && parsed.header.misc.is_fork_exec()
        {
            let kind = RecordKind::Task(present(task));
            records.push(Record { time, cpu: Cpu(0), kind });
            return;
        }
        // At its end perf tells once more, event by event, what the kernel had told when it happened.
        let is_sum = matches!(parsed.body, Body::LostSamples { .. }) && held.time == 0;
        if is_sum && self.recording.survey.lost > 0 {
            return;
        }
        let Some(mut record) = convert(&parsed, Cpu(0)) else { return };
        record.time = time;
        match record.kind {
            RecordKind::Sample(mut sample) => {
                sample.time = time;
                // The switch happens after its sample.
                let switch = event.switches.and_then(|format| format.transition(&sample));
                if held.event == self.event && self.is_wanted(sample.cpu) {
                    complete(&mut sample, &parsed, event);
                    let kind = RecordKind::Sample(sample);
                    records.push(Record { kind, ..record });
                }
                if let Some(switch) = switch.filter(|_| self.recording.told().contains(record.cpu))
                {
                    let kind = RecordKind::Occupancy(switch.now);
                    records.push(Record { time, cpu: record.cpu, kind });
                }
            }
            RecordKind::Mmap { pid, mut mapping } => {
                if mapping.build_id.is_empty()
                    && let Some(id) = self.recording.build_ids.of(&mapping.path)
                {
                    mapping.build_id = id.to_vec();
                }
                records.push(Record { kind: RecordKind::Mmap { pid, mapping }, ..record });
            }
            kind => records.push(Record { kind, ..record }),
        }
    }

    /// Says that nothing tells any more what a CPU does, once the last has been told before a gap.
    fn begin_gaps(&mut self, now: u64, records: &mut Vec<Record>) {
        let begin = self.recording.survey.start;
        let rest = self.recording.survey.gaps.get(self.gaps..).unwrap_or_default();
        for &(time, cpu) in rest.iter().take_while(|(time, _)| *time < now) {
            self.gaps += 1;
            if self.recording.told().contains(cpu) {
                let kind = RecordKind::Occupancy(Occupancy::Unknown);
                records.push(Record { time: time.max(begin), cpu, kind });
            }
        }
    }

    fn is_wanted(&self, cpu: Cpu) -> bool {
        self.cpus.as_ref().is_none_or(|cpus| cpus.contains(&cpu))
    }
}

/// A task that ran already when perf began: its name comes with a record of its own.
fn present(task: &TaskRecord) -> Task {
    Task {
        pid: task.pid,
        tid: task.tid,
        parent: Some(task.ppid),
        comm: Comm::default(),
        uid: None,
        gid: None,
        cpus_allowed: None,
        cgroup: None,
    }
}

/// Without a callchain, the stack is what the sample itself hit.
fn complete(sample: &mut Sample, parsed: &PerfRecord<'_>, event: &RecordedEvent) {
    if event.format.sample_type & sample_bit::CALLCHAIN != 0 || sample.ip == 0 {
        return;
    }
    match parsed.header.misc.cpu_mode() {
        CpuMode::User => sample.user_stack = vec![sample.ip],
        CpuMode::Kernel => sample.kernel_stack = vec![sample.ip],
        _ => {}
    }
}
