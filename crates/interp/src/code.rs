//! Programs decoded once: a step for each slot, with jump targets, addresses and calls already found.
//!
//! The table has one entry for each slot, so that the program counter is the kernel's insn index. What is wrong with
//! a slot becomes a step that traps when it is reached, not before: code that never runs harms nobody.

use skep_abi::{Addr, ArgType, CallSpec, KernelVersion, KfuncFlags, Permit, ProgType, RetType};
use skep_calls::{Call, RunFn};
use skep_isa::{
    AluOp, AtomicOp, ByteOrder, Cond, Imm64, Insn, InsnIdx, Mem, Op, Reg, Size, Source, SwapBits,
    Width, decode_at,
};

use skep_machine::packet::CtxStore;
use skep_machine::packet::ctx::{self, Pointer};

use crate::TrapKind;

/// A slot index that no program has: jumps out of the program go there.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// One slot.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// What it does.
    pub(crate) step: Step,
    /// Registers that must be initialised, a bit each.
    pub(crate) reads: u16,
    /// Registers that are initialised afterwards.
    pub(crate) writes: u16,
}

/// What a slot does; an [`Op`] with everything resolved that does not depend on the run.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Alu64Imm {
        op: AluOp,
        dst: Reg,
        imm: u64,
    },
    Alu64Reg {
        op: AluOp,
        dst: Reg,
        src: Reg,
    },
    Alu32Imm {
        op: AluOp,
        dst: Reg,
        imm: u32,
    },
    Alu32Reg {
        op: AluOp,
        dst: Reg,
        src: Reg,
    },
    Neg {
        width: Width,
        dst: Reg,
    },
    MovSx {
        width: Width,
        from: Size,
        dst: Reg,
        src: Reg,
    },
    End {
        order: ByteOrder,
        bits: SwapBits,
        dst: Reg,
    },
    AddrSpaceCast {
        dst: Reg,
        src: Reg,
    },
    LdImm64 {
        dst: Reg,
        value: u64,
    },
    Load {
        size: Size,
        signed: bool,
        dst: Reg,
        mem: Mem,
    },
    LoadAcquire {
        size: Size,
        dst: Reg,
        mem: Mem,
    },
    StoreImm {
        size: Size,
        mem: Mem,
        imm: u64,
    },
    StoreReg {
        size: Size,
        mem: Mem,
        src: Reg,
    },
    StoreRelease {
        size: Size,
        mem: Mem,
        src: Reg,
    },
    Atomic {
        width: Width,
        op: AtomicOp,
        mem: Mem,
        src: Reg,
    },
    Goto {
        to: u32,
    },
    Jmp64Imm {
        cond: Cond,
        dst: Reg,
        imm: u64,
        to: u32,
    },
    Jmp64Reg {
        cond: Cond,
        dst: Reg,
        src: Reg,
        to: u32,
    },
    Jmp32Imm {
        cond: Cond,
        dst: Reg,
        imm: u32,
        to: u32,
    },
    Jmp32Reg {
        cond: Cond,
        dst: Reg,
        src: Reg,
        to: u32,
    },
    MayGoto {
        to: u32,
    },
    Call(MadeCall),
    CallSubprog {
        to: u32,
    },
    CallReg {
        dst: Reg,
    },
    Exit,
    /// A word of the context that memory cannot hold as it is.
    Ctx(CtxStep),
    /// `BPF_LD | BPF_ABS` and `BPF_IND`: bytes of the packet, in network order.
    LdSkb {
        size: Size,
        offset: i32,
        src: Option<Reg>,
    },
    /// Traps when it is reached.
    Wrong(Box<TrapKind>),
}

/// An access to a word of the context that memory cannot hold as it is; elsewhere an ordinary access of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CtxStep {
    /// A packet pointer.
    LoadPointer { pointer: Pointer, dst: Reg, mem: Mem },
    /// A field that is narrower in the kernel.
    Store { how: CtxStore, mem: Mem, value: Source },
}

impl Step {
    /// The memory that it accesses.
    #[inline]
    pub(crate) const fn mem(&self) -> Option<Mem> {
        match *self {
            Self::Load { mem, .. }
            | Self::LoadAcquire { mem, .. }
            | Self::StoreImm { mem, .. }
            | Self::StoreReg { mem, .. }
            | Self::StoreRelease { mem, .. }
            | Self::Atomic { mem, .. } => Some(mem),
            _ => None,
        }
    }
}

/// A helper or kfunc, and what runs it on the machine's release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MadeCall {
    pub(crate) spec: &'static CallSpec,
    pub(crate) run: RunFn,
    pub(crate) flags: KfuncFlags,
    pub(crate) args: &'static [ArgType],
    pub(crate) ret: RetType,
}

