//! Slots to typed instructions, with the refusals of `check_alu_op`, `do_check` and `resolve_pseudo_ldimm64`.
//!
//! Only what a single instruction shows is judged here. A shift that is too wide or a division by a zero immediate is
//! well-formed; the verifier refuses it, and the interpreter knows its result.

use crate::{
    AluOp, AtomicOp, ByteOrder, Cond, DecodeErrorKind, Field, Imm64, Insn, Mem, Op, Reg, Size,
    Source, SwapBits, Width, opcode as op,
};

type Decoded = Result<Op, DecodeErrorKind>;

impl Op {
    /// Decodes the instruction at `insn`; `next` is the slot after it, which only `ld_imm64` uses.
    ///
    /// # Errors
    /// What the kernel refuses about the encoding alone.
    pub fn decode(insn: Insn, next: Option<Insn>) -> Decoded {
        for reg in [insn.dst, insn.src] {
            // A pseudo tag in the source nibble never exceeds 10 in what the kernel knows.
            if reg > Reg::R10 {
                return Err(DecodeErrorKind::BadRegister(reg));
            }
        }
        match insn.code & op::CLASS_MASK {
            op::LD => ld(insn, next),
            op::LDX => ldx(insn),
            op::ST => st(insn),
            op::STX => stx(insn),
            op::ALU => alu(insn, Width::W32),
            op::ALU64 => alu(insn, Width::W64),
            op::JMP => jmp(insn),
            _ => jmp32(insn),
        }
    }
}

const fn unknown(insn: Insn) -> DecodeErrorKind {
    DecodeErrorKind::UnknownOpcode(insn.code)
}

/// Refuses any of `fields` that is not zero.
fn reserved(insn: Insn, fields: &[Field]) -> Result<(), DecodeErrorKind> {
    for &field in fields {
        let zero = match field {
            Field::Dst => insn.dst == Reg::R0,
            Field::Src => insn.src == Reg::R0,
            Field::Off => insn.off == 0,
            Field::Imm => insn.imm == 0,
        };
        if !zero {
            return Err(bad_field(insn, field));
        }
    }
    Ok(())
}

const fn bad_field(insn: Insn, field: Field) -> DecodeErrorKind {
    DecodeErrorKind::ReservedField { code: insn.code, field }
}

const fn size(insn: Insn) -> Size {
    match insn.code & op::SIZE_MASK {
        op::B => Size::B,
        op::H => Size::H,
        op::W => Size::W,
        _ => Size::DW,
    }
}

/// The second operand; the unused one of source register and immediate must be zero.
fn source(insn: Insn) -> Result<Source, DecodeErrorKind> {
    if insn.code & op::SRC_MASK == op::X {
        reserved(insn, &[Field::Imm])?;
        Ok(Source::Reg(insn.src))
    } else {
        reserved(insn, &[Field::Src])?;
        Ok(Source::Imm(insn.imm))
    }
}

fn ld(insn: Insn, next: Option<Insn>) -> Decoded {
    match insn.code & op::MODE_MASK {
        op::IMM if insn.code == op::LD_IMM64 => ld_imm64(insn, next),
        op::ABS if size(insn) != Size::DW => {
            reserved(insn, &[Field::Dst, Field::Off, Field::Src])?;
            Ok(Op::LdAbs { size: size(insn), imm: insn.imm })
        }
        op::IND if size(insn) != Size::DW => {
            reserved(insn, &[Field::Dst, Field::Off])?;
            Ok(Op::LdInd { size: size(insn), src: insn.src, imm: insn.imm })
        }
        _ => Err(unknown(insn)),
    }
}

fn ld_imm64(insn: Insn, next: Option<Insn>) -> Decoded {
    let next = next.ok_or(DecodeErrorKind::TruncatedLdImm64)?;
    if next != (Insn { imm: next.imm, ..Insn::default() }) {
        return Err(DecodeErrorKind::BadSecondSlot);
    }
    reserved(insn, &[Field::Off])?;
    let value = Imm64::decode(insn.src.0, insn.imm, next.imm)
        .ok_or(DecodeErrorKind::BadPseudo(insn.src.0))?;
    Ok(Op::LdImm64 { dst: insn.dst, value })
}

