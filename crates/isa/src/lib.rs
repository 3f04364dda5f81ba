//! eBPF instructions: decode, encode, disassemble, assemble.
//!
//! An [`Insn`] is one slot as the kernel takes it; an [`Op`] is what it means. Text is the kernel's own.
//!
//! ```
//! use skep_isa::{assemble, decode_ops};
//!
//! let program = assemble("r0 = 7\nif r0 > 0x5 goto done\nr0 = 0\ndone: exit")?;
//! let ops = decode_ops(&program)?;
//! assert_eq!(ops[1].1.to_string(), "if r0 > 0x5 goto pc+1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asm;
mod decode;
mod disasm;
mod encode;
mod error;
mod imm64;
mod insn;
mod op;
pub mod opcode;
mod program;

pub use asm::{AsmError, AsmErrorKind, assemble, assemble_lines};
pub use disasm::{Disasm, Names, NoNames, disasm_at};
pub use encode::Slots;
pub use error::{DecodeError, DecodeErrorKind, Field, InsnIdx};
pub use imm64::Imm64;
pub use insn::{INSN_SIZE, Insn, Reg};
pub use op::{AluOp, AtomicOp, ByteOrder, Cond, Mem, Op, Size, Source, SwapBits, Width};
pub use program::{decode_at, decode_ops, decode_slots, encode_ops, encode_slots, ops};
