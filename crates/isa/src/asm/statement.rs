//! One line of assembly to one instruction.

use super::error::AsmErrorKind;
use super::operand::{Cursor, Target};
use super::token::tokens;
use crate::{AluOp, AtomicOp, ByteOrder, Cond, Imm64, Op, Reg, Size, Source, SwapBits, Width};

type Parsed<T> = Result<T, AsmErrorKind>;

/// An instruction, and the label that it goes to.
pub(super) struct Statement {
    pub(super) op: Op,
    pub(super) target: Option<String>,
}

impl Statement {
    /// Reads one line, without label and comment.
    pub(super) fn parse(line: &str) -> Parsed<Self> {
        let mut cursor = Cursor::new(tokens(line)?);
        let mut target = None;
        let op = statement(&mut cursor, &mut target)?;
        cursor.end()?;
        Ok(Self { op, target })
    }
}

fn statement(c: &mut Cursor<'_>, label: &mut Option<String>) -> Parsed<Op> {
    match c.peek_word() {
        Some("exit") => {
            c.skip();
            return Ok(Op::Exit);
        }
        Some("goto") => {
            c.skip();
            return Ok(Op::Goto { off: short_target(c, label)? });
        }
        Some("may_goto") => {
            c.skip();
            return Ok(Op::MayGoto { off: short_target(c, label)? });
        }
        Some("gotol") => {
            c.skip();
            return Ok(Op::GotoLong { off: long_target(c, label)? });
        }
        Some("if") => return branch(c, label),
        Some("call") => return call(c, label),
        Some("callx") => {
            c.skip();
            return Ok(Op::CallReg { dst: c.reg()? });
        }
        Some("lock") => return lock(c),
        Some("store_release") => {
            c.skip();
            c.expect("(")?;
            let (size, mem) = (c.unsigned_type()?, c.mem()?);
            c.expect(",")?;
            let src = c.reg()?;
            c.expect(")")?;
            return Ok(Op::StoreRelease { size, mem, src });
        }
        _ => {}
    }
    if c.accept("*") {
        let (size, mem) = (c.unsigned_type()?, c.mem()?);
        c.expect("=")?;
        let src = if c.at_reg() {
            Source::Reg(c.reg()?)
        } else {
            Source::Imm(c.number()?.imm(size != Size::DW)?)
        };
        return Ok(Op::Store { size, mem, src });
    }
    if !c.at_reg() {
        return c.expected("an instruction");
    }
    let (width, dst) = c.any_reg()?;
    if c.accept("=") {
        return assignment(c, width, dst, label);
    }
    let op = match c.punct("an operator")? {
        "+=" => AluOp::Add,
        "-=" => AluOp::Sub,
        "*=" => AluOp::Mul,
        "/=" => AluOp::Div,
        "s/=" => AluOp::Sdiv,
        "|=" => AluOp::Or,
        "&=" => AluOp::And,
        "<<=" => AluOp::Lsh,
        ">>=" => AluOp::Rsh,
        "%=" => AluOp::Mod,
        "s%=" => AluOp::Smod,
        "^=" => AluOp::Xor,
        "s>>=" => AluOp::Arsh,
        _ => return c.expected("an operand after an ALU operator"),
    };
    Ok(Op::Alu { width, op, dst, src: source(c, width, width == Width::W32)? })
}

fn source(c: &mut Cursor<'_>, width: Width, bits: bool) -> Parsed<Source> {
    if c.at_reg() {
        Ok(Source::Reg(c.reg_of(width)?))
    } else {
        Ok(Source::Imm(c.number()?.imm(bits)?))
    }
}

/// What follows `reg =`.
fn assignment(
    c: &mut Cursor<'_>,
    width: Width,
    dst: Reg,
    label: &mut Option<String>,
) -> Parsed<Op> {
    if c.at_reg() {
        let src = Source::Reg(c.reg_of(width)?);
        return Ok(Op::Alu { width, op: AluOp::Mov, dst, src });
    }
    if c.accept("(") {
        let from = match c.peek_word() {
            Some("s8") => Size::B,
            Some("s16") => Size::H,
            Some("s32") if width == Width::W64 => Size::W,
            _ => return c.expected("a narrower signed type"),
        };
        c.skip();
        c.expect(")")?;
        return Ok(Op::MovSx { width, from, dst, src: c.reg_of(width)? });
    }
    if width == Width::W64
        && let Some(op) = whole_register(c, dst, label)?
    {
        return Ok(op);
    }
    if c.accept("-") {
        if c.at_reg() {
            let src = c.reg_of(width)?;
            return same(src, dst, Op::Neg { width, dst });
        }
        let number = c.number()?;
        let number = super::operand::Number { value: -number.value, hex: number.hex };
        return constant(c, width, dst, number);
    }
    let number = c.number()?;
    constant(c, width, dst, number)
}

