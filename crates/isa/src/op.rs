//! Typed view of an instruction: what `kernel/bpf/verifier.c` tells apart before it looks at state.

use crate::{Imm64, Reg};

/// Whether an operation works on the whole register or on its lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// The lower 32 bits; a result clears the upper ones.
    W32,
    /// All 64 bits.
    W64,
}

/// Bytes moved by a load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// One byte.
    B,
    /// Two bytes.
    H,
    /// Four bytes.
    W,
    /// Eight bytes.
    DW,
}

impl Size {
    /// Number of bytes: 1, 2, 4 or 8.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::B => 1,
            Self::H => 2,
            Self::W => 4,
            Self::DW => 8,
        }
    }
}

/// Second operand of an ALU operation or of a conditional jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An immediate, sign-extended to the width of the operation.
    Imm(i32),
    /// A register.
    Reg(Reg),
}

/// A binary ALU operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AluOp {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
    /// `/=`, unsigned; 0 when the divisor is 0.
    Div,
    /// `s/=`, signed, toward zero.
    Sdiv,
    /// `|=`
    Or,
    /// `&=`
    And,
    /// `<<=`; the count is taken modulo the width.
    Lsh,
    /// `>>=`, filling with zeroes.
    Rsh,
    /// `%=`, unsigned; the dividend when the divisor is 0.
    Mod,
    /// `s%=`, signed; the sign of the dividend.
    Smod,
    /// `^=`
    Xor,
    /// `=`
    Mov,
    /// `s>>=`, filling with the sign.
    Arsh,
}

/// Byte order conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// `le16` …: truncates on a little-endian machine.
    Le,
    /// `be16` …: swaps on a little-endian machine.
    Be,
    /// `bswap16` …: always swaps.
    Swap,
}

/// Width of a byte order conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SwapBits {
    /// 16 bits.
    B16,
    /// 32 bits.
    B32,
    /// 64 bits.
    B64,
}

impl SwapBits {
    /// The number: 16, 32 or 64.
    #[must_use]
    pub const fn bits(self) -> i32 {
        match self {
            Self::B16 => 16,
            Self::B32 => 32,
            Self::B64 => 64,
        }
    }
}

/// Condition of a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// `==`
    Eq,
    /// `>`, unsigned.
    Gt,
    /// `>=`, unsigned.
    Ge,
    /// `&`: some bit is set in both.
    Set,
    /// `!=`
    Ne,
    /// `s>`
    Sgt,
    /// `s>=`
    Sge,
    /// `<`, unsigned.
    Lt,
    /// `<=`, unsigned.
    Le,
    /// `s<`
    Slt,
    /// `s<=`
    Sle,
}

/// Read-modify-write operation on memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtomicOp {
    /// `+=`
    Add,
    /// `|=`
    Or,
    /// `&=`
    And,
    /// `^=`
    Xor,
    /// `+=`, the old value returned.
    FetchAdd,
    /// `|=`, the old value returned.
    FetchOr,
    /// `&=`, the old value returned.
    FetchAnd,
    /// `^=`, the old value returned.
    FetchXor,
    /// Exchange, the old value returned.
    Xchg,
    /// Compare with R0 and exchange; the old value goes to R0.
    Cmpxchg,
}

/// A memory operand: `base + off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mem {
    /// The register that holds the address.
    pub base: Reg,
    /// Signed bytes added to it.
    pub off: i16,
}

/// One instruction, decoded; `ld_imm64` is one although it takes two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are the operands; each variant says what they do")]
pub enum Op {
    /// `dst op= src`
    Alu { width: Width, op: AluOp, dst: Reg, src: Source },
    /// `dst = -dst`
    Neg { width: Width, dst: Reg },
    /// `dst = (sN)src`: a move that sign-extends from `from`.
    MovSx { width: Width, from: Size, dst: Reg, src: Reg },
    /// `dst = addr_space_cast(src, dst_as, src_as)`; the kernel knows address spaces 0 (kernel) and 1 (arena).
    AddrSpaceCast { dst: Reg, src: Reg, dst_as: u16, src_as: u16 },
    /// `dst = order(dst)`
    End { order: ByteOrder, bits: SwapBits, dst: Reg },
    /// `dst = 64 bits`, in two slots.
    LdImm64 { dst: Reg, value: Imm64 },
    /// `dst = *(size *)(mem)`, sign-extended when `signed`.
    Load { size: Size, signed: bool, dst: Reg, mem: Mem },
    /// `dst = load_acquire((size *)(mem))`
    LoadAcquire { size: Size, dst: Reg, mem: Mem },
    /// `*(size *)(mem) = src`
    Store { size: Size, mem: Mem, src: Source },
    /// `store_release((size *)(mem), src)`
    StoreRelease { size: Size, mem: Mem, src: Reg },
    /// An atomic read-modify-write of 32 or 64 bits.
    Atomic { width: Width, op: AtomicOp, mem: Mem, src: Reg },
    /// `r0 = *(size *)skb[imm]`: legacy packet load, big-endian, clobbers R1 to R5.
    LdAbs { size: Size, imm: i32 },
    /// `r0 = *(size *)skb[src + imm]`
    LdInd { size: Size, src: Reg, imm: i32 },
    /// `goto`, relative to the next slot.
    Goto { off: i16 },
    /// `gotol`: the same with 32 bits of reach.
    GotoLong { off: i32 },
    /// `if dst cond src goto`
    Branch { width: Width, cond: Cond, dst: Reg, src: Source, off: i16 },
    /// `may_goto`: jumps once its hidden count is used up.
    MayGoto { off: i16 },
    /// `call helper#id`
    CallHelper { id: i32 },
    /// `call pc+off`: a subprogram, relative to the next slot.
    CallSubprog { off: i32 },
    /// A kernel function by BTF id; `fd_idx` picks the module's BTF, 0 for vmlinux.
    CallKfunc { btf_id: i32, fd_idx: i16 },
    /// `callx dst`: an indirect call, which Linux refuses.
    CallReg { dst: Reg },
    /// `exit`
    Exit,
}

impl Op {
    /// Slots that the encoding takes: 2 for `ld_imm64`, else 1.
    #[must_use]
    pub const fn slots(&self) -> usize {
        match self {
            Self::LdImm64 { .. } => 2,
            _ => 1,
        }
    }

    /// The jump distance from the slot after this one, for jumps within a subprogram.
    ///
    /// Returns `None` for calls, `exit` and everything that falls through.
    #[must_use]
    pub fn jump_offset(&self) -> Option<i32> {
        match *self {
            Self::Goto { off } | Self::Branch { off, .. } | Self::MayGoto { off } => {
                Some(i32::from(off))
            }
            Self::GotoLong { off } => Some(off),
            _ => None,
        }
    }

    /// Tells whether control never reaches the insn after this one.
    #[must_use]
    pub const fn ends_block(&self) -> bool {
        matches!(self, Self::Goto { .. } | Self::GotoLong { .. } | Self::Exit)
    }
}
