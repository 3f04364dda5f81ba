//! `perf.data`: what `perf record` wrote, on this machine or another (`tools/perf/Documentation/perf.data-file-format.txt`).
//!
//! A file is looked through once when it is opened: how long it is, what is damaged, who ran where at first. Then a
//! [`Session`](crate::Session) hands out its records in order of time, as if they happened now.
//!
//! The file may come from anywhere: no size that it states is believed, what can be read of a damaged one is read, and
//! what cannot is told.

mod build_id;
mod command_line;
mod error;
mod event;
mod feature;
mod header;
mod inflate;
mod kernel;
mod machine;
mod order;
mod raw;
mod section;
mod source;
mod survey;
#[cfg(test)]
mod tests;
mod tracing;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use skep_abi::RecordedKernel;
use skep_topology::{CpuMask, TopologyError};

use crate::error::OpenError;
use crate::event_name::EventSpec;
use crate::notice::Notice;
use crate::record::sample_bit;

use build_id::BuildIds;
use event::Events;
use feature::{Feature, Features};
use header::Layout;
use raw::{RawRecords, user};
use survey::Survey;

pub use error::{Damage, DamageKind, RecordingError};
pub use event::RecordedEvent;
pub use machine::RecordedMachine;
pub(crate) use source::RecordingSource;

/// A `perf.data` that was opened and looked through.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: Arc<File>,
    /// Offsets of the first record and of the end of the last.
    data: (u64, u64),
    events: Events,
    features: Features,
    build_ids: BuildIds,
    survey: Survey,
    machine: Result<RecordedMachine, TopologyError>,
    /// CPUs of which is told at any time who runs.
    told: CpuMask,
    /// Sentences of what is wrong with the file.
    remarks: Vec<String>,
}

impl PartialEq for Recording {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Recording {}

impl Recording {
    /// Opens a recording, and looks through all of it once.
    ///
    /// # Errors
    /// [`OpenError::Recording`], for what is none that skep reads.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::read(path).map_err(|source| OpenError::Recording { path: path.to_owned(), source })
    }

    fn read(path: &Path) -> Result<Self, RecordingError> {
        let metadata = path.metadata()?;
        if metadata.is_dir() {
            return Err(RecordingError::Folder);
        }
        if !metadata.is_file() {
            return Err(RecordingError::NotAFile);
        }
        let file = Arc::new(File::open(path)?);
        let layout = Layout::read(&file)?;
        let data = layout.records(metadata.len());
        let mut remarks = Vec::new();
        if layout.is_unfinished() {
            remarks.push(
                "perf was ended before it had written all of the recording; what it wrote is read"
                    .to_owned(),
            );
        }
        let (events, features) = match layout {
            Layout::Pipe => prelude(RawRecords::new(&file, data))?,
            Layout::File { attr_size, attrs, .. } => {
                let features = match layout.is_unfinished() {
                    true => Features::default(),
                    false => Features::read(&file, &layout, &mut remarks),
                };
                (Events::read(&file, attr_size, attrs)?, features)
            }
        };
        if let Some(arch) = features.text(Feature::Arch).filter(|arch| arch != "x86_64") {
            return Err(RecordingError::Arch { arch });
        }
        let events = Events::new(events, &features, &mut remarks)?;
        let build_ids = BuildIds::read(&features).unwrap_or_else(|error| {
            remarks.push(error.to_string());
            BuildIds::default()
        });
        let is_system_wide = command_line::is_system_wide(&features);
        let survey = survey::survey(RawRecords::new(&file, data), &events, is_system_wide);
        let machine = machine::machine(&features, survey.highest);
        let path = path.to_owned();
        let told = survey.switching.clone();
        let mut recording =
            Self { path, file, data, events, features, build_ids, survey, machine, told, remarks };
        recording.told = recording.all_told();
        recording.remark_on_records();
        Ok(recording)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The events that were recorded.
    #[must_use]
    pub fn events(&self) -> &[RecordedEvent] {
        self.events.all()
    }

    /// The release of the kernel that was recorded.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        self.features.text(Feature::OsRelease)
    }

    /// The machine that was recorded, as far as the file describes it.
    ///
    /// # Errors
    /// When what it describes is no machine.
    pub const fn machine(&self) -> Result<&RecordedMachine, &TopologyError> {
        self.machine.as_ref()
    }

    /// CPUs of which the recording tells at any time who runs on them: by the records of all context switches
    /// (`perf record -a --switch-events`), or by samples of `sched:sched_switch` for each of them.
    #[must_use]
    pub const fn told(&self) -> &CpuMask {
        &self.told
    }

    /// How often records of a CPU that is told of are missing, switches perhaps among them: those that found no room, and
    /// those between samples of `sched:sched_switch` that do not follow on from each other.
    #[must_use]
    pub fn gaps(&self) -> usize {
        self.survey.gaps.iter().filter(|(_, cpu)| self.told.contains(*cpu)).count()
    }

    /// What the kernel that was recorded has to do with the one that runs.
    #[must_use]
    pub fn kernel(&self) -> RecordedKernel {
        kernel::compare(self.release().as_deref(), self.survey.kernel.as_ref())
    }

