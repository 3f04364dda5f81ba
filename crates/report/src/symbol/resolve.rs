//! One batch of addresses to names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skep_abi::{Mapping, Pid};

use super::file::{self, Located};
use super::perf_map::MapOf;
use super::{
    Era, Found, Function, FunctionId, Line, Location, Progress, Query, Source, Space, elf,
    kallsyms, perf_map,
};
use crate::stack::Process;

/// Names addresses, and remembers the functions that it met.
#[derive(Debug, Default)]
pub struct Symbolizer {
    era: Era,
    /// Files that are other builds than were mapped.
    changed: BTreeSet<PathBuf>,
    functions: Vec<Function>,
    known: HashMap<Identity, FunctionId>,
    texts: HashMap<Box<str>, Arc<str>>,
}

/// What makes a function the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    name: Option<Arc<str>>,
    object: Arc<str>,
    /// Of a function without a name: the offset in its file, or the address.
    place: Option<u64>,
    kernel: bool,
}

/// Where a group of addresses is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Kernel,
    Vdso,
    File(Located),
    PerfMap(MapOf),
    Nowhere,
}

/// A query on its way: which one it is, and by which number its table knows it.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    query: usize,
    key: u64,
}

impl Symbolizer {
    /// Knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows nothing yet, of addresses that were in use at another time.
    #[must_use]
    pub fn of(era: Era) -> Self {
        Self { era, ..Self::default() }
    }

    /// A function of a location that this symbolizer gave.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> &Function {
        // Ids are handed out by `intern` only, and nothing is ever removed.
        &self.functions[id.0 as usize]
    }

    pub(crate) fn into_parts(self) -> (Vec<Function>, BTreeSet<PathBuf>) {
        (self.functions, self.changed)
    }

    /// Names addresses, in the order in which they are asked; calls back before each file and at the end.
    pub fn symbolize(
        &mut self,
        processes: &[Process],
        queries: &[Query],
        progress: &mut dyn FnMut(&Progress),
    ) -> Vec<Location> {
        let mut place = Placement::new(processes, self.era);
        let placed: Vec<_> = queries.iter().map(|query| place.of(query)).collect();
        self.changed.append(&mut place.changed);
        let mut tables: BTreeMap<Table, Vec<Wanted>> = BTreeMap::new();
        for (query, (_, table, key)) in placed.iter().enumerate() {
            tables.entry(table.clone()).or_default().push(Wanted { query, key: *key });
        }
        let mut found: Vec<Option<Found>> = vec![None; queries.len()];
        let mut report = Progress { done: 0, total: queries.len(), file: None };
        for (table, mut wanted) in tables {
            report.file = table.path();
            progress(&report);
            wanted.sort_unstable_by_key(|wanted| wanted.key);
            let keys: Vec<u64> = wanted.iter().map(|wanted| wanted.key).collect();
            for (wanted, answer) in wanted.iter().zip(table.look_up(&keys)) {
                if let Some(slot) = found.get_mut(wanted.query) {
                    *slot = answer;
                }
            }
            report.done += wanted.len();
        }
        report.file = None;
        progress(&report);
        let answers = queries.iter().zip(placed).zip(found);
        answers
            .map(|((query, (mapping, table, key)), found)| {
                let known = mapping.and_then(|at| place.mapping(query, at));
                self.location(*query, mapping, known, &table, key, found)
            })
            .collect()
    }

    fn location(
        &mut self,
        query: Query,
        index: Option<usize>,
        mapping: Option<&Mapping>,
        table: &Table,
        key: u64,
        found: Option<Found>,
    ) -> Location {
        let kernel = query.space == Space::Kernel;
        let found = found.unwrap_or_default();
        let object = found.object.unwrap_or_else(|| object_name(kernel, mapping));
        let object = self.text(&object);
        let mut lines: Vec<Line> = found
            .lines
            .into_iter()
            .map(|(name, source)| {
                let name = self.text(&name);
                let function =
                    Function { name: Some(name), object: object.clone(), address: None, kernel };
                let source = source.map(|(file, line)| Source { file: self.text(&file), line });
                Line { function: self.intern(function, None), source }
            })
            .collect();
        if lines.is_empty() {
            let into = found.start.map_or(0, |start| key.wrapping_sub(start));
            let address = query.address.wrapping_sub(into);
            let function = Function { name: None, object, address: Some(address), kernel };
            // The offset in the file tells unnamed functions apart, wherever the file is mapped.
            let place = if matches!(table, Table::File(_)) { key - into } else { address };
            lines.push(Line { function: self.intern(function, Some(place)), source: None });
        }
        Location { query, mapping: index, lines }
    }

    fn intern(&mut self, function: Function, place: Option<u64>) -> FunctionId {
        let Function { name, object, kernel, .. } = function.clone();
        let key = Identity { name, object, place, kernel };
        *self.known.entry(key).or_insert_with(|| {
            let id = FunctionId(u32::try_from(self.functions.len()).unwrap_or(u32::MAX));
            self.functions.push(function);
            id
        })
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(text.into(), shared.clone());
        shared
    }
}

