//! The events of a recording: `struct perf_event_attr`, ids and names; and which event wrote a record.

use std::collections::HashMap;
use std::fs::File;

use perf_event_open_sys::bindings as sys;

use super::error::RecordingError;
use super::feature::{Feature, Features};
use super::section::{Fields, Section};
use super::tracing::format_of;
use crate::event_name::{EventSpec, Modifiers};
use crate::options::Rate;
use crate::record::{Format, Header, sample_bit as bit};
use crate::sched::SwitchFormat;

/// `PERF_ATTR_SIZE_VER0`: the shortest `perf_event_attr` that ever was.
const SHORTEST_ATTR: u64 = 64;
/// Bytes of all descriptions of events, and of all ids of one: 8,192 CPUs have an id each.
const MAX_BYTES: u64 = 64 << 20;

/// One event of a recording.
#[derive(Clone, Debug)]
pub struct RecordedEvent {
    /// What it counts, with the name that perf gave it.
    pub spec: EventSpec,
    /// How often it made a sample.
    pub rate: Rate,
    /// How its records are laid out.
    pub format: Format,
    /// The ids of its instances, one for each CPU or thread.
    pub ids: Vec<u64>,
    /// Of `sched:sched_switch` recorded each time: where its fields lie.
    pub(super) switches: Option<SwitchFormat>,
    /// Whether its records of context switches were asked for.
    has_switch_records: bool,
}

impl RecordedEvent {
    /// Whether its samples count something that a profile shows: neither nothing, as `dummy` does, nor switches that
    /// were recorded to tell who ran.
    pub(super) fn is_sampler(&self) -> bool {
        let is_dummy = self.spec.kind == sys::PERF_TYPE_SOFTWARE
            && self.spec.config == u64::from(sys::PERF_COUNT_SW_DUMMY);
        !is_dummy && !is_switch(&self.spec)
    }

    /// Whether it tells of context switches.
    pub(super) fn tells_switches(&self) -> bool {
        self.switches.is_some() || self.has_switch_records
    }

    /// Reads a `perf_event_attr` of any age: fields that it is too short for are 0.
    fn of_attr(attr: &[u8]) -> Self {
        let word = |at: usize| {
            let bytes = attr.get(at..).and_then(|rest| rest.first_chunk::<8>());
            bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let (kind, config, flags) = (word(0) as u32, word(8), word(40));
        let is_frequency = flags >> 10 & 1 != 0;
        let rate = match word(16) {
            frequency if is_frequency => Rate::Frequency(frequency.max(1)),
            period => Rate::Period(period.max(1)),
        };
        let spec = EventSpec {
            name: EventSpec::name_of(kind, config),
            kind,
            config,
            config_more: [word(56), word(64), word(128)],
            bp_type: (word(48) >> 32) as u32,
            modifiers: Modifiers::default(),
        };
        let format = Format {
            sample_type: word(24),
            read_format: word(32),
            branch_sample_type: word(72),
            regs_user: word(80),
            regs_intr: word(96),
            sample_id_all: flags >> 18 & 1 != 0,
        };
        let has_switch_records = flags >> 26 & 1 != 0;
        Self { spec, rate, format, ids: Vec::new(), switches: None, has_switch_records }
    }

    /// Reads what `PERF_RECORD_HEADER_ATTR` holds: the attributes, whose size is in them, then ids.
    pub(super) fn of_record(body: &[u8]) -> Result<Self, RecordingError> {
        let size = body.get(4..8).and_then(|bytes| bytes.first_chunk());
        let size = u64::from(u32::from_le_bytes(*size.unwrap_or(&[0; 4]))).max(SHORTEST_ATTR);
        let mut fields = Fields::new("description of an event", body);
        let mut event = Self::of_attr(fields.bytes("its attributes", size)?);
        while fields.left() >= 8 {
            event.ids.push(fields.u64("an id")?);
        }
        Ok(event)
    }
}

/// All events, and how their records are told apart.
#[derive(Clone, Debug)]
pub(super) struct Events {
    all: Vec<RecordedEvent>,
    by_id: HashMap<u64, usize>,
}

impl Events {
    /// Reads the section of events and their ids.
    pub(super) fn read(
        file: &File,
        attr_size: u64,
        attrs: Section,
    ) -> Result<Vec<RecordedEvent>, RecordingError> {
        let Some(attr_only) = attr_size.checked_sub(16).filter(|size| *size >= SHORTEST_ATTR)
        else {
            return Err(RecordingError::AttrSize { size: attr_size });
        };
        let bytes = attrs.read(file, "list of events", MAX_BYTES)?;
        let mut fields = Fields::new("list of events", &bytes);
        let mut all = Vec::new();
        // Several events may name the same bytes: all ids together are no more than the file has room for.
        let mut room = file.metadata()?.len();
        while fields.left() as u64 >= attr_size {
            let mut event = RecordedEvent::of_attr(fields.bytes("attributes", attr_only)?);
            let ids = fields.section("ids")?.read(file, "list of ids of an event", room)?;
            room -= ids.len() as u64;
            let (words, _) = ids.as_chunks::<8>();
            event.ids.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
            all.push(event);
        }
        Ok(all)
    }

