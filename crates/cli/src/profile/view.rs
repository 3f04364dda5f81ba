//! What `skep profile` prints.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};
use skep::profiler::smt::{Group, Sibling};
use skep::report::one_line;
use skep_abi::Addr;

use super::siblings::{SiblingCounts, SmtView};
use crate::args::Rate;
use crate::output::{HEADING, NOTE, Table, View};

/// Functions that the text shows; the document has all.
const FUNCTIONS: usize = 20;
/// Stacks that the text shows; the files have all.
const STACKS: usize = 5;
/// Frames of a stack that the text shows.
const FRAMES: usize = 16;
/// Characters of a function's name that the text shows.
const NAME: usize = 72;

/// A finished profile.
#[derive(Clone, Debug)]
pub(crate) struct ProfileView {
    /// `machine` or `host`.
    pub(crate) engine: &'static str,
    /// `perf` or `ptrace`.
    pub(crate) source: String,
    /// The event by its perf name.
    pub(crate) event: String,
    /// How often it was sampled.
    pub(crate) rate: Rate,
    /// From the first to the last moment of sampling.
    pub(crate) duration: Duration,
    /// How the command ended; none for other targets, and for a command that still runs.
    pub(crate) target_status: Option<TargetStatus>,
    /// Samples that the program saw.
    pub(crate) samples: u64,
    /// Samples that the kernel or skep dropped.
    pub(crate) lost: u64,
    /// Times that the kernel held the event back.
    pub(crate) throttled: u64,
    /// What SMT siblings did; none where that was not asked for.
    pub(crate) smt: Option<SmtView>,
    /// By samples of their own, most first.
    pub(crate) functions: Vec<FunctionRow>,
    /// By samples, most first.
    pub(crate) stacks: Vec<StackRow>,
    /// What was written, by a name for scripts such as `flamegraph`.
    pub(crate) files: Vec<(&'static str, PathBuf)>,
    /// What the user should know: sentences without a full stop.
    pub(crate) notices: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetStatus {
    /// It returned this status.
    Exited(u8),
    /// This signal ended it.
    Signaled(u8),
}

impl TargetStatus {
    /// One number, as shells make it: 128 and the signal's number for a command that was killed.
    fn number(self) -> u32 {
        match self {
            Self::Exited(status) => u32::from(status),
            Self::Signaled(signal) => 128 + u32::from(signal),
        }
    }
}

/// A function and its samples.
#[derive(Clone, Debug)]
pub(crate) struct FunctionRow {
    /// What it is called, or where it is.
    pub(crate) frame: FrameLine,
    /// Samples that hit it.
    pub(crate) self_samples: u64,
    /// The same by what SMT siblings did; none where that was not asked for.
    pub(crate) siblings: Option<SiblingCounts>,
    /// Samples that hit it or what it called; each sample once.
    pub(crate) total: u64,
}

/// A stack and its samples.
#[derive(Clone, Debug)]
pub(crate) struct StackRow {
    /// The command that ran.
    pub(crate) comm: String,
    /// The node, and what the SMT sibling did; none where that was not asked for.
    pub(crate) group: Option<Group>,
    /// Samples with this stack.
    pub(crate) samples: u64,
    /// Innermost first.
    pub(crate) frames: Vec<FrameLine>,
}

/// A function as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct FrameLine {
    /// Its name; none where there is no symbol.
    pub(crate) name: Option<String>,
    /// The address, for a function without a name.
    pub(crate) address: Addr,
    /// The file that it is in, or `[kernel]`.
    pub(crate) object: Option<String>,
}

impl FrameLine {
    fn text(&self) -> String {
        self.name.as_deref().map_or_else(|| self.address.to_string(), one_line)
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("name".to_owned(), json!(self.name));
        if self.name.is_none() {
            fields.insert("address".to_owned(), json!(self.address.to_string()));
        }
        fields.insert("object".to_owned(), json!(self.object));
        fields
    }
}

impl View for ProfileView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.summary(out)?;
        for text in &self.notices {
            writeln!(out, "{NOTE}note{NOTE:#}: {text}")?;
        }
        self.smt.iter().try_for_each(|smt| smt.table(out))?;
        self.function_table(out)?;
        self.stack_list(out)?;
        if !self.files.is_empty() {
            writeln!(out, "\n{HEADING}Written{HEADING:#}")?;
            for (_, path) in &self.files {
                writeln!(out, "  {}", path.display())?;
            }
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let (frequency, period) = match self.rate {
            Rate::Frequency(hz) => (Some(hz), None),
            Rate::Period(period) => (None, Some(period)),
        };
        let functions: Vec<Value> = self.functions.iter().map(FunctionRow::json).collect();
        let stacks: Vec<Value> = self.stacks.iter().map(StackRow::json).collect();
        let files: Map<String, Value> = self
            .files
            .iter()
            .map(|(name, path)| ((*name).to_owned(), json!(path.to_string_lossy())))
            .collect();
        let Value::Object(fields) = json!({
            "engine": self.engine,
            "source": self.source,
            "event": self.event,
            "frequency": frequency,
            "period": period,
            "duration": self.duration.as_secs_f64(),
            "target_status": self.target_status.map(TargetStatus::number),
            "samples": self.samples,
            "lost": self.lost,
            "throttled": self.throttled,
            "smt": self.smt.as_ref().map(SmtView::json),
            "functions": functions,
            "stacks": stacks,
            "files": files,
            "notices": self.notices,
        }) else {
            return Map::new();
        };
        fields
    }
}

