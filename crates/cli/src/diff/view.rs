//! What `skep diff` prints.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use skep::diff::{DiffedObject, DiffedProgram};

use crate::output::{HEADING, NOTE, Table, View};

/// Differences of a program that the text shows; the document has all that were kept.
const DIFFERENCES: usize = 20;

/// Objects in both engines.
#[derive(Debug)]
pub(crate) struct DiffView {
    pub(crate) objects: Vec<DiffedObject>,
    pub(crate) release: String,
}

impl View for DiffView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{HEADING}skep's machine against Linux {}{HEADING:#}\n", self.release)?;
        let many = self.objects.len() > 1;
        let head = ["program", "type", "result", "#runs"];
        let mut table = Table::new(many.then_some("object").into_iter().chain(head));
        for object in &self.objects {
            for program in &object.programs {
                let name = many.then(|| object.object.clone());
                table.row(name.into_iter().chain(row(program)));
            }
        }
        table.print(out)?;
        for program in self.objects.iter().flat_map(|object| &object.programs) {
            details(program, out)?;
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let objects: Vec<Value> = self
            .objects
            .iter()
            .map(|object| {
                let programs: Vec<Value> = object.programs.iter().map(document).collect();
                json!({ "object": object.object, "programs": programs })
            })
            .collect();
        Map::from_iter([
            ("kernel".to_owned(), json!(self.release)),
            ("objects".to_owned(), json!(objects)),
        ])
    }
}

fn row(program: &DiffedProgram) -> [String; 4] {
    let result = match (program.is_equal(), &program.skipped) {
        (false, _) => "different",
        (true, Some(_)) => "not run",
        (true, None) => "equal",
    };
    let kind = program.prog_type.name().to_owned();
    [program.name.clone(), kind, result.to_owned(), program.runs.to_string()]
}

fn details(program: &DiffedProgram, out: &mut dyn Write) -> io::Result<()> {
    let is_silent = program.is_equal() && program.excluded.is_empty() && program.skipped.is_none();
    if is_silent {
        return Ok(());
    }
    writeln!(out, "\n{HEADING}{}{HEADING:#}", program.name)?;
    if !program.is_equal() {
        let mut table = Table::new(["what", "kernel", "machine"]);
        for one in program.differences.iter().take(DIFFERENCES) {
            table.row([one.what.clone(), text(&one.kernel), text(&one.machine)]);
        }
        table.print(out)?;
        if let Some(more @ 1..) = program.differences.len().checked_sub(DIFFERENCES) {
            writeln!(out, "  … and {more} more; `--json` has them")?;
        }
    }
    for what in &program.excluded {
        writeln!(out, "  {NOTE}not compared{NOTE:#}: {what}")?;
    }
    if let Some(skipped) = &program.skipped {
        writeln!(out, "  {NOTE}not run{NOTE:#}: {}", skipped.why)?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn document(program: &DiffedProgram) -> Value {
    let differences: Vec<Value> = program
        .differences
        .iter()
        .map(|one| json!({ "what": one.what, "kernel": one.kernel, "machine": one.machine }))
        .collect();
    json!({
        "name": program.name,
        "type": program.prog_type.name(),
        "equal": program.is_equal(),
        "runs": program.runs,
        "differences": differences,
        "excluded": program.excluded,
        "skipped": program.skipped.as_ref().map(|skipped| &skipped.why),
    })
}
