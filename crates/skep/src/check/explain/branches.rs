//! Which way conditional jumps went on the path.

use skep_isa::opcode as op;

use super::{Fact, Subject};

/// More than so many would hide the rest.
const MOST: usize = 8;

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
        let target = at.wrapping_add_signed(insn.off.into()).wrapping_add(1);
        let text = if *next == target && target != at + 1 {
            format!("the jump is taken, to insn {next}")
        } else {
            "the jump is not taken".to_owned()
        };
        let fact = subject.fact(*at, text);
        if !facts.iter().any(|known| known.insn == fact.insn) {
            facts.push(fact);
        }
        if facts.len() == MOST {
            break;
        }
    }
    facts
}
