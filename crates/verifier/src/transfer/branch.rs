//! Conditional jumps (`check_cond_jmp_op`): which ways they can go, and what each way teaches.

use skep_domain::{CondOp, is_branch_taken, regs_refine, regs_refine_false, regs_refine_same};
use skep_isa::{Insn, Reg, opcode as op};

use super::jmp::target;
use super::{ReservedFields, nullness, packet_cmp, reg_arg};
use crate::diag::Step;
use crate::env::Env;
use crate::explore;
use crate::precision::{self, HistoryFlags};
use crate::scalar;
use crate::state::{Base, RegState, State};

/// A conditional jump, its operands read.
pub(super) struct Branch {
    /// First operand.
    pub(super) dst: Reg,
    /// Second operand, unless it is an immediate.
    pub(super) src: Option<Reg>,
    /// What is asked.
    pub(super) cond: CondOp,
    /// Whether of the lower halves.
    pub(super) is32: bool,
    /// Whether the immediate is zero.
    pub(super) imm_is_zero: bool,
}

fn cond(code: u8) -> CondOp {
    match code & op::OP_MASK {
        op::JEQ => CondOp::Eq,
        op::JGT => CondOp::Gt,
        op::JGE => CondOp::Ge,
        op::JSET => CondOp::Set,
        op::JNE => CondOp::Ne,
        op::JSGT => CondOp::Sgt,
        op::JSGE => CondOp::Sge,
        op::JLT => CondOp::Lt,
        op::JLE => CondOp::Le,
        op::JSLT => CondOp::Slt,
        _ => CondOp::Sle,
    }
}

/// Applies the jump: the insn to go on at; the other way, where it is possible, is walked later.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step<u32> {
    let branch = read(env, insn)?;
    let dst = *env.reg(branch.dst);
    let src = match branch.src {
        Some(reg) => *env.reg(reg),
        None => RegState::constant(insn.imm as i64 as u64),
    };
    let flags = HistoryFlags {
        dst_is_stack: dst.ty.is(Base::Stack),
        src_is_stack: src.ty.is(Base::Stack),
        ..HistoryFlags::default()
    };
    if flags.dst_is_stack || flags.src_is_stack {
        precision::push_history(env, flags, &[])?;
    }
    let ranges = env.features.compares_ranges();
    let is_equality = matches!(branch.cond, CondOp::Eq | CondOp::Ne);
    let by_constant = is_constant(&src, branch.is32)
        && (env.features.predicts_equality_by_ranges()
            || !is_equality
            || is_constant(&dst, branch.is32));
    let predictable = ranges || dst.is_pointer() || by_constant;
    let predicted = predict(&dst, &src, branch.cond, branch.is32).filter(|_| predictable);
    if let Some(taken) = predicted {
        if !dst.is_pointer() {
            precision::mark_chain(env, branch.dst)?;
        }
        if let Some(reg) = branch.src.filter(|_| !src.is_pointer()) {
            precision::mark_chain(env, reg)?;
        }
        return Ok(if taken { target(env, insn.off.into()) } else { env.insn_idx + 1 });
    }
    let linked = scalar::collect_linked(env, &[(branch.src.is_some(), &src), (true, &dst)]);
    if linked.len() > 1 {
        precision::push_history(env, HistoryFlags::default(), &linked)?;
    }
    // Collecting may have untied registers that are too many to track.
    let dst = *env.reg(branch.dst);
    let src = branch.src.map_or(src, |reg| *env.reg(reg));
    let teaches = ranges
        || is_constant(&src, branch.is32)
        || is_constant(&dst, branch.is32)
        || !branch.is32 && is_equality;
    let mut refined = Refined::new(&dst, &src, &branch, teaches);
    if !ranges {
        refined.forget_inequality(&dst, &src, branch.cond);
    }
    let by_equality = env.features.learns_from_equal_pointers();
    let (to, at) = (target(env, insn.off.into()), env.insn_idx);
    explore::push_branch(env, to, at)?;
    let (prog, fields) = (env.prog, core::mem::take(&mut env.map_fields));
    let locals = core::mem::take(&mut env.local_records);
    let taught = explore::both(env).map(|(this, other)| {
        let ways = Ways { this, other };
        let maps =
            nullness::Maps { maps: prog.maps, fields: &fields, locals: &locals, by_equality };
        learn(ways, &refined, &branch, &linked, (&dst, &src), &maps);
    });
    (env.map_fields, env.local_records) = (fields, locals);
    taught?;
    Ok(at + 1)
}

/// The two states after a jump.
pub(super) struct Ways<'e> {
    /// The jump is not taken.
    pub(super) this: &'e mut State,
    /// It is.
    pub(super) other: &'e mut State,
}

/// Reads the operands.
fn read(env: &mut Env<'_>, insn: Insn) -> Step<Branch> {
    let by_reg = insn.code & op::SRC_MASK == op::X;
    reg_arg::source(env, insn.dst)?;
    let unused_set = if by_reg { insn.imm != 0 } else { insn.src != Reg::R0 };
    if unused_set {
        return Err(ReservedFields { what: "BPF_JMP/JMP32" }.into());
    }
    if by_reg {
        reg_arg::source(env, insn.src)?;
    }
    Ok(Branch {
        dst: insn.dst,
        src: by_reg.then_some(insn.src),
        cond: cond(insn.code),
        is32: insn.code & op::CLASS_MASK == op::JMP32,
        imm_is_zero: !by_reg && insn.imm == 0,
    })
}