    /// When it ended: when the file was last written.
    #[must_use]
    pub fn ended(&self) -> SystemTime {
        let written = self.file.metadata().and_then(|found| found.modified());
        written.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// When it began, by the time at which the file was last written.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        let lasted = Duration::from_nanos(self.survey.end.saturating_sub(self.survey.start));
        self.ended().checked_sub(lasted).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn raw(&self) -> RawRecords {
        RawRecords::new(&self.file, self.data)
    }

    /// Those whose switches are recorded; where an event that tells of them was opened on each CPU, also those that
    /// did not switch.
    fn all_told(&self) -> CpuMask {
        let switching = &self.survey.switching;
        let Ok(machine) = self.machine() else { return switching.clone() };
        let online = machine.topology.online();
        let tells = |event: &&RecordedEvent| event.tells_switches();
        let instances = self.events().iter().filter(tells).map(|event| event.ids.len()).max();
        match instances.is_some_and(|count| count >= online.weight() as usize) {
            true if !switching.is_empty() => online.iter().chain(switching.iter()).collect(),
            _ => switching.clone(),
        }
    }

    /// The event of this name; modifiers, which perf writes behind it, may be left out.
    ///
    /// # Errors
    /// When none was recorded, with the names of those that were.
    pub fn event_named(&self, wanted: &str) -> Result<&RecordedEvent, OpenError> {
        let is_bare = |event: &&RecordedEvent| {
            let base = event.spec.name.split_once(':').map(|(base, _)| base);
            !event.spec.is_tracepoint() && base == Some(wanted)
        };
        let mut events = self.events().iter();
        let found = events.find(|event| event.spec.name == wanted);
        found.or_else(|| self.events().iter().find(is_bare)).ok_or_else(|| {
            let known = self.events().iter().map(|event| event.spec.name.clone()).collect();
            let source = RecordingError::NoSuchEvent { event: wanted.to_owned(), known };
            OpenError::Recording { path: self.path.clone(), source }
        })
    }

    /// The event that is meant where none is named: the first that samples.
    #[must_use]
    pub fn main_event(&self) -> &RecordedEvent {
        let events = self.events();
        // There is one at least.
        events.iter().find(|event| event.is_sampler()).unwrap_or(&events[0])
    }

    /// The end of the last field in the samples of a tracepoint, in bytes, as it was when it was recorded.
    #[must_use]
    pub fn record_size(&self, tracepoint: &EventSpec) -> Option<u32> {
        let (_, name) = tracepoint.name.split_once(':')?;
        EventSpec::record_size_of(&tracing::format_of(&self.features, name)?)
    }

    /// The place of the event whose samples are meant.
    fn choose(&self, wanted: Option<&EventSpec>) -> Result<usize, OpenError> {
        let chosen = match wanted {
            None => self.main_event(),
            Some(wanted) => self.event_named(&wanted.name)?,
        };
        Ok(self.events().iter().position(|event| std::ptr::eq(event, chosen)).unwrap_or(0))
    }

    fn remark_on_records(&mut self) {
        let Survey { damage, unread, first_unread, foreign, .. } = &self.survey;
        let mut remarks = Vec::new();
        if let Some(damage) = damage {
            remarks.push(format!("the recording is damaged, and was read up to there: {damage}"));
        }
        if let Some(error) = first_unread {
            remarks.push(format!("{unread} records do not read and are left out, first: {error}"));
        }
        if *foreign > 0 {
            remarks
                .push(format!("{foreign} records are of no event of the recording, and left out"));
        }
        self.remarks.extend(remarks);
    }

    /// What a user should know of the file, and of reading its samples of one event.
    fn notices(&self, event: usize) -> Vec<Notice> {
        let mut notices: Vec<Notice> =
            self.remarks.iter().cloned().map(|text| Notice::Recording { text }).collect();
        let mut tell = |text: String| notices.push(Notice::Recording { text });
        let Some(chosen) = self.events().get(event) else { return notices };
        let lacks = |bits: u64| chosen.format.sample_type & bits == 0;
        if lacks(sample_bit::CPU) {
            tell("the recording does not tell the CPUs of its samples, which run on CPU 0; `perf record -a`, or \
                  `--sample-cpu`, records them".to_owned());
        }
        if lacks(sample_bit::CALLCHAIN) && lacks(sample_bit::STACK_USER) {
            tell("the recording has no stacks, so that each is the function that was hit; `perf record -g` records \
                  them".to_owned());
        }
        let others = self.events().iter().zip(&self.survey.samples).enumerate();
        for (_, (other, samples)) in others
            .filter(|(at, (other, samples))| *at != event && other.is_sampler() && **samples > 0)
        {
            tell(format!(
                "{samples} samples of {0} are left out; `-e {0}` takes them instead",
                other.spec.name
            ));
        }
        notices
    }
}

/// Gathers events and features of a recording that went through a pipe: they are records among the others.
fn prelude(mut raw: RawRecords) -> Result<(Vec<RecordedEvent>, Features), RecordingError> {
    let (mut events, mut features) = (Vec::new(), Features::default());
    // What is damaged is found again, and told, by whoever reads the records.
    while let Ok(Some(header)) = raw.advance() {
        match header.kind {
            user::HEADER_ATTR => events.push(RecordedEvent::of_record(raw.body())?),
            user::HEADER_TRACING_DATA => {
                features.insert(Feature::TracingData, raw.payload().to_vec())
            }
            user::HEADER_FEATURE => {
                if let Some((bit, bytes)) = raw.body().split_first_chunk::<8>() {
                    features.insert_bit(u64::from_le_bytes(*bit), bytes);
                }
            }
            _ => {}
        }
    }
    Ok((events, features))
}
