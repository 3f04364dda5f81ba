//! `func_info`, `line_info` and the types of the program (`kernel/bpf/check_btf.c`).

mod line;

use skep_btf::{Btf, Linkage, Type, TypeId};

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

pub(crate) use line::REJECTIONS as LINE_REJECTIONS;

rejections! {
    /// The first function of `func_info` does not begin at insn 0.
    FuncInfoNotAtStart("func-info-not-at-start", EINVAL, help: "none: the object's function info is damaged") {
        insn: u32,
    } => "nonzero insn_off {insn} for the first func info record";

    /// The functions of `func_info` are not in ascending order.
    FuncInfoNotAscending("func-info-not-ascending", EINVAL, help: "none: the object's function info is damaged") {
        insn: u32, previous: u32,
    } => "same or smaller insn offset ({insn}) than previous func info record ({previous})";

    /// A type in `func_info` is not that of a function.
    FuncInfoNoFunction("func-info-no-function", EINVAL, help: "none: the object's function info is damaged") {
        id: u32,
    } => "invalid type id {id} in func info";

    /// `func_info` has another number of functions than the program.
    ///
    /// Every function that is called, or whose address is taken, needs an entry, and there may be no others.
    FuncInfoCount("func-info-count", EINVAL, help: "none: the object's function info does not belong to its code") {
    } => "number of funcs in func_info doesn't match number of subprogs";

    /// The functions of `func_info` begin elsewhere than those of the program.
    FuncInfoLayout("func-info-layout", EINVAL, help: "none: the object's function info does not belong to its code") {
    } => "func_info BTF section doesn't match subprog layout in BPF program";

    /// A function other than the main program reads the packet by `LD_ABS`, without types.
    LdAbsWithoutBtf("ld-abs-without-btf", EINVAL, help: "compile with `-g`, so that the object has types") {
    } => "LD_ABS is not allowed in subprogs without BTF";

    /// A function other than the main program makes a tail call, without types.
    TailCallWithoutBtf("tail-call-without-btf", EINVAL, help: "compile with `-g`, so that the object has types") {
    } => "tail_call is not allowed in subprogs without BTF";

    /// A function that reads the packet by `LD_ABS` returns no number.
    ///
    /// A read outside the packet makes the function return 0, so it must return an `int`.
    LdAbsNeedsInt("ld-abs-needs-int", EINVAL, help: "let the function return `int`") {
    } => "LD_ABS is only allowed in functions that return 'int'.";

    /// A function that makes a tail call returns no number.
    ///
    /// The program that is called returns in its place, so it must return an `int`.
    TailCallNeedsInt("tail-call-needs-int", EINVAL, help: "let the function return `int`") {
    } => "tail_call is only allowed in functions that return 'int'.";
}

/// Checks what does not need the layout of the functions (`check_btf_info_early`).
pub(crate) fn check_early(env: &Env<'_>) -> Step {
    let Some(btf) = env.prog.btf else {
        return match env.prog.funcs.is_empty() {
            true => Ok(()),
            false => Stop::bug("functions without types"),
        };
    };
    let mut previous = 0;
    for (at, func) in env.prog.funcs.iter().enumerate() {
        if at == 0 && func.insn != 0 {
            return Err(FuncInfoNotAtStart { insn: func.insn }.into());
        }
        if at > 0 && func.insn <= previous {
            return Err(FuncInfoNotAscending { insn: func.insn, previous }.into());
        }
        if !matches!(btf.get(func.ty), Some(Type::Func { .. })) {
            return Err(FuncInfoNoFunction { id: func.ty.0 }.into());
        }
        previous = func.insn;
    }
    Ok(())
}

/// Checks them, and names the subprograms.
pub(crate) fn check(env: &mut Env<'_>) -> Step {
    let Some(btf) = env.prog.btf.filter(|_| !env.prog.funcs.is_empty()) else {
        return without_types(env);
    };
    let funcs = env.prog.funcs;
    if funcs.len() != env.subprogs.len() {
        return Err(FuncInfoCount {}.into());
    }
    for (at, (func, subprog)) in funcs.iter().zip(&mut env.subprogs).enumerate() {
        if subprog.start != func.insn {
            return Err(FuncInfoLayout {}.into());
        }
        let Type::Func { name, proto, linkage } = btf.ty(func.ty) else { continue };
        name.clone_into(&mut subprog.name);
        subprog.is_global = linkage == Linkage::Global;
        let Type::FuncProto(proto) = btf.ty(proto) else { continue };
        if at == 0 || returns_small_int(btf, proto.ret) {
            continue;
        }
        if subprog.has_ld_abs {
            return Err(LdAbsNeedsInt {}.into());
        }
        if subprog.has_tail_call {
            return Err(TailCallNeedsInt {}.into());
        }
    }
    line::check(env, btf)
}

fn without_types(env: &Env<'_>) -> Step {
    for subprog in &env.subprogs[1..] {
        if subprog.has_ld_abs {
            return Err(LdAbsWithoutBtf {}.into());
        }
        if subprog.has_tail_call {
            return Err(TailCallWithoutBtf {}.into());
        }
    }
    match env.prog.btf {
        Some(btf) => line::check(env, btf),
        None => Ok(()),
    }
}

/// Whether a function returns a number of at most 8 bytes.
fn returns_small_int(btf: &Btf, ret: TypeId) -> bool {
    match btf.resolved(ret) {
        Type::Int(int) => int.size <= 8,
        Type::Enum(_) | Type::Enum64(_) => true,
        _ => false,
    }
}
