//! Typed instructions to slots: the inverse of decoding.

use crate::{
    AluOp, AtomicOp, ByteOrder, Cond, Insn, Op, Reg, Size, Source, SwapBits, Width, opcode as op,
};

/// The one or two slots of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slots {
    /// The first slot.
    pub first: Insn,
    /// The second slot of `ld_imm64`.
    pub second: Option<Insn>,
}

impl Slots {
    /// The slots in program order.
    pub fn iter(&self) -> impl Iterator<Item = Insn> + use<> {
        core::iter::once(self.first).chain(self.second)
    }
}

impl AtomicOp {
    const ALL: [(Self, i32); 10] = [
        (Self::Add, op::ADD as i32),
        (Self::Or, op::OR as i32),
        (Self::And, op::AND as i32),
        (Self::Xor, op::XOR as i32),
        (Self::FetchAdd, op::ADD as i32 | op::FETCH),
        (Self::FetchOr, op::OR as i32 | op::FETCH),
        (Self::FetchAnd, op::AND as i32 | op::FETCH),
        (Self::FetchXor, op::XOR as i32 | op::FETCH),
        (Self::Xchg, op::XCHG),
        (Self::Cmpxchg, op::CMPXCHG),
    ];

    /// The operation that an immediate selects, or `None` for one that no kernel knows.
    #[must_use]
    pub fn from_imm(imm: i32) -> Option<Self> {
        Self::ALL.iter().find(|(_, code)| *code == imm).map(|(op, _)| *op)
    }

    /// The immediate that selects the operation.
    #[must_use]
    pub const fn imm(self) -> i32 {
        let mut at = 0;
        while at < Self::ALL.len() {
            if Self::ALL[at].0 as u8 == self as u8 {
                return Self::ALL[at].1;
            }
            at += 1;
        }
        0
    }
}

const fn size_bits(size: Size) -> u8 {
    match size {
        Size::B => op::B,
        Size::H => op::H,
        Size::W => op::W,
        Size::DW => op::DW,
    }
}

/// Operation bits and the offset that tells signed division from unsigned.
const fn alu_bits(alu: AluOp) -> (u8, i16) {
    match alu {
        AluOp::Add => (op::ADD, 0),
        AluOp::Sub => (op::SUB, 0),
        AluOp::Mul => (op::MUL, 0),
        AluOp::Div => (op::DIV, 0),
        AluOp::Sdiv => (op::DIV, 1),
        AluOp::Or => (op::OR, 0),
        AluOp::And => (op::AND, 0),
        AluOp::Lsh => (op::LSH, 0),
        AluOp::Rsh => (op::RSH, 0),
        AluOp::Mod => (op::MOD, 0),
        AluOp::Smod => (op::MOD, 1),
        AluOp::Xor => (op::XOR, 0),
        AluOp::Mov => (op::MOV, 0),
        AluOp::Arsh => (op::ARSH, 0),
    }
}

const fn cond_bits(cond: Cond) -> u8 {
    match cond {
        Cond::Eq => op::JEQ,
        Cond::Gt => op::JGT,
        Cond::Ge => op::JGE,
        Cond::Set => op::JSET,
        Cond::Ne => op::JNE,
        Cond::Sgt => op::JSGT,
        Cond::Sge => op::JSGE,
        Cond::Lt => op::JLT,
        Cond::Le => op::JLE,
        Cond::Slt => op::JSLT,
        Cond::Sle => op::JSLE,
    }
}

const fn alu_class(width: Width) -> u8 {
    match width {
        Width::W32 => op::ALU,
        Width::W64 => op::ALU64,
    }
}

const fn jmp_class(width: Width) -> u8 {
    match width {
        Width::W32 => op::JMP32,
        Width::W64 => op::JMP,
    }
}

/// Source bit, source register and immediate of a second operand.
const fn source(src: Source) -> (u8, Reg, i32) {
    match src {
        Source::Imm(imm) => (op::K, Reg::R0, imm),
        Source::Reg(reg) => (op::X, reg, 0),
    }
}

impl Op {
    /// Encodes the instruction.
    #[must_use]
    pub fn encode(&self) -> Slots {
        let second = match *self {
            Self::LdImm64 { value, .. } => Some(Insn { imm: value.encode().2, ..Insn::default() }),
            _ => None,
        };
        Slots { first: self.first_slot(), second }
    }

    fn first_slot(&self) -> Insn {
        match *self {
            Self::Alu { .. }
            | Self::Neg { .. }
            | Self::MovSx { .. }
            | Self::AddrSpaceCast { .. }
            | Self::End { .. } => self.alu_slot(),
            Self::LdImm64 { .. }
            | Self::Load { .. }
            | Self::LoadAcquire { .. }
            | Self::Store { .. }
            | Self::StoreRelease { .. }
            | Self::Atomic { .. }
            | Self::LdAbs { .. }
            | Self::LdInd { .. } => self.mem_slot(),
            _ => self.jmp_slot(),
        }
    }