    /// Names the events, and prepares to tell their records apart.
    pub(super) fn new(
        mut all: Vec<RecordedEvent>,
        features: &Features,
        remarks: &mut Vec<String>,
    ) -> Result<Self, RecordingError> {
        if all.is_empty() {
            return Err(RecordingError::NoEvents);
        }
        if let Some(fields) = features.fields(Feature::EventDesc) {
            match names(fields) {
                Ok(names) => {
                    all.iter_mut().zip(names).for_each(|(event, name)| event.spec.name = name);
                }
                Err(error) => remarks.push(error.to_string()),
            }
        }
        let format = format_of(features, "sched_switch").map(|text| SwitchFormat::parse(&text));
        let format = format.and_then(Result::ok);
        for event in all.iter_mut().filter(|event| is_switch(&event.spec)) {
            // At a frequency, or each so many, some switches are not recorded.
            let is_each = event.rate == Rate::Period(1);
            event.switches = is_each.then(|| format.unwrap_or_default());
        }
        let ids = all
            .iter()
            .enumerate()
            .flat_map(|(at, event)| event.ids.iter().map(move |id| (*id, at)));
        let events = Self { by_id: ids.collect(), all };
        let first = events.place_of_id(0);
        let is_told = |at: usize| events.place_of_id(at) == first;
        let count = events.all.len();
        if count > 1 && (first == (None, None) || !(1..count).all(is_told)) {
            return Err(RecordingError::NoIds { count });
        }
        Ok(events)
    }

    pub(super) fn all(&self) -> &[RecordedEvent] {
        &self.all
    }

    /// Which event wrote a record of the kernel's: the first, where nothing tells, as perf has it. `None` for an id
    /// that is no event's.
    pub(super) fn of(&self, record: &[u8]) -> Option<usize> {
        if self.all.len() == 1 {
            return Some(0);
        }
        let header = Header::parse(record).ok()?;
        let is_sample = header.kind == sys::PERF_RECORD_SAMPLE;
        let (in_sample, from_end) = self.place_of_id(0);
        let at = match (is_sample, from_end) {
            (true, _) => Header::SIZE + in_sample? * 8,
            (false, Some(from_end)) => record.len().checked_sub(from_end * 8)?,
            (false, None) => return Some(0),
        };
        let id = u64::from_le_bytes(*record.get(at..)?.first_chunk()?);
        match self.by_id.get(&id) {
            Some(event) => Some(*event),
            // perf itself writes records about what ran before, without an id.
            None => (id == 0 && !is_sample).then_some(0),
        }
    }

    /// Where the id lies: in samples, in words from the header on; in other records, in words from the end.
    fn place_of_id(&self, event: usize) -> (Option<usize>, Option<usize>) {
        let Some(format) = self.all.get(event).map(|event| event.format) else {
            return (None, None);
        };
        let has = |bits: u64| (format.sample_type & bits).count_ones() as usize;
        let is_last = has(bit::IDENTIFIER) > 0;
        if !is_last && has(bit::ID) == 0 {
            return (None, None);
        }
        let in_sample = if is_last { 0 } else { has(bit::IP | bit::TID | bit::TIME | bit::ADDR) };
        let from_end = if is_last { 1 } else { 1 + has(bit::STREAM_ID | bit::CPU) };
        (Some(in_sample), format.sample_id_all.then_some(from_end))
    }
}

fn is_switch(spec: &EventSpec) -> bool {
    let name = spec.name.split(':').take(2);
    spec.is_tracepoint() && name.eq(["sched", "sched_switch"])
}

/// `HEADER_EVENT_DESC`: the names, in the order of the events.
fn names(mut fields: Fields<'_>) -> Result<Vec<String>, RecordingError> {
    let nr = fields.u32("the number of events")?;
    let attr_size = fields.u32("the size of attributes")?;
    let mut names = Vec::new();
    for _ in 0..nr {
        fields.bytes("attributes", attr_size.into())?;
        let ids = fields.u32("the number of ids")?;
        names.push(fields.string("a name")?);
        fields.bytes("ids", u64::from(ids) * 8)?;
    }
    Ok(names)
}
