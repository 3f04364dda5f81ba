//! Text of instructions, spelled as `kernel/bpf/disasm.c` prints them into the verifier's log.
//!
//! Where the kernel prints an address that only it knows (maps, subprograms, kernel variables), bpftool's spelling is
//! used, so that the assembler can read the text back.

use core::fmt::{self, Display as _};

use crate::{
    AluOp, AtomicOp, ByteOrder, Cond, Imm64, Insn, InsnIdx, Op, Size, Source, SwapBits, Width,
    decode_at,
};

/// Gives names to numbers; every method may decline.
pub trait Names {
    /// The name of a helper, such as `bpf_map_lookup_elem`.
    fn helper(&self, id: i32) -> Option<&str> {
        let _ = id;
        None
    }

    /// The name of a kernel function, such as `bpf_cpumask_create`.
    fn kfunc(&self, btf_id: i32, fd_idx: i16) -> Option<&str> {
        let _ = (btf_id, fd_idx);
        None
    }

    /// The whole operand of a `ld_imm64`.
    fn imm64(&self, value: Imm64) -> Option<String> {
        let _ = value;
        None
    }
}

/// No names at all: helpers print as `unknown#1`, as the kernel prints a helper that it does not know.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {}

/// An instruction together with the names that its text uses.
#[derive(Clone, Copy)]
pub struct Disasm<'a> {
    op: Op,
    names: &'a dyn Names,
}

impl Op {
    /// The instruction's text, without the opcode that the kernel's log puts before it.
    #[must_use]
    pub fn display<'a>(&self, names: &'a dyn Names) -> Disasm<'a> {
        Disasm { op: *self, names }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(&NoNames).fmt(f)
    }
}

/// The text of the instruction at `idx`; a slot that is none prints as `BUG_` and its opcode, as in the kernel.
#[must_use]
pub fn disasm_at(insns: &[Insn], idx: InsnIdx, names: &dyn Names) -> String {
    match (decode_at(insns, idx), insns.get(idx.at())) {
        (Ok(op), _) => op.display(names).to_string(),
        (Err(_), Some(insn)) => format!("BUG_{:02x}", insn.code),
        (Err(_), None) => "BUG_past_end".to_owned(),
    }
}

impl Size {
    /// The kernel's type name: `u8` to `u64`, or `s8` to `s64`.
    #[must_use]
    pub const fn type_name(self, signed: bool) -> &'static str {
        match (self, signed) {
            (Self::B, false) => "u8",
            (Self::H, false) => "u16",
            (Self::W, false) => "u32",
            (Self::DW, false) => "u64",
            (Self::B, true) => "s8",
            (Self::H, true) => "s16",
            (Self::W, true) => "s32",
            (Self::DW, true) => "s64",
        }
    }
}

impl AluOp {
    /// The operator with its equals sign.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+=",
            Self::Sub => "-=",
            Self::Mul => "*=",
            Self::Div => "/=",
            Self::Sdiv => "s/=",
            Self::Or => "|=",
            Self::And => "&=",
            Self::Lsh => "<<=",
            Self::Rsh => ">>=",
            Self::Mod => "%=",
            Self::Smod => "s%=",
            Self::Xor => "^=",
            Self::Mov => "=",
            Self::Arsh => "s>>=",
        }
    }
}

impl Cond {
    /// The relation.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Set => "&",
            Self::Ne => "!=",
            Self::Sgt => "s>",
            Self::Sge => "s>=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Slt => "s<",
            Self::Sle => "s<=",
        }
    }
}

impl Width {
    /// The letter that a register of this width starts with.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::W32 => 'w',
            Self::W64 => 'r',
        }
    }

    const fn atomic_suffix(self) -> &'static str {
        match self {
            Self::W32 => "",
            Self::W64 => "64",
        }
    }

    const fn size(self) -> Size {
        match self {
            Self::W32 => Size::W,
            Self::W64 => Size::DW,
        }
    }
}

impl fmt::Display for Disasm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Op::Alu { .. }
            | Op::Neg { .. }
            | Op::MovSx { .. }
            | Op::AddrSpaceCast { .. }
            | Op::End { .. } => alu(f, &self.op),
            Op::LdImm64 { dst, value } => {
                write!(f, "r{} = ", dst.0)?;
                match self.names.imm64(value) {
                    Some(name) => f.write_str(&name),
                    None => value.fmt(f),
                }
            }
            Op::Load { .. }
            | Op::LoadAcquire { .. }
            | Op::Store { .. }
            | Op::StoreRelease { .. }
            | Op::LdAbs { .. }
            | Op::LdInd { .. } => memory(f, &self.op),
            Op::Atomic { .. } => atomic(f, &self.op),
            Op::CallHelper { id } => {
                write!(f, "call {}#{id}", self.names.helper(id).unwrap_or("unknown"))
            }
            Op::CallKfunc { btf_id, fd_idx } => {
                let name = self.names.kfunc(btf_id, fd_idx).unwrap_or("kernel-function");
                write!(f, "call {name}#{btf_id}")
            }
            _ => jump(f, &self.op),
        }
    }
}

