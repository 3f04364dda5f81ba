//! Arithmetic on pointers (`adjust_ptr_min_max_vals`).

use skep_abi::TypeFlags;
use skep_domain::ScalarOp;
use skep_isa::{Insn, opcode as op};

use super::alu::operator;
use super::sane;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::scalar;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// A 32-bit operation on a pointer would lose its upper half.
    PointerMath32("pointer-math-32-bit", EACCES, help: "do the arithmetic on a 64-bit variable") {
        regno: u8,
    } => "R{regno} 32-bit pointer arithmetic prohibited";

    /// Something is added to a pointer that may be null.
    PointerMathNullable("pointer-math-nullable", EACCES, help: "compare the pointer with NULL first") {
        regno: u8, ty: RegType,
    } => "R{regno} pointer arithmetic on {ty} prohibited, null-check it first";

    /// This kind of pointer must be used as it is.
    PointerMathProhibited("pointer-math-prohibited", EACCES, help: "use the pointer unmodified") {
        regno: u8, ty: RegType,
    } => "R{regno} pointer arithmetic on {ty} prohibited";

    /// A pointer is subtracted from a number.
    ScalarMinusPointer("scalar-minus-pointer", EACCES, help: "subtract in the other order") {
        regno: u8,
    } => "R{regno} tried to subtract pointer from scalar";

    /// A register is subtracted from a stack pointer.
    StackPointerSub("stack-pointer-sub", EACCES, help: "add a negative number instead") {
        regno: u8,
    } => "R{regno} subtraction from stack pointer prohibited";

    /// A bitwise operation on a pointer.
    PointerBitwise("pointer-bitwise", EACCES, help: "do not align or tag pointers in the program") {
        regno: u8, operator: &'static str,
    } => "R{regno} bitwise operator {operator} on pointer prohibited";

    /// An operation on a pointer that is neither an addition nor a subtraction.
    PointerOperator("pointer-operator", EACCES, help: "only add to pointers or subtract from them") {
        regno: u8, operator: &'static str,
    } => "R{regno} pointer arithmetic with {operator} operator prohibited";
}

/// `ptr op off` into the destination register, which held the pointer when `ptr_is_dst`.
pub(super) fn adjust(
    env: &mut Env<'_>,
    insn: Insn,
    ptr: &RegState,
    off: &RegState,
    ptr_is_dst: bool,
) -> Step {
    let regno = insn.dst.0;
    let num = &off.num;
    let contradicts = off.has_const_off() && (num.smin != num.smax || num.umin != num.umax);
    if contradicts || num.smin > num.smax || num.umin > num.umax {
        // Only a branch that is never taken leaves such a number.
        scalar::mark_unknown(env, insn.dst);
        return Ok(());
    }
    let code = insn.code & op::OP_MASK;
    if insn.code & op::CLASS_MASK != op::ALU64 {
        if code != op::SUB {
            return Err(PointerMath32 { regno }.into());
        }
        scalar::mark_unknown(env, insn.dst);
        return Ok(());
    }
    let ty = ptr.ty;
    if ty.may_be_null() {
        return Err(PointerMathNullable { regno, ty }.into());
    }
    if ty.base == Base::Mem && ty.has(TypeFlags::PTR_UNTRUSTED) {
        // Loads through it cannot fault, so Linux does not ask for its offset, and takes the destination for what it was
        // (6.18, measured): also a number that becomes a pointer.
        return Ok(());
    }
    check_kind(ptr, off, code, regno)?;
    let mut result = *ptr;
    if !ptr_is_dst {
        // A number becomes the pointer, and keeps what else the register held: no reference, and the main program's
        // frame (6.18, measured).
        (result.ref_id, result.frameno) = (off.ref_id, off.frameno);
    }
    *env.reg_mut(insn.dst) = result;
    sane::check(off, ptr.ty)?;
    sane::check(ptr, ptr.ty)?;
    result.num.set_unbounded32();
    match code {
        op::ADD => add(env, &mut result, ptr, off),
        op::SUB if !ptr_is_dst => return Err(ScalarMinusPointer { regno }.into()),
        op::SUB if ptr.ty.is(Base::Stack) => return Err(StackPointerSub { regno }.into()),
        op::SUB => sub(env, &mut result, ptr, off),
        op::AND | op::OR | op::XOR => {
            return Err(PointerBitwise { regno, operator: operator(insn.code) }.into());
        }
        _ => return Err(PointerOperator { regno, operator: operator(insn.code) }.into()),
    }
    *env.reg_mut(insn.dst) = result;
    sane::check(&result, ptr.ty)?;
    env.reg_mut(insn.dst).num.sync();
    Ok(())
}

