//! Verdicts in the JSON document.

use serde_json::{Value, json};
use skep::check::{CheckedObject, CheckedProgram, Fact, Judged, SourceLine};

use super::view::verdict;

/// An object with its programs.
pub(super) fn object(object: &CheckedObject) -> Value {
    let programs: Vec<Value> = object.programs.iter().map(program).collect();
    json!({ "object": object.object, "programs": programs })
}

fn program(program: &CheckedProgram) -> Value {
    let finding = match &program.judged {
        Judged::Rejected(finding) => Some(finding),
        _ => None,
    };
    let missing = match &program.judged {
        Judged::Unsupported(what) => Some(what),
        _ => None,
    };
    let source = finding.and_then(|finding| finding.source.as_ref());
    let notes: Vec<Value> = finding.iter().flat_map(|finding| &finding.facts).map(note).collect();
    json!({
        "name": program.name,
        "section": program.section,
        "type": program.prog_type.name(),
        "verdict": verdict(program),
        "errno": finding.map(|finding| finding.errno.0),
        "insn_processed": program.cost.insn_processed,
        "total_states": program.cost.total_states,
        "kernel_message": finding.map(|finding| &finding.message),
        "insn": finding.and_then(|finding| finding.insn),
        "file": source.map(|source| &source.file),
        "line": source.map(|source| source.line),
        "kind": finding.map(|finding| finding.kind),
        "help": finding.map(|finding| &finding.help),
        "missing": missing,
        "notes": notes,
    })
}

fn note(fact: &Fact) -> Value {
    json!({
        "insn": fact.insn,
        "file": fact.source.as_ref().map(|source: &SourceLine| &source.file),
        "line": fact.source.as_ref().map(|source| source.line),
        "text": fact.text,
    })
}
