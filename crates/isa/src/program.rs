//! Whole programs: bytes to slots, slots to typed instructions.

use crate::{DecodeError, INSN_SIZE, Insn, InsnIdx, Op};

/// Splits bytes into slots.
///
/// # Errors
/// When the length is not a multiple of a slot. The slots themselves are not judged.
pub fn decode_slots(bytes: &[u8]) -> Result<Vec<Insn>, DecodeError> {
    let (slots, rest) = bytes.as_chunks::<INSN_SIZE>();
    if !rest.is_empty() {
        return Err(DecodeError::Length(bytes.len()));
    }
    Ok(slots.iter().map(|slot| Insn::decode(*slot)).collect())
}

/// Joins slots into bytes.
#[must_use]
pub fn encode_slots(insns: &[Insn]) -> Vec<u8> {
    insns.iter().flat_map(|insn| insn.encode()).collect()
}

/// Decodes the instruction whose first slot is `idx`.
///
/// # Errors
/// When the slot is no instruction; an index past the end counts as a truncated program.
pub fn decode_at(insns: &[Insn], idx: InsnIdx) -> Result<Op, DecodeError> {
    let next = insns.get(idx.at() + 1).copied();
    insns
        .get(idx.at())
        .ok_or(DecodeError::Length(0))
        .and_then(|insn| Op::decode(*insn, next).map_err(|kind| DecodeError::Insn { idx, kind }))
}

/// Walks a program, one typed instruction at a time, with the index of its first slot.
///
/// After an error the walk goes on with the next slot.
pub fn ops(insns: &[Insn]) -> impl Iterator<Item = (InsnIdx, Result<Op, DecodeError>)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        if at >= insns.len() {
            return None;
        }
        let idx = InsnIdx(u32::try_from(at).ok()?);
        let op = decode_at(insns, idx);
        at += op.as_ref().map_or(1, Op::slots);
        Some((idx, op))
    })
}

/// Decodes a whole program.
///
/// # Errors
/// The first slot that is no instruction.
pub fn decode_ops(insns: &[Insn]) -> Result<Vec<(InsnIdx, Op)>, DecodeError> {
    ops(insns).map(|(idx, op)| Ok((idx, op?))).collect()
}

/// Encodes a whole program.
#[must_use]
pub fn encode_ops(program: &[Op]) -> Vec<Insn> {
    program.iter().flat_map(|op| op.encode().iter()).collect()
}
