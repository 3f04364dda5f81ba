//! A rejection as a compiler would print it.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use skep::check::{CheckedProgram, Finding, Judged, SourceLine};

use super::marked::span;
use crate::output::NOTE;

/// Why a program is refused, or cannot be judged; nothing for one that is accepted.
pub(crate) fn reasons(
    out: &mut dyn Write,
    object: &str,
    program: &CheckedProgram,
) -> io::Result<()> {
    match &program.judged {
        Judged::Accepted => Ok(()),
        Judged::Unsupported(what) => writeln!(
            out,
            "\n{NOTE}unsupported{NOTE:#}: skep cannot judge program {}: {what}",
            program.name
        ),
        Judged::Rejected(finding) => rejection(out, object, program, finding),
    }
}

fn rejection(
    out: &mut dyn Write,
    object: &str,
    program: &CheckedProgram,
    finding: &Finding,
) -> io::Result<()> {
    let sentence = finding.meaning.trim_end_matches('.');
    let title = if sentence.is_empty() { finding.message.as_str() } else { sentence };
    let mut head = Group::with_title(Level::ERROR.primary_title(title).id(finding.kind));
    if let Some(source) = &finding.source {
        head = head.element(snippet(source, &finding.message, AnnotationKind::Primary));
    } else {
        head = head.element(Level::NOTE.message(finding.message.as_str()));
    }
    let place = match finding.insn {
        Some(insn) => format!("in program {} of {object}, insn {insn}", program.name),
        None => format!("in program {} of {object}", program.name),
    };
    head = head.element(Level::NOTE.message(place));
    for line in &finding.lines_before {
        head = head.element(Level::NOTE.message(line.as_str()));
    }
    let mut groups = vec![head];
    for fact in &finding.facts {
        let Some(source) = &fact.source else {
            let text = format!("insn {}: {}", fact.insn, fact.text);
            groups.push(Group::with_title(Level::NOTE.secondary_title(text)));
            continue;
        };
        let group = Group::with_title(Level::NOTE.secondary_title(fact.text.as_str()));
        groups.push(group.element(snippet(source, "", AnnotationKind::Context)));
    }
    if !finding.help.is_empty() {
        let help = format!("{} (`skep explain {}`)", finding.help, finding.kind);
        groups.push(Group::with_title(Level::HELP.secondary_title(help)));
    }
    writeln!(out, "\n{}", Renderer::styled().render(&groups))
}

fn snippet<'a>(
    source: &'a SourceLine,
    label: &'a str,
    kind: AnnotationKind,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let mark = kind.span(span(&source.text, source.column));
    let mark = if label.is_empty() { mark } else { mark.label(label) };
    Snippet::source(source.text.as_str())
        .line_start(source.line as usize)
        .path(source.file.as_str())
        .annotation(mark)
}
