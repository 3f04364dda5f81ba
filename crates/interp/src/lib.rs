//! The reference interpreter: the specification of what a program does.
//!
//! Every access is held against the machine's live objects; a read of a register or stack byte that nothing has
//! set, a write to read-only memory, a jump out of the program or an overrun budget ends the run with a [`Trap`] that
//! names insn, source line, address and object. What a class of insns does stands in the file of that class.

mod alu;
mod arena;
mod atomic;
mod btf_ptr;
mod budget;
mod call;
mod code;
pub mod conformance;
mod engine;
mod frame;
mod interp;
mod jmp;
mod load;
mod packet;
mod prog_store;
mod program;
mod refs;
mod stack;
mod step;
mod store;
mod trap;
mod vm;

pub use budget::{DEFAULT_BUDGET, MAX_CALL_FRAMES, MAX_TAIL_CALLS, MAY_GOTO_LOOPS};
pub use engine::Interpreted;
pub use interp::Interp;
pub use prog_store::ProgStore;
pub use program::{FuncInfo, LineInfo, Program, ProgramSpec};
pub use trap::{Location, SourceLine, Trap, TrapKind};
