//! `skep explain`: what a kind of rejection means.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::Error;
use skep::check::{Example, Examples, Kind, Language, kinds as all};

use crate::args::ExplainArgs;
use crate::output::{CODE, HEADING, Output, Table, View};

/// Rejections of one or more kinds.
#[derive(Debug)]
struct ExplainView {
    /// By name.
    kinds: Vec<&'static Kind>,
    /// Whether they are only listed.
    listed: bool,
}

/// Prints what is known of a kind; all kinds when none is named.
///
/// # Errors
/// When no kind has this name and no kernel sentence these words.
pub(crate) fn execute(args: &ExplainArgs, output: &Output) -> Result<ExitCode, Error> {
    let mut kinds: BTreeMap<&'static str, &'static Kind> = BTreeMap::new();
    let wanted = |kind: &Kind| match args.kind.as_deref() {
        None => true,
        Some(name) => kind.name == name,
    };
    for kind in all().filter(|kind| wanted(kind)) {
        kinds.insert(kind.name, kind);
    }
    if let (true, Some(words)) = (kinds.is_empty(), args.kind.as_deref()) {
        for kind in all().filter(|kind| is_said(kind.text, words)) {
            kinds.insert(kind.name, kind);
        }
    }
    if kinds.is_empty() {
        let asked = args.kind.as_deref().unwrap_or_default();
        return Err(Error::input(format!("skep knows no rejection `{asked}`"))
            .hint("`skep explain` without a name lists all kinds"));
    }
    let kinds = kinds.into_values().collect();
    output.print(&ExplainView { kinds, listed: args.kind.is_none() })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a kernel sentence could be made by this template, or holds these words.
fn is_said(template: &str, sentence: &str) -> bool {
    if template.contains(sentence) {
        return true;
    }
    let mut rest = sentence;
    let mut letters = 0;
    for part in template.split('{').enumerate().map(|(at, part)| match at {
        0 => part,
        _ => part.split_once('}').map_or("", |(_, after)| after),
    }) {
        let Some(at) = rest.find(part) else { return false };
        letters += part.len();
        rest = &rest[at + part.len()..];
    }
    letters > 8
}

impl View for ExplainView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.listed {
            let mut table = Table::new(["kind", "meaning"]);
            for kind in &self.kinds {
                table.row([kind.name.to_owned(), kind.meaning()]);
            }
            return table.print(out);
        }
        let mut examples = Examples::default();
        for kind in &self.kinds {
            writeln!(out, "{HEADING}{}{HEADING:#}\n", kind.name)?;
            for line in kind.doc.trim().lines() {
                writeln!(out, "{}", format!("  {}", line.trim()).trim_end())?;
            }
            writeln!(out, "\n  Linux says: {CODE}{}{CODE:#}", said(kind))?;
            writeln!(out, "  Error number: {}\n", kind.errno)?;
            match examples.of(kind) {
                Ok(example) => print(out, &example)?,
                Err(why) => writeln!(out, "  No example: {why}")?,
            }
            writeln!(out, "\n  What to do: {}\n", kind.help)?;
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let mut examples = Examples::default();
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|kind| {
                let example = examples.of(kind);
                json!({
                    "kind": kind.name,
                    "errno": kind.errno.0,
                    "meaning": kind.doc.trim(),
                    "kernel_message": kind.text,
                    "room": kind.room(),
                    "help": kind.help,
                    "example": example.as_ref().ok().map(fields),
                    "no_example": example.as_ref().err(),
                })
            })
            .collect();
        Map::from_iter([("kinds".to_owned(), json!(kinds))])
    }
}

/// The kernel's sentence; some rejections have none.
fn said(kind: &Kind) -> &str {
    if kind.text.is_empty() { "nothing" } else { kind.text }
}

/// An example, with an arrow at the line at fault.
fn print(out: &mut dyn Write, example: &Example) -> io::Result<()> {
    writeln!(out, "  Example, as Linux {} judges: {}\n", example.kernel, example.about)?;
    for (at, line) in example.source.iter().enumerate() {
        let is_fault = example.fault == Some(at);
        let arrow = if is_fault { ">" } else { " " };
        write!(out, "{}", format!("  {arrow} {line}").trim_end())?;
        if is_fault {
            write!(out, "   {CODE}<- {}{CODE:#}", example.message)?;
        }
        writeln!(out)?;
    }
    if example.fault.is_none() && !example.message.is_empty() {
        writeln!(out, "    {CODE}{}{CODE:#}", example.message)?;
    }
    Ok(())
}

/// The same for readers that are programs; lines count from 1.
fn fields(example: &Example) -> Value {
    json!({
        "language": match example.language {
            Language::C => "c",
            Language::Assembly => "assembly",
        },
        "kernel": example.kernel.to_string(),
        "about": example.about,
        "source": example.source.join("\n"),
        "fault_line": example.fault.map(|at| at + 1),
        "kernel_message": example.message,
    })
}

#[cfg(test)]
mod tests {
    use super::is_said;

    #[test]
    fn a_sentence_of_the_kernel_finds_its_template() {
        let template = "invalid read from stack off {off}+{i} size {size}";
        assert!(is_said(template, "invalid read from stack off -8+0 size 8"));
        assert!(is_said(template, "read from stack"));
        assert!(!is_said(template, "invalid write to stack off -8+0 size 8"));
        assert!(!is_said("R{regno}", "R1 is invalid"));
    }
}
