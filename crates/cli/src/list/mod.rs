//! `skep list`: what Linux offers to programs, and what of it skep implements.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::Error;
use skep::machine::map::KINDS;
use skep_abi::{KernelVersion, MapType, ProgType};
use skep_calls::SurfaceKind;

use crate::args::{ListArgs, Listing};
use crate::catalogue::{CallRow, calls};
use crate::output::{HEADING, Output, Table, View};

/// A list of one kind of thing.
struct ListView {
    what: Listing,
    kernel: Option<KernelVersion>,
    prog_type: Option<ProgType>,
    rows: Rows,
}

enum Rows {
    Calls(Vec<CallRow>),
    Types(Vec<TypeRow>),
}

/// A map type or a program type.
struct TypeRow {
    name: &'static str,
    number: u32,
    since: KernelVersion,
    implemented: bool,
}

/// Prints the list.
///
/// # Errors
/// When a program type is given for a list that does not depend on one, or the list cannot be written.
pub(crate) fn execute(args: &ListArgs, output: &Output) -> Result<ExitCode, Error> {
    let ListArgs { what, kernel, prog_type } = *args;
    let rows = match what {
        Listing::Helpers => Rows::Calls(calls(SurfaceKind::Helper, kernel, prog_type)),
        Listing::Kfuncs => Rows::Calls(calls(SurfaceKind::Kfunc, kernel, prog_type)),
        Listing::Maps | Listing::ProgTypes if prog_type.is_some() => {
            return Err(Error::input(format!("`skep list {}` takes no --prog-type", what.name()))
                .hint("--prog-type narrows `helpers` and `kfuncs` to what programs of a type may call"));
        }
        Listing::Maps => Rows::Types(types(
            MapType::ALL,
            |kind| (kind.name(), kind as u32, kind.since(), KINDS.contains(&kind)),
            kernel,
        )),
        Listing::ProgTypes => Rows::Types(types(
            ProgType::ALL,
            |kind| (kind.name(), kind as u32, kind.since(), skep::run::PROG_TYPES.contains(&kind)),
            kernel,
        )),
    };
    output.print(&ListView { what, kernel, prog_type, rows })?;
    Ok(ExitCode::SUCCESS)
}

fn types<T: Copy>(
    all: &[T],
    facts: impl Fn(T) -> (&'static str, u32, KernelVersion, bool),
    kernel: Option<KernelVersion>,
) -> Vec<TypeRow> {
    let rows = all.iter().map(|kind| {
        let (name, number, since, implemented) = facts(*kind);
        TypeRow { name, number, since, implemented }
    });
    rows.filter(|row| kernel.is_none_or(|kernel| row.since <= kernel)).collect()
}

impl ListView {
    fn counts(&self) -> (usize, usize) {
        match &self.rows {
            Rows::Calls(rows) => (rows.len(), rows.iter().filter(|row| row.implemented).count()),
            Rows::Types(rows) => (rows.len(), rows.iter().filter(|row| row.implemented).count()),
        }
    }
}

impl View for ListView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.rows {
            Rows::Calls(rows) => {
                let mut table = Table::new([
                    "name",
                    "#id",
                    "since",
                    "implemented",
                    "gpl",
                    "flags",
                    "what it does",
                ]);
                for row in rows {
                    table.row([
                        row.name,
                        &row.id.map(|id| id.to_string()).unwrap_or_default(),
                        &row.since.to_string(),
                        yes(row.implemented),
                        yes(row.gpl_only),
                        row.flags,
                        row.summary,
                    ]);
                }
                table.print(out)?;
            }
            Rows::Types(rows) => {
                let mut table = Table::new(["name", "#number", "since", "implemented"]);
                for row in rows {
                    let (number, since) = (row.number.to_string(), row.since.to_string());
                    table.row([row.name, &number, &since, yes(row.implemented)]);
                }
                table.print(out)?;
            }
        }
        let (all, implemented) = self.counts();
        writeln!(out, "{HEADING}{all} {}{HEADING:#}, {implemented} implemented", self.what.name())
    }

    fn fields(&self) -> Map<String, Value> {
        let rows: Vec<Value> = match &self.rows {
            Rows::Calls(rows) => rows.iter().map(CallRow::json).collect(),
            Rows::Types(rows) => rows.iter().map(TypeRow::json).collect(),
        };
        Map::from_iter([
            ("what".to_owned(), json!(self.what.name())),
            ("kernel".to_owned(), json!(self.kernel.map(|kernel| kernel.to_string()))),
            ("prog_type".to_owned(), json!(self.prog_type.map(ProgType::name))),
            ("items".to_owned(), Value::Array(rows)),
        ])
    }
}

impl CallRow {
    fn json(&self) -> Value {
        let flags: Vec<&str> = self.flags.split_whitespace().filter(|flag| *flag != "-").collect();
        json!({
            "name": self.name,
            "id": self.id,
            "since": self.since.to_string(),
            "category": self.category,
            "flags": flags,
            "gpl_only": self.gpl_only,
            "implemented": self.implemented,
            "summary": self.summary,
        })
    }
}

impl TypeRow {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "number": self.number,
            "since": self.since.to_string(),
            "implemented": self.implemented,
        })
    }
}

/// An empty cell is easier to overlook than a word.
const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "-" }
}
