//! `skep explain`: what a kind of rejection means.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::Error;
use skep::check::{Kind, kinds as all};

use crate::args::ExplainArgs;
use crate::output::{CODE, HEADING, Output, Table, View};

/// Rejections of one or more kinds.
#[derive(Debug)]
struct ExplainView {
    /// By the kind's name; several rejections may share one.
    kinds: BTreeMap<&'static str, Vec<&'static Kind>>,
    /// Whether they are only listed.
    listed: bool,
}

/// Prints what is known of a kind; all kinds when none is named.
///
/// # Errors
/// When no kind has this name and no kernel sentence these words.
pub(crate) fn execute(args: &ExplainArgs, output: &Output) -> Result<ExitCode, Error> {
    let mut kinds: BTreeMap<&'static str, Vec<&'static Kind>> = BTreeMap::new();
    let wanted = |kind: &Kind| match args.kind.as_deref() {
        None => true,
        Some(name) => kind.name == name,
    };
    for kind in all().filter(|kind| wanted(kind)) {
        kinds.entry(kind.name).or_default().push(kind);
    }
    if let (true, Some(words)) = (kinds.is_empty(), args.kind.as_deref()) {
        for kind in all().filter(|kind| is_said(kind.text, words)) {
            kinds.entry(kind.name).or_default().push(kind);
        }
    }
    if kinds.is_empty() {
        let asked = args.kind.as_deref().unwrap_or_default();
        return Err(Error::input(format!("skep knows no rejection `{asked}`"))
            .hint("`skep explain` without a name lists all kinds"));
    }
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
            for (name, kinds) in &self.kinds {
                table.row([(*name).to_owned(), kinds[0].meaning()]);
            }
            return table.print(out);
        }
        for (name, kinds) in &self.kinds {
            for kind in kinds {
                writeln!(out, "{HEADING}{name}{HEADING:#}\n")?;
                for line in kind.doc.lines() {
                    writeln!(out, "  {}", line.trim())?;
                }
                writeln!(out, "\n  Linux says: {CODE}{}{CODE:#}", kind.text)?;
                writeln!(out, "  Error number: {}", kind.errno)?;
                writeln!(out, "  What to do: {}\n", kind.help)?;
            }
        }
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        let kinds: Vec<Value> = self
            .kinds
            .values()
            .flatten()
            .map(|kind| {
                json!({
                    "kind": kind.name,
                    "errno": kind.errno.0,
                    "meaning": kind.doc.trim(),
                    "kernel_message": kind.text,
                    "help": kind.help,
                })
            })
            .collect();
        Map::from_iter([("kinds".to_owned(), json!(kinds))])
    }
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