/// `r1 = 5` moves 32 bits, `r1 = 0x5` and `r1 = 5 ll` load 64.
fn constant(
    c: &mut Cursor<'_>,
    width: Width,
    dst: Reg,
    number: super::operand::Number,
) -> Parsed<Op> {
    if width == Width::W64 && (c.accept_word("ll") || number.hex) {
        return Ok(Op::LdImm64 { dst, value: Imm64::Value(number.wide()?) });
    }
    Ok(Op::Alu { width, op: AluOp::Mov, dst, src: Source::Imm(number.imm(true)?) })
}

/// Refuses `r1 = -r2` and the like: these work on one register.
fn same(src: Reg, dst: Reg, op: Op) -> Parsed<Op> {
    if src == dst { Ok(op) } else { Err(AsmErrorKind::BadRegister(format!("r{}", src.0))) }
}

/// What only a 64-bit register can be given: loads, casts, byte swaps, addresses.
fn whole_register(c: &mut Cursor<'_>, dst: Reg, label: &mut Option<String>) -> Parsed<Option<Op>> {
    if c.accept("*") {
        let (size, signed) = c.access_type()?;
        if c.accept_word("skb") {
            if signed || size == Size::DW {
                return c.expected("u8, u16 or u32 for a packet load");
            }
            return same(Reg::R0, dst, packet(c, size)?).map(Some);
        }
        return Ok(Some(Op::Load { size, signed, dst, mem: c.mem()? }));
    }
    let Some(word) = c.peek_word() else {
        return Ok(None);
    };
    c.skip();
    Ok(Some(match word {
        "load_acquire" => {
            c.expect("(")?;
            let (size, mem) = (c.unsigned_type()?, c.mem()?);
            c.expect(")")?;
            Op::LoadAcquire { size, dst, mem }
        }
        "addr_space_cast" => {
            c.expect("(")?;
            let src = c.reg()?;
            c.expect(",")?;
            let dst_as = c.number()?.narrow()?;
            c.expect(",")?;
            let src_as = c.number()?.narrow()?;
            c.expect(")")?;
            Op::AddrSpaceCast { dst, src, dst_as, src_as }
        }
        "map" | "subprog" | "btf" => Op::LdImm64 { dst, value: address(c, word, label)? },
        _ if word.starts_with("atomic") => fetch(c, word, dst)?,
        _ => {
            let (order, bits) = if let Some(bits) = word.strip_prefix("bswap") {
                (ByteOrder::Swap, bits)
            } else if let Some(bits) = word.strip_prefix("le") {
                (ByteOrder::Le, bits)
            } else if let Some(bits) = word.strip_prefix("be") {
                (ByteOrder::Be, bits)
            } else {
                return c.expected("a value after an unknown word");
            };
            let bits = match bits {
                "16" => SwapBits::B16,
                "32" => SwapBits::B32,
                "64" => SwapBits::B64,
                _ => return c.expected("16, 32 or 64 bits"),
            };
            let src = c.reg()?;
            return same(src, dst, Op::End { order, bits, dst }).map(Some);
        }
    }))
}

/// `map[fd:1]`, `map[idx:1][0]+8`, `subprog[+3]`, `subprog[label]`, `btf[fd:0][id:7]`.
fn address(c: &mut Cursor<'_>, word: &str, label: &mut Option<String>) -> Parsed<Imm64> {
    c.expect("[")?;
    if word == "subprog" {
        let value = match c.peek_word() {
            Some(_) => long_target(c, label)?,
            None => c.number()?.narrow()?,
        };
        c.expect("]")?;
        return Ok(Imm64::Func(value));
    }
    let by_fd = c.accept_word("fd");
    if !by_fd {
        c.expect_word("idx")?;
    }
    c.expect(":")?;
    let map = c.number()?.narrow()?;
    c.expect("]")?;
    if word == "btf" {
        c.expect("[")?;
        c.expect_word("id")?;
        c.expect(":")?;
        let id = c.number()?.narrow()?;
        c.expect("]")?;
        return Ok(Imm64::BtfId { id, fd: map });
    }
    if !c.accept("[") {
        return Ok(if by_fd { Imm64::MapFd(map) } else { Imm64::MapIdx(map) });
    }
    if c.number()?.value != 0 {
        return c.expected("element 0: only a map's first value has an address");
    }
    c.expect("]")?;
    let off = c.number()?.narrow()?;
    Ok(if by_fd { Imm64::MapValue { fd: map, off } } else { Imm64::MapIdxValue { idx: map, off } })
}

/// `skb[8]` and `skb[r1 + 8]`, after `skb`.
fn packet(c: &mut Cursor<'_>, size: Size) -> Parsed<Op> {
    c.expect("[")?;
    let op = if c.at_reg() {
        let src = c.reg()?;
        // The kernel prints `+ -4` for a negative offset.
        c.expect("+")?;
        Op::LdInd { size, src, imm: c.number()?.imm(false)? }
    } else {
        Op::LdAbs { size, imm: c.number()?.imm(false)? }
    };
    c.expect("]")?;
    Ok(op)
}