fn object_name(kernel: bool, mapping: Option<&Mapping>) -> String {
    match mapping {
        _ if kernel => "[kernel]".to_owned(),
        None => "[unknown]".to_owned(),
        Some(mapping)
            if file::is_file(mapping) || mapping.path.to_string_lossy().starts_with('[') =>
        {
            mapping.path.to_string_lossy().into_owned()
        }
        Some(_) => "[anon]".to_owned(),
    }
}

impl Table {
    fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Kernel => Some("/proc/kallsyms".into()),
            Self::File(located) => Some(located.path.clone()),
            Self::Vdso | Self::PerfMap(_) | Self::Nowhere => None,
        }
    }

    /// Looks up sorted keys.
    fn look_up(&self, keys: &[u64]) -> Vec<Option<Found>> {
        match self {
            Self::Kernel => File::open("/proc/kallsyms")
                .ok()
                .map(|f| kallsyms::look_up(BufReader::new(f), keys)),
            Self::Vdso => Some(elf::in_vdso(keys)),
            Self::File(located) => Some(elf::by_file_offset(&located.path, keys)),
            Self::PerfMap(of) => perf_map::open(*of).map(|map| perf_map::look_up(map, keys)),
            Self::Nowhere => None,
        }
        .unwrap_or_else(|| vec![None; keys.len()])
    }
}

/// Finds the mapping of each address, and the file of each mapping once.
struct Placement<'a> {
    processes: &'a [Process],
    era: Era,
    changed: BTreeSet<PathBuf>,
    /// For each process, its mappings' places in the order of their addresses.
    order: HashMap<u32, Vec<usize>>,
    located: HashMap<(Pid, &'a Path), Option<Located>>,
}

impl<'a> Placement<'a> {
    fn new(processes: &'a [Process], era: Era) -> Self {
        let (order, located) = (HashMap::new(), HashMap::new());
        Self { processes, era, changed: BTreeSet::new(), order, located }
    }

    fn mapping(&self, query: &Query, at: usize) -> Option<&'a Mapping> {
        let Space::User(process) = query.space else { return None };
        self.processes.get(process.0 as usize)?.mappings.get(at)
    }

    /// The mapping, the table, and the number that the table knows the address by.
    fn of(&mut self, query: &Query) -> (Option<usize>, Table, u64) {
        let nowhere = (None, Table::Nowhere, query.address);
        let Space::User(id) = query.space else {
            let is_known = self.era.has_kernel();
            return if is_known { (None, Table::Kernel, query.address) } else { nowhere };
        };
        let Some(process) = self.processes.get(id.0 as usize) else { return nowhere };
        let written_by = match self.era {
            Era::Now => None,
            Era::Earlier { until, .. } => Some(until),
        };
        let map = MapOf { pid: process.pid, written_by };
        let order = self.order.entry(id.0).or_insert_with(|| {
            let mut order: Vec<usize> = (0..process.mappings.len()).collect();
            order.sort_by_key(|at| process.mappings.get(*at).map(|m| (m.start, *at)));
            order
        });
        let starts_below =
            |at: &usize| process.mappings.get(*at).is_some_and(|m| m.start <= query.address);
        let after = order.partition_point(starts_below);
        let candidate = after.checked_sub(1).and_then(|before| order.get(before)).copied();
        let mapping = candidate.and_then(|at| Some((at, process.mappings.get(at)?)));
        let Some((at, mapping)) = mapping.filter(|(_, m)| query.address < m.end) else {
            return (None, Table::PerfMap(map), query.address);
        };
        if mapping.path == Path::new("[vdso]") {
            let table = if self.era.has_vdso() { Table::Vdso } else { Table::Nowhere };
            return (Some(at), table, query.address - mapping.start);
        }
        if perf_map::may_cover(Some(mapping)) {
            return (Some(at), Table::PerfMap(map), query.address);
        }
        let key = (process.pid, mapping.path.as_path());
        let (era, changed) = (self.era, &mut self.changed);
        let located = self.located.entry(key).or_insert_with(|| match era {
            Era::Now => file::locate(process.pid, mapping),
            Era::Earlier { .. } => file::locate_earlier(mapping, changed),
        });
        let offset = mapping.file_offset_of(query.address).unwrap_or(query.address);
        let table = located.clone().map_or(Table::Nowhere, Table::File);
        (Some(at), table, offset)
    }
}
