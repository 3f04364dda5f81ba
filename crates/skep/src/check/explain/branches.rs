//! Which way conditional jumps went on the path.

use skep_isa::opcode as op;

use super::{Fact, Subject};

/// More than so many would hide the rest.
const MOST: usize = 4;

/// The last branches of the path that a reader can see in the source: each line once, the last time it was passed.
pub(super) fn facts(subject: &Subject<'_>, path: &[Option<u32>]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for pair in path.windows(2).rev() {
        let [Some(at), Some(next)] = pair else { continue };
        let Some(insn) = subject.insn(*at) else { continue };
        let class = insn.code & op::CLASS_MASK;
        let opcode = insn.code & op::OP_MASK;
        let is_jump =
            matches!(class, op::JMP | op::JMP32) && !matches!(opcode, op::JA | op::CALL | op::EXIT);
        if !is_jump {
            continue;
        }
        let text = match subject.fact(*next, "").source {
            Some(source) => format!("from here the path goes on at line {}", source.line),
            None => format!("from here the path goes on at insn {next}"),
        };
        let fact = subject.fact(*at, text);
        let same_line = |known: &Fact| match (&known.source, &fact.source) {
            (Some(known), Some(new)) => known.line == new.line,
            _ => known.insn == fact.insn,
        };
        if !facts.iter().any(same_line) {
            facts.push(fact);
        }
        if facts.len() == MOST {
            break;
        }
    }
    facts
}