fn ldx(insn: Insn) -> Decoded {
    let signed = match insn.code & op::MODE_MASK {
        op::MEM => false,
        op::MEMSX if size(insn) != Size::DW => true,
        _ => return Err(unknown(insn)),
    };
    reserved(insn, &[Field::Imm])?;
    let mem = Mem { base: insn.src, off: insn.off };
    Ok(Op::Load { size: size(insn), signed, dst: insn.dst, mem })
}

fn st(insn: Insn) -> Decoded {
    if insn.code & op::MODE_MASK != op::MEM {
        return Err(unknown(insn));
    }
    reserved(insn, &[Field::Src])?;
    let mem = Mem { base: insn.dst, off: insn.off };
    Ok(Op::Store { size: size(insn), mem, src: Source::Imm(insn.imm) })
}

fn stx(insn: Insn) -> Decoded {
    let mem = Mem { base: insn.dst, off: insn.off };
    match insn.code & op::MODE_MASK {
        op::MEM => {
            reserved(insn, &[Field::Imm])?;
            Ok(Op::Store { size: size(insn), mem, src: Source::Reg(insn.src) })
        }
        op::ATOMIC => atomic(insn, mem),
        _ => Err(unknown(insn)),
    }
}

fn atomic(insn: Insn, mem: Mem) -> Decoded {
    match insn.imm {
        op::LOAD_ACQ => {
            let mem = Mem { base: insn.src, off: insn.off };
            return Ok(Op::LoadAcquire { size: size(insn), dst: insn.dst, mem });
        }
        op::STORE_REL => {
            return Ok(Op::StoreRelease { size: size(insn), mem, src: insn.src });
        }
        _ => {}
    }
    let width = match size(insn) {
        Size::W => Width::W32,
        Size::DW => Width::W64,
        Size::B | Size::H => return Err(bad_field(insn, Field::Imm)),
    };
    let op = AtomicOp::from_imm(insn.imm).ok_or(bad_field(insn, Field::Imm))?;
    Ok(Op::Atomic { width, op, mem, src: insn.src })
}

fn alu(insn: Insn, width: Width) -> Decoded {
    let off = insn.off;
    let op = match insn.code & op::OP_MASK {
        op::END => return end(insn, width),
        op::NEG => {
            if insn.code & op::SRC_MASK != op::K {
                return Err(unknown(insn));
            }
            reserved(insn, &[Field::Src, Field::Off, Field::Imm])?;
            return Ok(Op::Neg { width, dst: insn.dst });
        }
        op::MOV if insn.code & op::SRC_MASK == op::X && off != 0 => return mov_off(insn, width),
        op::DIV if off == 1 => AluOp::Sdiv,
        op::MOD if off == 1 => AluOp::Smod,
        code => {
            reserved(insn, &[Field::Off])?;
            alu_op(code).ok_or(unknown(insn))?
        }
    };
    Ok(Op::Alu { width, op, dst: insn.dst, src: source(insn)? })
}

const fn alu_op(code: u8) -> Option<AluOp> {
    Some(match code {
        op::ADD => AluOp::Add,
        op::SUB => AluOp::Sub,
        op::MUL => AluOp::Mul,
        op::DIV => AluOp::Div,
        op::OR => AluOp::Or,
        op::AND => AluOp::And,
        op::LSH => AluOp::Lsh,
        op::RSH => AluOp::Rsh,
        op::MOD => AluOp::Mod,
        op::XOR => AluOp::Xor,
        op::MOV => AluOp::Mov,
        op::ARSH => AluOp::Arsh,
        _ => return None,
    })
}

