//! From a [`Profile`] to the messages of pprof.

use std::collections::HashMap;

use skep_abi::Addr;

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

/// A mapping of a process, by its place in the process's list; `None` stands for the kernel.
type MappingKey = Option<(ProcessId, usize)>;

fn mapping_key(location: &Location) -> Option<MappingKey> {
    match (location.query.space, location.mapping) {
        (Space::Kernel, _) => Some(None),
        (Space::User(process), Some(at)) => Some(Some((process, at))),
        (Space::User(_), None) => None,
    }
}

/// Mappings that a profile refers to, numbered from 1.
struct Mappings<'a> {
    profile: &'a Profile,
    found: Vec<proto::Mapping>,
    ids: HashMap<MappingKey, u64>,
}

impl<'a> Mappings<'a> {
    /// By process and address, the kernel last: pprof takes the first one for the main program.
    fn new(profile: &'a Profile, strings: &mut Strings) -> Self {
        let mut keys: Vec<MappingKey> =
            profile.locations().iter().filter_map(mapping_key).collect();
        let order = |key: &MappingKey| {
            let start = key
                .and_then(|(process, at)| Some(profile.process(process)?.mappings.get(at)?.start));
            (key.is_none(), key.map(|(process, _)| process), start)
        };
        keys.sort_by_key(order);
        keys.dedup();
        let mut mappings = Self { profile, found: Vec::new(), ids: HashMap::new() };
        for key in keys {
            let mapping = mappings.describe(key, strings);
            mappings.ids.insert(key, mapping.id);
            mappings.found.push(mapping);
        }
        mappings
    }

    fn describe(&self, key: MappingKey, strings: &mut Strings) -> proto::Mapping {
        let id = self.found.len() as u64 + 1;
        let user = key.and_then(|(process, at)| self.profile.process(process)?.mappings.get(at));
        let Some(user) = user else {
            return proto::Mapping {
                id,
                memory_start: Addr::KERNEL_START.0,
                memory_limit: u64::MAX,
                filename: strings.id("[kernel]"),
                ..proto::Mapping::default()
            };
        };
        let build_id: String = user.build_id.iter().map(|byte| format!("{byte:02x}")).collect();
        proto::Mapping {
            id,
            memory_start: user.start,
            memory_limit: user.end,
            file_offset: user.file_offset,
            filename: strings.id(&user.path.to_string_lossy()),
            build_id: strings.id(&build_id),
            ..proto::Mapping::default()
        }
    }

    /// The mapping of a location, 0 for none; notes what is known of its functions.
    fn id(&mut self, location: &Location) -> u64 {
        let id = mapping_key(location).and_then(|key| self.ids.get(&key)).copied().unwrap_or(0);
        let Some(mapping) = id.checked_sub(1).and_then(|at| self.found.get_mut(at as usize)) else {
            return 0;
        };
        let functions = self.profile.functions();
        let named =
            |f: &crate::FunctionId| functions.get(f.0 as usize).is_some_and(|f| f.name.is_some());
        mapping.has_functions |= location.lines.iter().any(|line| named(&line.function));
        mapping.has_filenames |= location.lines.iter().any(|line| line.source.is_some());
        mapping.has_line_numbers = mapping.has_filenames;
        mapping.has_inline_frames |= location.lines.len() > 1;
        id
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
    let mut mappings = Mappings::new(profile, &mut strings);
    let location = |(at, location): (usize, &Location)| {
        let mapping_id = mappings.id(location);
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
    let mut label = vec![
        proto::Label { key: strings.id("comm"), str: strings.id(profile.comm(stack)), num: 0 },
        proto::Label { key: strings.id("pid"), str: 0, num: pid },
    ];
    if let Some(group) = profile.group(stack) {
        label.push(proto::Label { key: strings.id("group"), str: strings.id(group), num: 0 });
    }
    proto::Sample {
        location_id: stack.locations.iter().map(|at| u64::from(*at) + 1).collect(),
        value: vec![count, signed(stack.weight.saturating_mul(sampling.period))],
        label,
    }
}
