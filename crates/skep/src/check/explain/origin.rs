//! Where a register got its value: the path walked back over moves, spills and fills to a load, a call or the entry.

use skep_isa::{Insn, Reg, opcode as op};

use super::{Fact, Subject, is_call};

/// What is looked for on the way back: a register, or eight bytes of stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Reg(u8),
    Slot(i16),
}

/// The insns that made the value that `reg` holds at the path's end, last first.
pub(super) fn facts(subject: &Subject<'_>, path: &[Option<u32>], reg: u8) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut sought = Sought::Reg(reg);
    // Frames that were left again are passed over; the frame at fault has depth 0.
    let mut depth = 0;
    for (step, at) in path.iter().enumerate().rev().skip(1) {
        let Some(at) = *at else { return facts };
        let Some(insn) = subject.insn(at) else { return facts };
        let enters = is_call(insn)
            && insn.src.0 == op::PSEUDO_CALL
            && path.get(step + 1).copied().flatten() != Some(at + 1);
        if insn.code == op::JMP | op::EXIT {
            depth += 1;
            continue;
        }
        if enters {
            if depth == 0 {
                facts.push(subject.fact(at, format!("R{reg} comes from the caller")));
                return facts;
            }
            depth -= 1;
        }
        if depth > 0 {
            continue;
        }
        if releases(subject, insn) {
            let callee = subject.callee(insn);
            facts.push(
                subject.fact(at, format!("{callee} releases it: no copy is valid afterwards")),
            );
        }
        if !writes(insn, sought) {
            continue;
        }
        match copied_from(insn) {
            Some(from) => sought = from,
            None => {
                facts.push(subject.fact(at, made(subject, insn, sought, reg)));
                return facts;
            }
        }
    }
    facts
}

/// Where the number came from that was added to the pointer in `reg` last, when one was.
pub(super) fn index(subject: &Subject<'_>, path: &[Option<u32>], reg: u8) -> Option<Fact> {
    let mut pointer = reg;
    for (step, at) in path.iter().enumerate().rev().skip(1) {
        let insn = subject.insn((*at)?)?;
        if is_call(insn) && insn.src.0 == op::PSEUDO_CALL || insn.code == op::JMP | op::EXIT {
            return None;
        }
        if insn.code == op::ALU64 | op::ADD | op::X && insn.dst.0 == pointer {
            let index = insn.src.0;
            let made = facts(subject, &path[..=step], index);
            let fact = made.into_iter().find(|fact| !fact.text.contains(" releases it"))?;
            let text = fact.text.replacen(&format!("R{index}"), "the index", 1);
            return Some(Fact { text, ..fact });
        }
        if writes(insn, Sought::Reg(pointer)) {
            let Some(Sought::Reg(from)) = copied_from(insn) else { return None };
            pointer = from;
        }
    }
    None
}

fn is_stack(reg: Reg) -> bool {
    reg == Reg::R10
}

/// Whether the insn calls something that takes a reference away.
fn releases(subject: &Subject<'_>, insn: Insn) -> bool {
    is_call(insn) && insn.src.0 != op::PSEUDO_CALL && subject.takes_reference(insn)
}

/// Whether the insn gives a new value to what is sought. Arithmetic changes a value, but does not make it.
fn writes(insn: Insn, sought: Sought) -> bool {
    match (insn.code & op::CLASS_MASK, sought) {
        (op::ALU | op::ALU64, Sought::Reg(reg)) => {
            insn.code & op::OP_MASK == op::MOV && insn.dst.0 == reg
        }
        (op::LDX, Sought::Reg(reg)) => insn.dst.0 == reg,
        (op::LD, Sought::Reg(reg)) => insn.code == op::LD_IMM64 && insn.dst.0 == reg,
        (op::STX | op::ST, Sought::Slot(off)) => is_stack(insn.dst) && insn.off == off,
        (op::JMP, Sought::Reg(reg)) => is_call(insn) && reg <= 5,
        _ => false,
    }
}

fn copied_from(insn: Insn) -> Option<Sought> {
    match insn.code & op::CLASS_MASK {
        op::ALU | op::ALU64 if insn.code & op::SRC_MASK == op::X => Some(Sought::Reg(insn.src.0)),
        op::LDX if is_stack(insn.src) => Some(Sought::Slot(insn.off)),
        op::STX => Some(Sought::Reg(insn.src.0)),
        _ => None,
    }
}

fn made(subject: &Subject<'_>, insn: Insn, sought: Sought, reg: u8) -> String {
    match insn.code & op::CLASS_MASK {
        op::JMP if sought == Sought::Reg(0) => {
            format!("R{reg} holds what {} returned", subject.callee(insn))
        }
        op::JMP => format!("R{reg} is lost in the call of {}", subject.callee(insn)),
        op::LDX => format!("R{reg} is loaded from memory"),
        _ => format!("R{reg} gets its value"),
    }
}