impl MadeCall {
    /// The call as a release knows it, when that lets programs of this type make it.
    pub(crate) fn new(
        call: &'static Call,
        version: KernelVersion,
        prog_type: ProgType,
    ) -> Result<Self, TrapKind> {
        match call.spec.permit(prog_type, version) {
            Permit::Allowed => {
                let (args, ret) = call.spec.proto_at(version);
                let flags = call.spec.flags_at(prog_type, version).unwrap_or(KfuncFlags::empty());
                Ok(Self { spec: &call.spec, run: call.run_at(version), flags, args, ret })
            }
            Permit::Unsupported => Err(TrapKind::UnsupportedCall(call.spec.name, prog_type)),
            Permit::Denied => Err(TrapKind::DeniedCall(call.spec.name, prog_type)),
        }
    }

    /// The argument registers that the prototype reads, a bit each.
    pub(crate) fn reads(&self) -> u16 {
        let cares = |(at, ty): (usize, &ArgType)| match ty {
            ArgType::DontCare => 0,
            _ => 2 << at,
        };
        self.args.iter().enumerate().map(cares).fold(0, |all, bit: u16| all | bit)
    }
}

/// What decoding needs to know of the program around the slots.
pub(crate) struct Around<'a> {
    /// Where its code lies.
    pub(crate) base: Addr,
    /// The release of the machine's kernel.
    pub(crate) version: KernelVersion,
    /// The program's type.
    pub(crate) prog_type: ProgType,
    /// Kernel functions by BTF id and BTF object.
    pub(crate) kfunc: &'a dyn Fn(i32, i16) -> Option<&'static Call>,
}

/// Decodes a whole program.
pub(crate) fn decode(insns: &[Insn], around: &Around<'_>) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(insns.len());
    while slots.len() < insns.len() {
        let at = slots.len();
        // Loaders bound programs to far fewer slots; what lies beyond could not be jumped to either.
        let Ok(idx) = u32::try_from(at) else { break };
        match decode_at(insns, InsnIdx(idx)) {
            Ok(op) => {
                slots.push(slot(&op, idx, insns.len(), around));
                if op.slots() == 2 {
                    slots.push(wrong(TrapKind::IntoWideLoad));
                }
            }
            Err(error) => slots.push(wrong(TrapKind::Malformed(error))),
        }
    }
    slots
}

fn wrong(kind: TrapKind) -> Slot {
    Slot { step: Step::Wrong(Box::new(kind)), reads: 0, writes: 0 }
}

const fn bit(reg: Reg) -> u16 {
    1 << (reg.0 & 15)
}

fn slot(op: &Op, idx: u32, len: usize, around: &Around<'_>) -> Slot {
    let (reads, writes) = registers(op);
    if writes & bit(Reg::R10) != 0 {
        return wrong(TrapKind::FramePointerWrite);
    }
    let step = match *op {
        Op::Alu { .. }
        | Op::Neg { .. }
        | Op::MovSx { .. }
        | Op::End { .. }
        | Op::AddrSpaceCast { .. } => alu(op),
        Op::LdImm64 { dst, value } => return wide(dst, value, idx, len, around),
        Op::Load { size: Size::W, signed: false, dst, mem } => {
            match ctx::pointer_at(around.prog_type, mem.off) {
                Some(pointer) => Step::Ctx(CtxStep::LoadPointer { pointer, dst, mem }),
                None => Step::Load { size: Size::W, signed: false, dst, mem },
            }
        }
        Op::Load { size, signed, dst, mem } => Step::Load { size, signed, dst, mem },
        Op::LoadAcquire { size, dst, mem } => Step::LoadAcquire { size, dst, mem },
        Op::Store { size: Size::W, mem, src: value }
            if let Some(how) = ctx::store_at(around.prog_type, mem.off) =>
        {
            Step::Ctx(CtxStep::Store { how, mem, value })
        }
        Op::Store { size, mem, src: Source::Imm(imm) } => {
            Step::StoreImm { size, mem, imm: imm as u64 }
        }
        Op::Store { size, mem, src: Source::Reg(src) } => Step::StoreReg { size, mem, src },
        Op::StoreRelease { size, mem, src } => Step::StoreRelease { size, mem, src },
        Op::Atomic { width, op, mem, src } => Step::Atomic { width, op, mem, src },
        Op::LdAbs { .. } | Op::LdInd { .. } if !ctx::has_packet(around.prog_type) => {
            return wrong(TrapKind::NoPacket);
        }
        Op::LdAbs { size, imm } => Step::LdSkb { size, offset: imm, src: None },
        Op::LdInd { size, src, imm } => Step::LdSkb { size, offset: imm, src: Some(src) },
        Op::Goto { off } => Step::Goto { to: target(idx, off.into(), len) },
        Op::GotoLong { off } => Step::Goto { to: target(idx, off, len) },
        Op::MayGoto { off } => Step::MayGoto { to: target(idx, off.into(), len) },
        Op::Branch { .. } => branch(op, idx, len),
        Op::CallHelper { id } => match u32::try_from(id).ok().and_then(skep_calls::helper) {
            Some(call) => return made_call(call, around),
            None => return wrong(TrapKind::UnknownHelper(id)),
        },
        Op::CallKfunc { btf_id, fd_idx } => match (around.kfunc)(btf_id, fd_idx) {
            Some(call) => return made_call(call, around),
            None => return wrong(TrapKind::UnknownKfunc(btf_id)),
        },
        Op::CallSubprog { off } => Step::CallSubprog { to: target(idx, off, len) },
        Op::CallReg { dst } => Step::CallReg { dst },
        Op::Exit => Step::Exit,
    };
    Slot { step, reads, writes }
}

