//! What `skep run` prints.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use skep::machine::kptr::Object;

use super::map_table::map_table;
use crate::output::{HEADING, NOTE, Table, View};

/// Elements of a map that the text shows, unless the map was asked for by name; the document has all.
const ELEMENTS: usize = 30;

/// Lines and records that the text shows; the document has all.
const OUTPUT: usize = 100;

/// A finished run.
#[derive(Clone, Debug)]
pub(crate) struct RunView {
    /// `machine` or `host`.
    pub(crate) engine: &'static str,
    /// `perf` or `ptrace`.
    pub(crate) source: String,
    /// The event by its perf name.
    pub(crate) event: String,
    /// Samples that were taken.
    pub(crate) samples: u64,
    /// Samples that the kernel or skep dropped.
    pub(crate) lost: u64,
    /// Times that the kernel held the event back.
    pub(crate) throttled: u64,
    /// In the order of the object.
    pub(crate) programs: Vec<ProgramRow>,
    /// In the order of the object.
    pub(crate) maps: Vec<MapContents>,
    /// What the programs printed or sent, in order: strings, or values of records.
    pub(crate) output: Vec<Value>,
    /// Objects with references that are alive at the end; `None` where that is not known.
    pub(crate) objects: Option<Vec<Object>>,
    /// Whether maps were chosen by name, so that each is printed whole.
    pub(crate) whole_maps: bool,
    /// What the user should know: sentences without a full stop.
    pub(crate) notices: Vec<String>,
}

/// A program and what became of its samples.
#[derive(Clone, Debug)]
pub(crate) struct ProgramRow {
    /// The function's name.
    pub(crate) name: String,
    /// Times that it ran to its end.
    pub(crate) runs: u64,
    /// Samples dropped since a program already ran on their CPU.
    pub(crate) dropped: u64,
    /// Times that it did what it must not.
    pub(crate) faults: u64,
}

/// A map and its elements, shaped by BTF.
#[derive(Clone, Debug)]
pub(crate) struct MapContents {
    /// Name.
    pub(crate) name: String,
    /// Kind as bpftool names it.
    pub(crate) kind: &'static str,
    /// Keys and values.
    pub(crate) elements: Vec<(Value, Value)>,
}

impl View for RunView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{HEADING}{} samples{HEADING:#} of {} {}{}; {} lost, throttled {} times",
            self.samples,
            self.event,
            crate::output::by(&self.source),
            crate::output::place(self.engine),
            self.lost,
            self.throttled
        )?;
        for text in &self.notices {
            writeln!(out, "{NOTE}note{NOTE:#}: {text}")?;
        }
        writeln!(out, "\n{HEADING}Programs{HEADING:#}")?;
        let mut programs = Table::new(["program", "#runs", "#dropped", "#faults"]);
        for row in &self.programs {
            let counts = [row.runs, row.dropped, row.faults].map(|count| count.to_string());
            programs.row([vec![row.name.clone()], counts.to_vec()].concat());
        }
        programs.print(out)?;
        for map in &self.maps {
            self.map(map, out)?;
        }
        self.leaks(out)?;
        if !self.output.is_empty() {
            writeln!(out, "\n{HEADING}Output{HEADING:#}")?;
        }
        for line in self.output.iter().take(OUTPUT) {
            match line {
                Value::String(text) => writeln!(out, "  {}", text.trim_end_matches('\n'))?,
                record => writeln!(out, "  {record}")?,
            }
        }
        if let Some(more) = self.output.len().checked_sub(OUTPUT).filter(|more| *more > 0) {
            writeln!(out, "  … and {more} more; `--json` has all")?;
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let programs: Vec<Value> = self
            .programs
            .iter()
            .map(|row| {
                json!({
                    "name": row.name,
                    "runs": row.runs,
                    "dropped": row.dropped,
                    "faults": row.faults,
                })
            })
            .collect();
        let maps: Map<String, Value> = self
            .maps
            .iter()
            .map(|map| {
                let elements: Vec<Value> = map
                    .elements
                    .iter()
                    .map(|(key, value)| json!({ "key": key, "value": value }))
                    .collect();
                (map.name.clone(), Value::Array(elements))
            })
            .collect();
        let Value::Object(fields) = json!({
            "engine": self.engine,
            "source": self.source,
            "event": self.event,
            "samples": self.samples,
            "lost": self.lost,
            "throttled": self.throttled,
            "programs": programs,
            "maps": maps,
            "output": self.output,
            "objects": self.objects.as_ref().map(|all| all.iter().map(object).collect::<Vec<_>>()),
            "notices": self.notices,
        }) else {
            return Map::new();
        };
        fields
    }
}

/// An object and who holds it.
fn object(object: &Object) -> Value {
    let holders = object
        .holders
        .iter()
        .map(|holder| json!({ "map": holder.map, "value": holder.value, "offset": holder.offset }));
    json!({
        "name": object.name,
        "references": object.references,
        "holders": holders.collect::<Vec<_>>(),
        "leaked": object.leaked(),
    })
}

impl RunView {
    /// Objects that nobody can give up any more.
    fn leaks(&self, out: &mut dyn Write) -> io::Result<()> {
        let leaked = self.objects.iter().flatten().filter(|object| object.leaked() > 0);
        let leaked: Vec<&Object> = leaked.collect();
        if leaked.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}Leaked{HEADING:#} ({} objects)", leaked.len())?;
        for object in leaked.iter().take(ELEMENTS) {
            writeln!(out, "  {}", object.to_string().replace('\n', "\n  "))?;
        }
        match leaked.len().saturating_sub(ELEMENTS) {
            0 => Ok(()),
            more => writeln!(out, "  … and {more} more; `--json` has all"),
        }
    }

    fn map(&self, map: &MapContents, out: &mut dyn Write) -> io::Result<()> {
        let count = map.elements.len();
        writeln!(out, "\n{HEADING}{}{HEADING:#} ({}, {count} elements)", map.name, map.kind)?;
        if map.elements.is_empty() {
            return Ok(());
        }
        let shown = if self.whole_maps { count } else { count.min(ELEMENTS) };
        map_table(&map.elements, shown).print(out)?;
        match count - shown {
            0 => Ok(()),
            more => writeln!(out, "  … and {more} more; `--dump {}` prints all", map.name),
        }
    }
}