    fn alu_slot(&self) -> Insn {
        let none = Insn::default();
        match *self {
            Self::Alu { width, op: alu, dst, src } => {
                let ((bits, off), (bit, src, imm)) = (alu_bits(alu), source(src));
                Insn { code: alu_class(width) | bits | bit, dst, src, off, imm }
            }
            Self::Neg { width, dst } => Insn { code: alu_class(width) | op::NEG, dst, ..none },
            Self::MovSx { width, from, dst, src } => {
                let (code, off) = (alu_class(width) | op::MOV | op::X, from.bytes() as i16 * 8);
                Insn { code, dst, src, off, imm: 0 }
            }
            Self::AddrSpaceCast { dst, src, dst_as, src_as } => {
                let imm = (u32::from(dst_as) << 16 | u32::from(src_as)) as i32;
                let code = op::ALU64 | op::MOV | op::X;
                Insn { code, dst, src, off: op::ADDR_SPACE_CAST, imm }
            }
            Self::End { order, bits, dst } => {
                let code = match order {
                    ByteOrder::Le => op::ALU | op::END | op::K,
                    ByteOrder::Be => op::ALU | op::END | op::X,
                    ByteOrder::Swap => op::ALU64 | op::END | op::K,
                };
                Insn { code, dst, imm: SwapBits::bits(bits), ..none }
            }
            _ => none,
        }
    }

    fn mem_slot(&self) -> Insn {
        let none = Insn::default();
        match *self {
            Self::LdImm64 { dst, value } => {
                let (src, imm, _) = value.encode();
                Insn { code: op::LD_IMM64, dst, src: Reg(src), off: 0, imm }
            }
            Self::Load { size, signed, dst, mem } => {
                let mode = if signed { op::MEMSX } else { op::MEM };
                let code = op::LDX | mode | size_bits(size);
                Insn { code, dst, src: mem.base, off: mem.off, imm: 0 }
            }
            Self::LoadAcquire { size, dst, mem } => {
                let code = op::STX | op::ATOMIC | size_bits(size);
                Insn { code, dst, src: mem.base, off: mem.off, imm: op::LOAD_ACQ }
            }
            Self::Store { size, mem, src } => {
                let class = if matches!(src, Source::Reg(_)) { op::STX } else { op::ST };
                let (_, src, imm) = source(src);
                let code = class | op::MEM | size_bits(size);
                Insn { code, dst: mem.base, src, off: mem.off, imm }
            }
            Self::StoreRelease { size, mem, src } => {
                let code = op::STX | op::ATOMIC | size_bits(size);
                Insn { code, dst: mem.base, src, off: mem.off, imm: op::STORE_REL }
            }
            Self::Atomic { width, op: atomic, mem, src } => {
                let size = if width == Width::W32 { op::W } else { op::DW };
                let code = op::STX | op::ATOMIC | size;
                Insn { code, dst: mem.base, src, off: mem.off, imm: atomic.imm() }
            }
            Self::LdAbs { size, imm } => {
                Insn { code: op::LD | op::ABS | size_bits(size), imm, ..none }
            }
            Self::LdInd { size, src, imm } => {
                Insn { code: op::LD | op::IND | size_bits(size), src, imm, ..none }
            }
            _ => none,
        }
    }

    fn jmp_slot(&self) -> Insn {
        let none = Insn::default();
        match *self {
            Self::Goto { off } => Insn { code: op::JMP | op::JA, off, ..none },
            Self::GotoLong { off } => Insn { code: op::JMP32 | op::JA, imm: off, ..none },
            Self::Branch { width, cond, dst, src, off } => {
                let (bit, src, imm) = source(src);
                Insn { code: jmp_class(width) | cond_bits(cond) | bit, dst, src, off, imm }
            }
            Self::MayGoto { off } => Insn { code: op::JMP | op::JCOND, off, ..none },
            Self::CallHelper { id } => Insn { code: op::JMP | op::CALL, imm: id, ..none },
            Self::CallSubprog { off } => {
                Insn { code: op::JMP | op::CALL, src: Reg(op::PSEUDO_CALL), imm: off, ..none }
            }
            Self::CallKfunc { btf_id, fd_idx } => {
                let src = Reg(op::PSEUDO_KFUNC_CALL);
                Insn { code: op::JMP | op::CALL, src, off: fd_idx, imm: btf_id, ..none }
            }
            Self::CallReg { dst } => Insn { code: op::JMP | op::CALL | op::X, dst, ..none },
            Self::Exit => Insn { code: op::JMP | op::EXIT, ..none },
            _ => none,
        }
    }
}