/// A call with an entry in the catalogue.
fn made_call(call: &'static Call, around: &Around<'_>) -> Slot {
    match MadeCall::new(call, around.version, around.prog_type) {
        Ok(made) => Slot { reads: made.reads(), step: Step::Call(made), writes: 0 },
        Err(kind) => wrong(kind),
    }
}

/// Registers read and written, a bit each. Calls and exits are judged where they happen.
fn registers(op: &Op) -> (u16, u16) {
    let source = |src: Source| match src {
        Source::Imm(_) => 0,
        Source::Reg(reg) => bit(reg),
    };
    match *op {
        Op::Alu { op: AluOp::Mov, dst, src, .. } => (source(src), bit(dst)),
        Op::Alu { dst, src, .. } => (bit(dst) | source(src), bit(dst)),
        Op::Neg { dst, .. } | Op::End { dst, .. } => (bit(dst), bit(dst)),
        Op::MovSx { dst, src, .. } | Op::AddrSpaceCast { dst, src, .. } => (bit(src), bit(dst)),
        Op::LdImm64 { dst, .. } => (0, bit(dst)),
        Op::Load { dst, mem, .. } | Op::LoadAcquire { dst, mem, .. } => (bit(mem.base), bit(dst)),
        Op::Store { mem, src, .. } => (bit(mem.base) | source(src), 0),
        Op::StoreRelease { mem, src, .. } => (bit(mem.base) | bit(src), 0),
        Op::Atomic { op, mem, src, .. } => {
            let reads = bit(mem.base) | bit(src);
            match op {
                AtomicOp::Add | AtomicOp::Or | AtomicOp::And | AtomicOp::Xor => (reads, 0),
                AtomicOp::Cmpxchg => (reads | bit(Reg::R0), bit(Reg::R0)),
                _ => (reads, bit(src)),
            }
        }
        Op::Branch { dst, src, .. } => (bit(dst) | source(src), 0),
        Op::LdAbs { .. } => (bit(Reg::R6), 0),
        Op::LdInd { src, .. } => (bit(Reg::R6) | bit(src), 0),
        Op::CallReg { dst } => (bit(dst), 0),
        _ => (0, 0),
    }
}

fn alu(op: &Op) -> Step {
    match *op {
        Op::Alu { width: Width::W64, op, dst, src: Source::Imm(imm) } => {
            Step::Alu64Imm { op, dst, imm: imm as u64 }
        }
        Op::Alu { width: Width::W64, op, dst, src: Source::Reg(src) } => {
            Step::Alu64Reg { op, dst, src }
        }
        Op::Alu { width: Width::W32, op, dst, src: Source::Imm(imm) } => {
            Step::Alu32Imm { op, dst, imm: imm as u32 }
        }
        Op::Alu { width: Width::W32, op, dst, src: Source::Reg(src) } => {
            Step::Alu32Reg { op, dst, src }
        }
        Op::Neg { width, dst } => Step::Neg { width, dst },
        Op::MovSx { width, from, dst, src } => Step::MovSx { width, from, dst, src },
        Op::AddrSpaceCast { dst, src, .. } => Step::AddrSpaceCast { dst, src },
        Op::End { order, bits, dst } => Step::End { order, bits, dst },
        _ => Step::Exit,
    }
}

fn branch(op: &Op, idx: u32, len: usize) -> Step {
    let Op::Branch { width, cond, dst, src, off } = *op else {
        return Step::Exit;
    };
    let to = target(idx, off.into(), len);
    match (width, src) {
        (Width::W64, Source::Imm(imm)) => Step::Jmp64Imm { cond, dst, imm: imm as u64, to },
        (Width::W64, Source::Reg(src)) => Step::Jmp64Reg { cond, dst, src, to },
        (Width::W32, Source::Imm(imm)) => Step::Jmp32Imm { cond, dst, imm: imm as u32, to },
        (Width::W32, Source::Reg(src)) => Step::Jmp32Reg { cond, dst, src, to },
    }
}

/// The slot that a jump at `idx` reaches, or [`OUTSIDE`].
fn target(idx: u32, off: i32, len: usize) -> u32 {
    let to = i64::from(idx) + 1 + i64::from(off);
    match u32::try_from(to) {
        Ok(to) if (to as usize) < len => to,
        _ => OUTSIDE,
    }
}

fn wide(dst: Reg, value: Imm64, idx: u32, len: usize, around: &Around<'_>) -> Slot {
    let value = match value {
        Imm64::Value(value) => value,
        Imm64::Func(off) => match target(idx, off, len) {
            OUTSIDE => return wrong(TrapKind::BadFunc),
            to => around.base.0 + u64::from(to) * skep_isa::INSN_SIZE as u64,
        },
        other => return wrong(TrapKind::Unresolved(other)),
    };
    Slot { step: Step::LdImm64 { dst, value }, reads: 0, writes: bit(dst) }
}
