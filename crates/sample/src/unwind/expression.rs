//! DWARF expressions within unwind tables.

use gimli::{Encoding, EndianSlice, Evaluation, EvaluationResult, LittleEndian, Location, Value};

use super::memory::StackMemory;
use super::registers::{Register, Registers};

/// The most operations that one expression may take; real ones have under 20, and a hostile one may loop.
const MAX_OPERATIONS: u32 = 1_000;

/// The bytes of an expression and the encoding of the entry that it stands in.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) bytes: Box<[u8]>,
    pub(super) encoding: Encoding,
}

/// Evaluates an expression over a frame; `initial` is on the stack when it starts.
///
/// Returns `None` when it is malformed, takes too long, or asks for what is not known.
pub(super) fn evaluate(
    expression: &Expression,
    initial: Option<u64>,
    regs: &Registers,
    memory: &mut dyn StackMemory,
) -> Option<u64> {
    let bytes = EndianSlice::new(&expression.bytes, LittleEndian);
    let mut evaluation = Evaluation::new(bytes, expression.encoding);
    evaluation.set_max_iterations(MAX_OPERATIONS);
    if let Some(initial) = initial {
        evaluation.set_initial_value(initial);
    }
    let mut state = evaluation.evaluate().ok()?;
    // Each resumption is an operation of its own, so that the budget above bounds this loop too.
    loop {
        state = match state {
            EvaluationResult::Complete => break,
            EvaluationResult::RequiresRegister { register, .. } => {
                let value = regs.get(Register::from_dwarf(register)?)?;
                evaluation.resume_with_register(Value::Generic(value)).ok()?
            }
            EvaluationResult::RequiresMemory { address, size, space: None, .. } => {
                let word = memory.word(address)?;
                let unused = 64u32.checked_sub(u32::from(size).checked_mul(8)?)?;
                let value = word.checked_shl(unused)?.checked_shr(unused)?;
                evaluation.resume_with_memory(Value::Generic(value)).ok()?
            }
            _ => return None,
        };
    }
    match evaluation.as_result() {
        [piece] => match piece.location {
            Location::Address { address } => Some(address),
            Location::Value { value: Value::Generic(value) } => Some(value),
            _ => None,
        },
        _ => None,
    }
}
