//! Assembler: reads back what the disassembler writes, plus labels and comments.
//!
//! - One instruction a line; `name:` before it, or on a line of its own, is a label.
//! - A jump or a subprogram call goes to `pc+3`, `pc-2` or a label.
//! - `;` and `//` start a comment anywhere, `#` at the start of a word.
//! - `12: (b7)` before an instruction, as the kernel's log has it, is skipped.
//! - `r1 = 5` is a move, `r1 = 0x5` and `r1 = 5 ll` are `ld_imm64`: that is how the kernel's log tells them apart.
//! - A call by number is a helper's (`call bpf_loop#181`); `call kernel-function#12` is a kernel function's.

mod error;
mod operand;
mod statement;
mod token;

use std::collections::HashMap;

pub use error::{AsmError, AsmErrorKind};

use crate::{Imm64, Insn, Op};
use statement::Statement;

/// Assembles a program.
///
/// # Errors
/// The first line that cannot be read, a label that is missing or given twice, or a jump that is too far.
pub fn assemble(text: &str) -> Result<Vec<Insn>, AsmError> {
    Ok(assemble_lines(text)?.into_iter().map(|(insn, _)| insn).collect())
}

/// Assembles a program, and tells of each slot which line it was written on, from 1.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_lines(text: &str) -> Result<Vec<(Insn, u32)>, AsmError> {
    let mut labels = HashMap::new();
    let mut statements = Vec::new();
    let mut slot = 0i64;
    for (line, text) in (1u32..).zip(text.lines()) {
        let at = |kind| AsmError { line, kind };
        let mut rest = strip(text);
        while let Some((label, after)) = leading_label(rest) {
            if labels.insert(label, slot).is_some() {
                return Err(at(AsmErrorKind::DuplicateLabel(label.to_owned())));
            }
            rest = after;
        }
        if rest.is_empty() {
            continue;
        }
        let statement = Statement::parse(rest).map_err(at)?;
        let slots = statement.op.slots();
        statements.push((line, slot, statement));
        slot += slots as i64;
    }
    let mut program = Vec::new();
    for (line, slot, Statement { op, target }) in statements {
        let at = |kind| AsmError { line, kind };
        let op = match target {
            None => op,
            Some(label) => {
                let to = labels
                    .get(label.as_str())
                    .ok_or_else(|| at(AsmErrorKind::UnknownLabel(label.clone())))?;
                aim(op, to - (slot + 1)).ok_or_else(|| at(AsmErrorKind::TooFar(label)))?
            }
        };
        program.extend(op.encode().iter().map(|insn| (insn, line)));
    }
    Ok(program)
}

/// Sets the distance of a jump, call or subprogram address; `None` when it does not fit.
fn aim(op: Op, distance: i64) -> Option<Op> {
    let short = i16::try_from(distance).ok();
    let long = i32::try_from(distance).ok();
    Some(match op {
        Op::Goto { .. } => Op::Goto { off: short? },
        Op::MayGoto { .. } => Op::MayGoto { off: short? },
        Op::Branch { width, cond, dst, src, .. } => {
            Op::Branch { width, cond, dst, src, off: short? }
        }
        Op::GotoLong { .. } => Op::GotoLong { off: long? },
        Op::CallSubprog { .. } => Op::CallSubprog { off: long? },
        Op::LdImm64 { dst, .. } => Op::LdImm64 { dst, value: Imm64::Func(long?) },
        other => other,
    })
}

/// Removes comments, surrounding space, and the index and opcode that the kernel's log puts first.
fn strip(line: &str) -> &str {
    let mut end = line.len();
    let mut before_is_space = true;
    for (at, c) in line.char_indices() {
        let comment = c == ';' || line[at..].starts_with("//") || (c == '#' && before_is_space);
        if comment {
            end = at;
            break;
        }
        before_is_space = c.is_whitespace();
    }
    let mut rest = line[..end].trim();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0
        && let Some(after) = rest[digits..].strip_prefix(':')
    {
        rest = after.trim_start();
    }
    let opcode = rest.as_bytes();
    if opcode.len() > 4
        && opcode[0] == b'('
        && opcode[3] == b')'
        && opcode[1..3].iter().all(u8::is_ascii_hexdigit)
    {
        // Not a sign extension such as `(s8)`: 's' is no hex digit.
        rest = rest[4..].trim_start();
    }
    rest
}

/// Splits `name:` off; the name is one that a jump can mention.
fn leading_label(line: &str) -> Option<(&str, &str)> {
    let (label, rest) = line.split_once(':')?;
    let label = label.trim_end();
    let mut chars = label.chars();
    let head = chars.next()?;
    let name = (head.is_ascii_alphabetic() || matches!(head, '_' | '.'))
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    name.then(|| (label, rest.trim_start()))
}

#[cfg(test)]
mod tests;