impl ProfileView {
    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let rate = match self.rate {
            Rate::Frequency(hz) => format!("at {hz} Hz"),
            Rate::Period(period) => format!("each {period} events"),
        };
        writeln!(
            out,
            "{HEADING}{} samples{HEADING:#} of {} {rate} in {:.2} s {}{}; {} lost, throttled {} times",
            self.samples,
            self.event,
            self.duration.as_secs_f64(),
            crate::output::by(&self.source),
            crate::output::place(self.engine),
            self.lost,
            self.throttled,
        )?;
        match self.target_status {
            Some(TargetStatus::Exited(status)) => {
                writeln!(out, "the command ended with status {status}")
            }
            Some(TargetStatus::Signaled(signal)) => {
                writeln!(out, "signal {signal} ended the command")
            }
            None => Ok(()),
        }
    }

    fn function_table(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.functions.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}Hottest functions{HEADING:#}")?;
        // Both halves of each function's own samples, where there are two.
        let is_split = self.smt.as_ref().is_some_and(SmtView::is_split);
        let halves: &[&str] = if is_split { &["#sibling idle", "#busy"] } else { &[] };
        let headings = [&["#self", "#%"], halves, &["#total", "#%", "function", "object"]].concat();
        let mut table = Table::new(headings);
        for row in self.functions.iter().take(FUNCTIONS) {
            let mut cells = vec![row.self_samples.to_string(), self.percent(row.self_samples)];
            if let (true, Some(counts)) = (is_split, &row.siblings) {
                cells.extend([Sibling::Idle, Sibling::Busy].map(|of| counts.of(of).to_string()));
            }
            cells.extend([
                row.total.to_string(),
                self.percent(row.total),
                shortened(&row.frame.text()),
                row.frame.object.as_deref().map(file_name).unwrap_or_default(),
            ]);
            table.row(cells);
        }
        table.print(out)?;
        rest(out, self.functions.len(), FUNCTIONS, "functions")
    }

    fn stack_list(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.stacks.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}Hottest stacks{HEADING:#}, innermost function first")?;
        for stack in self.stacks.iter().take(STACKS) {
            let percent = self.percent(stack.samples);
            let group = stack.group.map(|group| format!(", {group}")).unwrap_or_default();
            writeln!(out, "  {} samples, {percent} %, {}{group}", stack.samples, stack.comm)?;
            for frame in stack.frames.iter().take(FRAMES) {
                writeln!(out, "      {}", shortened(&frame.text()))?;
            }
            if let Some(more) = stack.frames.len().checked_sub(FRAMES).filter(|more| *more > 0) {
                writeln!(out, "      … {more} more")?;
            }
        }
        rest(out, self.stacks.len(), STACKS, "stacks")
    }

    /// A share of all samples with one digit after the point.
    fn percent(&self, samples: u64) -> String {
        match self.samples {
            0 => "-".to_owned(),
            all => format!("{:.1}", samples as f64 * 100.0 / all as f64),
        }
    }
}

/// A name as the text shows it: templates and generics can make one hundreds of characters long.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

/// An object without its folder; the document has the path.
fn file_name(object: &str) -> String {
    one_line(object.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(object))
}

fn rest(out: &mut dyn Write, all: usize, shown: usize, what: &str) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more {what}"),
    }
}

impl FunctionRow {
    fn json(&self) -> Value {
        let mut fields = self.frame.fields();
        fields.insert("self".to_owned(), json!(self.self_samples));
        fields.insert("total".to_owned(), json!(self.total));
        if let Some(counts) = &self.siblings {
            fields.insert("self_by_sibling".to_owned(), counts.json());
        }
        Value::Object(fields)
    }
}

impl StackRow {
    fn json(&self) -> Value {
        let frames: Vec<Value> =
            self.frames.iter().map(|frame| Value::Object(frame.fields())).collect();
        let mut row = json!({ "comm": self.comm, "samples": self.samples, "frames": frames });
        if let Some(Group { node, sibling }) = self.group {
            row["node"] = json!(node.0);
            row["sibling"] = json!(sibling.name());
        }
        row
    }
}
