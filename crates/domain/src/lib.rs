//! The abstract numbers that the verifier computes with: what may be known of a register that holds a scalar.
//!
//! - [`Tnum`]: which bits are known, and what they are (`kernel/bpf/tnum.c`);
//! - [`Ranges`]: the least and the greatest value, read as signed and as unsigned;
//! - [`Scalar`]: their product at 64 bits, with ranges of the low 32 bits beside those of the whole, and the rules by
//!   which each part sharpens the others (the scalar parts of `kernel/bpf/verifier.c`, Linux 6.18).
//!
//! Everything is generic over the word's width ([`Word`], [`FullWord`]), so that the code which runs at 64 bits is the
//! code which the tests prove at widths of a few bits, over all inputs. Nothing here allocates, fails or panics, apart
//! from [`Scalar::ranges_text`], which makes a string.
//!
//! Soundness, which the tests hold everything to: if the operands contain the concrete values, the result contains the
//! concrete result. Precision is the kernel's, to the bit: states that differ from the kernel's would prune otherwise.
//!
//! ```
//! use skep_domain::{CondOp, Scalar, ScalarOp, alu, regs_refine};
//!
//! let mut index = Scalar::unknown();
//! // if index < 16 …
//! let mut limit = Scalar::constant(16);
//! regs_refine(&mut index, &mut limit, CondOp::Lt, false);
//! index.sync();
//! assert_eq!(index.umax, 15);
//! // … then index * 8 is an aligned offset below 128.
//! alu(ScalarOp::Lsh, false, &mut index, &Scalar::constant(3));
//! assert_eq!(index.to_string(), "scalar(smin=smin32=0,smax=umax=smax32=umax32=120,var_off=(0x0; 0x78))");
//! ```

pub use op::{CondOp, ScalarOp};
pub use ranges::Ranges;
pub use scalar::alu::alu;
pub use scalar::branch::{is_branch_taken, regs_refine, regs_refine_false, regs_refine_same};
pub use scalar::text::{Snum, Unum};
pub use scalar::{Scalar, ScalarOf};
pub use tnum::{Tnum, TnumOf};
pub use word::{FullWord, SignedWord, Word};

mod op;
mod ranges;
mod scalar;
mod tnum;
mod word;

#[cfg(test)]
mod proofs;