/// Whether the compared part of a number is known.
fn is_constant(reg: &RegState, is32: bool) -> bool {
    reg.is_scalar() && (reg.num.is_const() || is32 && reg.num.const_value32().is_some())
}

/// Whether the jump is taken, where that is known (`is_branch_taken`).
fn predict(a: &RegState, b: &RegState, cond: CondOp, is32: bool) -> Option<bool> {
    if packet_cmp::is_any(a) && packet_cmp::is_any(b) && !is32 {
        return packet_cmp::predict(a, b, cond);
    }
    if !a.is_pointer() && !b.is_pointer() {
        return is_branch_taken(&a.num, &b.num, cond, is32);
    }
    // A valid pointer is not null; its lower half may well be zero.
    if is32 {
        return None;
    }
    let (pointer, number) = if b.const_value().is_some() { (a, b) } else { (b, a) };
    if number.const_value() != Some(0) || !nullness::is_not_null(pointer) {
        return None;
    }
    match cond {
        CondOp::Eq => Some(false),
        CondOp::Ne => Some(true),
        _ => None,
    }
}

/// Both operands, on either way.
struct Refined {
    taken: (RegState, RegState),
    falls: (RegState, RegState),
}

impl Refined {
    fn new(dst: &RegState, src: &RegState, branch: &Branch, teaches: bool) -> Self {
        let (mut taken, mut falls) = ((*dst, *src), (*dst, *src));
        if !teaches || !dst.is_scalar() || !src.is_scalar() {
            return Self { taken, falls };
        }
        if branch.src == Some(branch.dst) {
            // One register on both sides: the kernel refines it in either role, and brings it into accord in either.
            regs_refine_same(&mut taken.0.num, branch.cond, branch.is32);
            regs_refine_same(&mut falls.0.num, branch.cond.negated(), branch.is32);
            taken.0.num.sync();
            falls.0.num.sync();
        } else {
            regs_refine(&mut taken.0.num, &mut taken.1.num, branch.cond, branch.is32);
            regs_refine_false(&mut falls.0.num, &mut falls.1.num, branch.cond, branch.is32);
        }
        for reg in [&mut taken.0, &mut taken.1, &mut falls.0, &mut falls.1] {
            scalar::settle_num(&mut reg.num);
        }
        Self { taken, falls }
    }
}

impl Refined {
    /// What differs teaches nothing.
    fn forget_inequality(&mut self, dst: &RegState, src: &RegState, cond: CondOp) {
        match cond {
            CondOp::Eq => self.falls = (*dst, *src),
            CondOp::Ne => self.taken = (*dst, *src),
            _ => {}
        }
    }
}

/// Writes the refined operands and all that follows from them into both states.
fn learn(
    mut ways: Ways<'_>,
    refined: &Refined,
    branch: &Branch,
    linked: &[precision::LinkedReg],
    (dst, src): (&RegState, &RegState),
    maps: &nullness::Maps<'_>,
) {
    write(ways.other, branch, &refined.taken, linked);
    write(ways.this, branch, &refined.falls, linked);
    if branch.is32 {
        return;
    }
    if maps.by_equality && branch.src.is_some() && src.is_pointer() && dst.is_pointer() {
        equal_pointers(&mut ways, branch, (dst, src), maps);
    }
    let is_equality = matches!(branch.cond, CondOp::Eq | CondOp::Ne);
    if branch.imm_is_zero && is_equality && dst.ty.may_be_null() {
        nullness::mark_all(ways.this, branch.dst, branch.cond == CondOp::Ne, maps);
        nullness::mark_all(ways.other, branch.dst, branch.cond == CondOp::Eq, maps);
    } else if let Some(src_reg) = branch.src {
        packet_cmp::learn(ways, branch.cond, (branch.dst, dst), (src_reg, src));
    }
}

/// Where two pointers are equal and one is not null, neither is the other.
fn equal_pointers(
    ways: &mut Ways<'_>,
    branch: &Branch,
    (dst, src): (&RegState, &RegState),
    maps: &nullness::Maps<'_>,
) {
    let Some(src_reg) = branch.src else { return };
    // A kernel object's pointer may be null without saying so.
    if src.ty.base == Base::BtfId || dst.ty.base == Base::BtfId {
        return;
    }
    let state = match branch.cond {
        CondOp::Eq => &mut *ways.other,
        CondOp::Ne => &mut *ways.this,
        _ => return,
    };
    if nullness::is_not_null(dst) && src.ty.may_be_null() {
        nullness::mark_not_null(state.reg_mut(src_reg), maps);
    }
    if nullness::is_not_null(src) && dst.ty.may_be_null() {
        nullness::mark_not_null(state.reg_mut(branch.dst), maps);
    }
}

fn write(
    state: &mut State,
    branch: &Branch,
    (dst, src): &(RegState, RegState),
    linked: &[precision::LinkedReg],
) {
    if let Some(reg) = branch.src {
        *state.reg_mut(reg) = *src;
    }
    *state.reg_mut(branch.dst) = *dst;
    if let Some(reg) = branch.src.filter(|_| src.is_scalar() && src.id != 0) {
        scalar::sync_linked(state, reg, linked);
    }
    if dst.is_scalar() && dst.id != 0 {
        scalar::sync_linked(state, branch.dst, linked);
    }
}
