//! What `skep check` prints: the table of verdicts, then what is wrong.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use skep::Error;
use skep::check::{CheckedObject, CheckedProgram, Judged};

use super::{human, json as document, sarif};
use crate::args::Format;
use crate::output::{Table, View};

/// Verdicts of all objects.
#[derive(Debug)]
pub(crate) struct CheckView {
    pub(crate) objects: Vec<CheckedObject>,
    /// Why others were not judged.
    pub(crate) faults: Vec<Error>,
    pub(crate) release: String,
    pub(crate) format: Format,
}

impl View for CheckView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Sarif => writeln!(out, "{:#}", sarif::document(&self.objects)),
            Format::Kernel => self.kernel(out),
            Format::Human | Format::Json => self.human(out),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let objects: Vec<Value> = self.objects.iter().map(document::object).collect();
        let mut fields = Map::from_iter([
            ("kernel".to_owned(), json!(self.release)),
            ("objects".to_owned(), json!(objects)),
        ]);
        if !self.faults.is_empty() {
            let faults = self.faults.iter().filter_map(|error| error.fields().remove("error"));
            fields.insert("errors".to_owned(), Value::from_iter(faults));
        }
        fields
    }
}

impl CheckView {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "As Linux {} judges:\n", self.release)?;
        self.table().print(out)?;
        for object in &self.objects {
            for program in &object.programs {
                human::reasons(out, &object.object, program)?;
            }
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let many = self.objects.len() > 1;
        let head = ["program", "type", "verdict", "#insns", "#states", "#time"];
        let object = many.then_some("object");
        let mut table = Table::new(object.into_iter().chain(head));
        for object in &self.objects {
            for program in &object.programs {
                let name = many.then(|| object.object.clone());
                table.row(name.into_iter().chain(row(program)));
            }
        }
        table
    }

    /// Logs one after the other, as loading each program would print them.
    fn kernel(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self.objects.iter().flat_map(|object| &object.programs);
        for program in all {
            writeln!(out, "-- {}: {}", program.name, verdict(program))?;
            if let Judged::Unsupported(what) = &program.judged {
                writeln!(out, "(skep cannot tell: {what})")?;
                continue;
            }
            let log = program.log.as_deref().unwrap_or("").trim_end();
            if !log.is_empty() {
                writeln!(out, "{log}")?;
            }
        }
        Ok(())
    }
}

fn row(program: &CheckedProgram) -> [String; 6] {
    let time = format!("{:.1} ms", program.time.as_secs_f64() * 1e3);
    [
        program.name.clone(),
        program.prog_type.name().to_owned(),
        verdict(program).to_owned(),
        program.cost.insn_processed.to_string(),
        program.cost.total_states.to_string(),
        time,
    ]
}

/// The verdict in a word.
pub(super) fn verdict(program: &CheckedProgram) -> &'static str {
    match program.judged {
        Judged::Accepted => "accepted",
        Judged::Rejected(_) => "rejected",
        Judged::Unsupported(_) => "unsupported",
    }
}
