//! eBPF instructions: decode, encode, and the words of the instruction set.

mod insn;
pub mod opcode;

pub use insn::{INSN_SIZE, Insn, Reg};