fn check_kind(ptr: &RegState, off: &RegState, code: u8, regno: u8) -> Step {
    let ty = ptr.ty;
    let known = off.has_const_off();
    let adds_zero = known && off.num.smin == 0 && code == op::ADD;
    let allowed = match ty.base {
        Base::Ctx
        | Base::MapValue
        | Base::MapKey
        | Base::Stack
        | Base::PacketMeta
        | Base::Packet
        | Base::TpBuffer
        | Base::BtfId
        | Base::Mem
        | Base::Buf
        | Base::Func
        | Base::Dynptr => true,
        Base::FlowKeys => known || adds_zero,
        Base::MapPtr => adds_zero,
        _ => false,
    };
    if allowed { Ok(()) } else { Err(PointerMathProhibited { regno, ty }.into()) }
}

/// A constant moves the fixed offset; anything else the variable one.
fn add(env: &mut Env<'_>, result: &mut RegState, ptr: &RegState, off: &RegState) {
    let moved = i64::from(ptr.off).checked_add(off.num.smin);
    if let Some(Ok(fixed)) = moved.filter(|_| off.has_const_off()).map(i32::try_from) {
        result.num = fixed_num(ptr);
        result.off = fixed;
        return;
    }
    variable(result, off, ScalarOp::Add);
    if ptr.ty.is_packet() {
        result.id = env.new_id();
        result.payload = Payload::Packet { range: 0 };
    }
}

fn sub(env: &mut Env<'_>, result: &mut RegState, ptr: &RegState, off: &RegState) {
    let moved = i64::from(ptr.off).checked_sub(off.num.smin);
    if let Some(Ok(fixed)) = moved.filter(|_| off.has_const_off()).map(i32::try_from) {
        result.num = fixed_num(ptr);
        result.off = fixed;
        return;
    }
    variable(result, off, ScalarOp::Sub);
    if ptr.ty.is_packet() {
        result.id = env.new_id();
        // What is known to be readable still is, unless the pointer moved up.
        if off.num.smin < 0 {
            result.payload = Payload::Packet { range: 0 };
        }
    }
}

/// The variable part, its lower half unknown.
fn fixed_num(ptr: &RegState) -> skep_domain::Scalar {
    let mut num = ptr.num;
    num.set_unbounded32();
    num
}

/// Ranges of the sum or difference; the tnum's knowledge is brought in only after the offset was found sane.
fn variable(result: &mut RegState, off: &RegState, op: ScalarOp) {
    let (ptr, by) = (result.num, &off.num);
    let signed = match op {
        ScalarOp::Add => (ptr.smin.checked_add(by.smin), ptr.smax.checked_add(by.smax)),
        _ => (ptr.smin.checked_sub(by.smax), ptr.smax.checked_sub(by.smin)),
    };
    let unsigned = match op {
        ScalarOp::Add => (ptr.umin.checked_add(by.umin), ptr.umax.checked_add(by.umax)),
        _ => (ptr.umin.checked_sub(by.umax), ptr.umax.checked_sub(by.umin)),
    };
    let num = &mut result.num;
    (num.smin, num.smax) = match signed {
        (Some(min), Some(max)) => (min, max),
        _ => (i64::MIN, i64::MAX),
    };
    (num.umin, num.umax) = match unsigned {
        (Some(min), Some(max)) => (min, max),
        _ => (0, u64::MAX),
    };
    num.var_off = match op {
        ScalarOp::Add => ptr.var_off.add(by.var_off),
        _ => ptr.var_off.sub(by.var_off),
    };
}