/// `lock *(u64 *)(r1 +0) += r2`
fn lock(c: &mut Cursor<'_>) -> Parsed<Op> {
    c.skip();
    c.expect("*")?;
    let (width, mem) = (atomic_width(c)?, c.mem()?);
    let op = match c.punct("an atomic operator")? {
        "+=" => AtomicOp::Add,
        "|=" => AtomicOp::Or,
        "&=" => AtomicOp::And,
        "^=" => AtomicOp::Xor,
        _ => return c.expected("a register after +=, |=, &= or ^="),
    };
    Ok(Op::Atomic { width, op, mem, src: c.reg()? })
}

fn atomic_width(c: &mut Cursor<'_>) -> Parsed<Width> {
    match c.unsigned_type()? {
        Size::W => Ok(Width::W32),
        Size::DW => Ok(Width::W64),
        _ => c.expected("u32 or u64 for an atomic operation"),
    }
}

/// `atomic64_fetch_add((u64 *)(r1 +0), r2)` and the like, after the name.
fn fetch(c: &mut Cursor<'_>, word: &str, dst: Reg) -> Parsed<Op> {
    let rest = word.trim_start_matches("atomic");
    let (named, rest) = match rest.strip_prefix("64") {
        Some(rest) => (Width::W64, rest),
        None => (Width::W32, rest),
    };
    let op = match rest {
        "_fetch_add" => AtomicOp::FetchAdd,
        "_fetch_or" => AtomicOp::FetchOr,
        "_fetch_and" => AtomicOp::FetchAnd,
        "_fetch_xor" => AtomicOp::FetchXor,
        "_xchg" => AtomicOp::Xchg,
        "_cmpxchg" => AtomicOp::Cmpxchg,
        _ => return c.expected("an atomic operation"),
    };
    c.expect("(")?;
    let width = atomic_width(c)?;
    if width != named {
        return c.expected("the access width that the name says");
    }
    let mem = c.mem()?;
    c.expect(",")?;
    if op == AtomicOp::Cmpxchg {
        let compared = c.reg()?;
        same(compared, Reg::R0, Op::Exit)?;
        c.expect(",")?;
    }
    let src = c.reg()?;
    c.expect(")")?;
    let result = if op == AtomicOp::Cmpxchg { Reg::R0 } else { src };
    same(result, dst, Op::Atomic { width, op, mem, src })
}

fn branch(c: &mut Cursor<'_>, label: &mut Option<String>) -> Parsed<Op> {
    c.skip();
    let (width, dst) = c.any_reg()?;
    let cond = match c.punct("a relation")? {
        "==" => Cond::Eq,
        ">" => Cond::Gt,
        ">=" => Cond::Ge,
        "&" => Cond::Set,
        "!=" => Cond::Ne,
        "s>" => Cond::Sgt,
        "s>=" => Cond::Sge,
        "<" => Cond::Lt,
        "<=" => Cond::Le,
        "s<" => Cond::Slt,
        "s<=" => Cond::Sle,
        _ => return c.expected("an operand after a relation"),
    };
    let src = source(c, width, true)?;
    c.expect_word("goto")?;
    Ok(Op::Branch { width, cond, dst, src, off: short_target(c, label)? })
}

fn call(c: &mut Cursor<'_>, label: &mut Option<String>) -> Parsed<Op> {
    c.skip();
    let Some(word) = c.peek_word() else {
        return Ok(Op::CallHelper { id: c.number()?.narrow()? });
    };
    if word == "pc" {
        return Ok(Op::CallSubprog { off: long_target(c, label)? });
    }
    c.skip();
    if word == "kernel" && c.accept("-") {
        c.expect_word("function")?;
        c.expect("#")?;
        return Ok(Op::CallKfunc { btf_id: c.number()?.narrow()?, fd_idx: 0 });
    }
    if c.accept("#") {
        return Ok(Op::CallHelper { id: c.number()?.narrow()? });
    }
    *label = Some(word.to_owned());
    Ok(Op::CallSubprog { off: 0 })
}

fn short_target(c: &mut Cursor<'_>, label: &mut Option<String>) -> Parsed<i16> {
    let off = long_target(c, label)?;
    i16::try_from(off).map_err(|_| AsmErrorKind::BadNumber(off.to_string()))
}

fn long_target(c: &mut Cursor<'_>, label: &mut Option<String>) -> Parsed<i32> {
    match c.target()? {
        Target::Relative(off) => {
            i32::try_from(off).map_err(|_| AsmErrorKind::BadNumber(off.to_string()))
        }
        Target::Label(name) => {
            *label = Some(name);
            Ok(0)
        }
    }
}