/// A register move whose offset makes it a sign extension or an address space cast.
fn mov_off(insn: Insn, width: Width) -> Decoded {
    let (dst, src) = (insn.dst, insn.src);
    if width == Width::W64 && insn.off == op::ADDR_SPACE_CAST {
        // The kernel knows one other address space, so exactly one of the two is 1.
        if insn.imm != 1 && insn.imm != 1 << 16 {
            return Err(bad_field(insn, Field::Imm));
        }
        let (dst_as, src_as) = ((insn.imm as u32 >> 16) as u16, insn.imm as u16);
        return Ok(Op::AddrSpaceCast { dst, src, dst_as, src_as });
    }
    let from = match (insn.off, width) {
        (8, _) => Size::B,
        (16, _) => Size::H,
        (32, Width::W64) => Size::W,
        _ => return Err(bad_field(insn, Field::Off)),
    };
    reserved(insn, &[Field::Imm])?;
    Ok(Op::MovSx { width, from, dst, src })
}

fn end(insn: Insn, width: Width) -> Decoded {
    let order = match (width, insn.code & op::SRC_MASK) {
        (Width::W32, op::K) => ByteOrder::Le,
        (Width::W32, _) => ByteOrder::Be,
        (Width::W64, op::K) => ByteOrder::Swap,
        (Width::W64, _) => return Err(unknown(insn)),
    };
    reserved(insn, &[Field::Src, Field::Off])?;
    let bits = match insn.imm {
        16 => SwapBits::B16,
        32 => SwapBits::B32,
        64 => SwapBits::B64,
        _ => return Err(bad_field(insn, Field::Imm)),
    };
    Ok(Op::End { order, bits, dst: insn.dst })
}

fn jmp(insn: Insn) -> Decoded {
    match insn.code {
        code if code == op::JMP | op::JA => {
            reserved(insn, &[Field::Dst, Field::Src, Field::Imm])?;
            Ok(Op::Goto { off: insn.off })
        }
        code if code == op::JMP | op::CALL => call(insn),
        code if code == op::JMP | op::CALL | op::X => {
            reserved(insn, &[Field::Src, Field::Off, Field::Imm])?;
            Ok(Op::CallReg { dst: insn.dst })
        }
        code if code == op::JMP | op::EXIT => {
            // Linux does not look at the offset.
            reserved(insn, &[Field::Dst, Field::Src, Field::Imm])?;
            Ok(Op::Exit)
        }
        code if code == op::JMP | op::JCOND => {
            // The source register tells kinds of JCOND apart; 0 is may_goto, the only one.
            reserved(insn, &[Field::Dst, Field::Src, Field::Imm])?;
            Ok(Op::MayGoto { off: insn.off })
        }
        _ => branch(insn, Width::W64),
    }
}

fn call(insn: Insn) -> Decoded {
    reserved(insn, &[Field::Dst])?;
    match insn.src.0 {
        0 => {
            reserved(insn, &[Field::Off])?;
            Ok(Op::CallHelper { id: insn.imm })
        }
        op::PSEUDO_CALL => {
            reserved(insn, &[Field::Off])?;
            Ok(Op::CallSubprog { off: insn.imm })
        }
        op::PSEUDO_KFUNC_CALL => Ok(Op::CallKfunc { btf_id: insn.imm, fd_idx: insn.off }),
        _ => Err(bad_field(insn, Field::Src)),
    }
}

fn jmp32(insn: Insn) -> Decoded {
    if insn.code == op::JMP32 | op::JA {
        reserved(insn, &[Field::Dst, Field::Src, Field::Off])?;
        return Ok(Op::GotoLong { off: insn.imm });
    }
    branch(insn, Width::W32)
}

fn branch(insn: Insn, width: Width) -> Decoded {
    let cond = match insn.code & op::OP_MASK {
        op::JEQ => Cond::Eq,
        op::JGT => Cond::Gt,
        op::JGE => Cond::Ge,
        op::JSET => Cond::Set,
        op::JNE => Cond::Ne,
        op::JSGT => Cond::Sgt,
        op::JSGE => Cond::Sge,
        op::JLT => Cond::Lt,
        op::JLE => Cond::Le,
        op::JSLT => Cond::Slt,
        op::JSLE => Cond::Sle,
        _ => return Err(unknown(insn)),
    };
    Ok(Op::Branch { width, cond, dst: insn.dst, src: source(insn)?, off: insn.off })
}