fn alu(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match *op {
        Op::Alu { width, op, dst, src } => {
            let r = width.letter();
            write!(f, "{r}{} {} ", dst.0, op.symbol())?;
            match src {
                Source::Imm(imm) => imm.fmt(f),
                Source::Reg(src) => write!(f, "{r}{}", src.0),
            }
        }
        Op::Neg { width, dst } => {
            let r = width.letter();
            write!(f, "{r}{} = -{r}{}", dst.0, dst.0)
        }
        Op::MovSx { width, from, dst, src } => {
            let r = width.letter();
            write!(f, "{r}{} = ({}){r}{}", dst.0, from.type_name(true), src.0)
        }
        Op::AddrSpaceCast { dst, src, dst_as, src_as } => {
            write!(f, "r{} = addr_space_cast(r{}, {dst_as}, {src_as})", dst.0, src.0)
        }
        Op::End { order, bits, dst } => {
            let name = match order {
                ByteOrder::Le => "le",
                ByteOrder::Be => "be",
                ByteOrder::Swap => "bswap",
            };
            write!(f, "r{} = {name}{} r{}", dst.0, SwapBits::bits(bits), dst.0)
        }
        _ => Ok(()),
    }
}

fn memory(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match *op {
        Op::Load { size, signed, dst, mem } => {
            write!(f, "r{} = *({} *)({mem})", dst.0, size.type_name(signed))
        }
        Op::LoadAcquire { size, dst, mem } => {
            write!(f, "r{} = load_acquire(({} *)({mem}))", dst.0, size.type_name(false))
        }
        Op::Store { size, mem, src } => {
            write!(f, "*({} *)({mem}) = ", size.type_name(false))?;
            match src {
                Source::Imm(imm) => imm.fmt(f),
                Source::Reg(src) => write!(f, "r{}", src.0),
            }
        }
        Op::StoreRelease { size, mem, src } => {
            write!(f, "store_release(({} *)({mem}), r{})", size.type_name(false), src.0)
        }
        Op::LdAbs { size, imm } => write!(f, "r0 = *({} *)skb[{imm}]", size.type_name(false)),
        Op::LdInd { size, src, imm } => {
            write!(f, "r0 = *({} *)skb[r{} + {imm}]", size.type_name(false), src.0)
        }
        _ => Ok(()),
    }
}

fn atomic(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    let Op::Atomic { width, op, mem, src } = *op else {
        return Ok(());
    };
    let (ty, suffix, src) = (width.size().type_name(false), width.atomic_suffix(), src.0);
    let plain = match op {
        AtomicOp::Add => "+=",
        AtomicOp::Or => "|=",
        AtomicOp::And => "&=",
        AtomicOp::Xor => "^=",
        AtomicOp::FetchAdd => "fetch_add",
        AtomicOp::FetchOr => "fetch_or",
        AtomicOp::FetchAnd => "fetch_and",
        AtomicOp::FetchXor => "fetch_xor",
        AtomicOp::Xchg => "xchg",
        AtomicOp::Cmpxchg => {
            return write!(f, "r0 = atomic{suffix}_cmpxchg(({ty} *)({mem}), r0, r{src})");
        }
    };
    if plain.ends_with('=') {
        write!(f, "lock *({ty} *)({mem}) {plain} r{src}")
    } else {
        write!(f, "r{src} = atomic{suffix}_{plain}(({ty} *)({mem}), r{src})")
    }
}

fn jump(f: &mut fmt::Formatter<'_>, op: &Op) -> fmt::Result {
    match *op {
        Op::Goto { off } => write!(f, "goto pc{off:+}"),
        Op::GotoLong { off } => write!(f, "gotol pc{off:+}"),
        Op::MayGoto { off } => write!(f, "may_goto pc{off:+}"),
        Op::Branch { width, cond, dst, src, off } => {
            let r = width.letter();
            write!(f, "if {r}{} {} ", dst.0, cond.symbol())?;
            match src {
                Source::Imm(imm) => write!(f, "{imm:#x}")?,
                Source::Reg(src) => write!(f, "{r}{}", src.0)?,
            }
            write!(f, " goto pc{off:+}")
        }
        Op::CallSubprog { off } => write!(f, "call pc{off:+}"),
        Op::CallReg { dst } => write!(f, "callx r{}", dst.0),
        _ => f.write_str("exit"),
    }
}

impl fmt::Display for crate::Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{} {:+}", self.base.0, self.off)
    }
}

impl fmt::Display for Imm64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Value(value) => write!(f, "{value:#x}"),
            Self::MapFd(fd) => write!(f, "map[fd:{fd}]"),
            Self::MapValue { fd, off } => write!(f, "map[fd:{fd}][0]+{off}"),
            Self::BtfId { id, fd } => write!(f, "btf[fd:{fd}][id:{id}]"),
            Self::Func(off) => write!(f, "subprog[{off:+}]"),
            Self::MapIdx(idx) => write!(f, "map[idx:{idx}]"),
            Self::MapIdxValue { idx, off } => write!(f, "map[idx:{idx}][0]+{off}"),
        }
    }
}
