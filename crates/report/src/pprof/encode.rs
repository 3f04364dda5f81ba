//! From a [`Profile`] to the messages of pprof.

use std::collections::HashMap;

use super::proto;
use super::{Sampling, Unit};
use crate::profile::{Profile, Stack};
use crate::stack::ProcessId;
use crate::symbol::{Location, Space};

/// Strings, each once; the first is empty, as pprof demands.
#[derive(Default)]
struct Strings {
    table: Vec<String>,
    known: HashMap<String, i64>,
}

impl Strings {
    fn new() -> Self {
        let mut strings = Self::default();
        strings.id("");
        strings
    }

    fn id(&mut self, text: &str) -> i64 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let id = signed(self.table.len() as u64);
        self.table.push(text.to_owned());
        self.known.insert(text.to_owned(), id);
        id
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Mappings that a profile refers to, numbered from 1.
struct Mappings<'a> {
    profile: &'a Profile,
    found: Vec<proto::Mapping>,
    /// By process and place in its list; the kernel has none.
    ids: HashMap<Option<(ProcessId, usize)>, u64>,
}

impl Mappings<'_> {
    fn id(&mut self, location: &Location, strings: &mut Strings) -> u64 {
        let key = match (location.query.space, location.mapping) {
            (Space::Kernel, _) => None,
            (Space::User(process), Some(at)) => Some((process, at)),
            (Space::User(_), None) => return 0,
        };
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let mut mapping = proto::Mapping {
            id: self.found.len() as u64 + 1,
            filename: strings.id("[kernel]"),
            memory_start: 0xffff_8000_0000_0000,
            memory_limit: u64::MAX,
            ..proto::Mapping::default()
        };
        let user = key.and_then(|(process, at)| self.profile.process(process)?.mappings.get(at));
        if let Some(user) = user {
            mapping.memory_start = user.start;
            mapping.memory_limit = user.end;
            mapping.file_offset = user.file_offset;
            mapping.filename = strings.id(&user.path.to_string_lossy());
            let build_id: String = user.build_id.iter().map(|byte| format!("{byte:02x}")).collect();
            mapping.build_id = strings.id(&build_id);
        }
        let id = mapping.id;
        self.ids.insert(key, id);
        self.found.push(mapping);
        id
    }

    /// Notes what is known of the functions in a mapping.
    fn note(&mut self, id: u64, location: &Location) {
        let Some(mapping) = id.checked_sub(1).and_then(|at| self.found.get_mut(at as usize)) else {
            return;
        };
        let functions = self.profile.functions();
        let named =
            |f: &crate::FunctionId| functions.get(f.0 as usize).is_some_and(|f| f.name.is_some());
        mapping.has_functions |= location.lines.iter().any(|line| named(&line.function));
        mapping.has_filenames |= location.lines.iter().any(|line| line.source.is_some());
        mapping.has_line_numbers = mapping.has_filenames;
        mapping.has_inline_frames |= location.lines.len() > 1;
    }
}

pub(super) fn encode(profile: &Profile, sampling: &Sampling) -> proto::Profile {
    let mut strings = Strings::new();
    let unit = match sampling.unit {
        Unit::Nanoseconds => {
            proto::ValueType { kind: strings.id("cpu"), unit: strings.id("nanoseconds") }
        }
        Unit::Count => {
            proto::ValueType { kind: strings.id(&sampling.event), unit: strings.id("count") }
        }
    };
    let samples = proto::ValueType { kind: strings.id("samples"), unit: strings.id("count") };
    let mut functions = functions(profile, &mut strings);
    let mut mappings = Mappings { profile, found: Vec::new(), ids: HashMap::new() };
    let location = |(at, location): (usize, &Location)| {
        let mapping_id = mappings.id(location, &mut strings);
        mappings.note(mapping_id, location);
        let id = at as u64 + 1;
        let line = lines(profile, location, &mut functions, &mut strings);
        proto::Location { id, mapping_id, address: location.query.address, line }
    };
    let location = profile.locations().iter().enumerate().map(location).collect();
    let sample =
        profile.stacks().iter().map(|s| sample(profile, s, sampling, &mut strings)).collect();
    proto::Profile {
        sample_type: vec![samples, unit],
        sample,
        mapping: mappings.found,
        location,
        function: functions,
        string_table: strings.table,
        time_nanos: signed(sampling.started),
        duration_nanos: signed(sampling.duration),
        period_type: Some(unit),
        period: signed(sampling.period),
        default_sample_type: unit.kind,
    }
}

/// Functions, numbered from 1 as the profile numbers them from 0.
fn functions(profile: &Profile, strings: &mut Strings) -> Vec<proto::Function> {
    let function = |(at, function): (usize, &crate::Function)| {
        let name = strings.id(function.name.as_deref().unwrap_or(""));
        proto::Function { id: at as u64 + 1, name, system_name: name, filename: 0 }
    };
    profile.functions().iter().enumerate().map(function).collect()
}

/// The lines of a location, innermost first; none where no name is known, so that pprof shows the address.
fn lines(
    profile: &Profile,
    location: &Location,
    functions: &mut [proto::Function],
    strings: &mut Strings,
) -> Vec<proto::Line> {
    let mut lines = Vec::new();
    for line in &location.lines {
        let at = line.function.0 as usize;
        let named = profile.functions().get(at).is_some_and(|function| function.name.is_some());
        let Some(function) = functions.get_mut(at).filter(|_| named) else { continue };
        if let Some(source) = line.source.as_ref().filter(|_| function.filename == 0) {
            function.filename = strings.id(&source.file);
        }
        let number = line.source.as_ref().map_or(0, |source| i64::from(source.line));
        lines.push(proto::Line { function_id: function.id, line: number });
    }
    lines
}

fn sample(
    profile: &Profile,
    stack: &Stack,
    sampling: &Sampling,
    strings: &mut Strings,
) -> proto::Sample {
    let count = signed(stack.weight);
    let pid = profile.process(stack.process).map_or(0, |process| i64::from(process.pid.0));
    proto::Sample {
        location_id: stack.locations.iter().map(|at| u64::from(*at) + 1).collect(),
        value: vec![count, signed(stack.weight.saturating_mul(sampling.period))],
        label: vec![
            proto::Label { key: strings.id("comm"), str: strings.id(profile.comm(stack)), num: 0 },
            proto::Label { key: strings.id("pid"), str: 0, num: pid },
        ],
    }
}
