//! Where walks begin: the main program, and each global subprogram on its own (`do_check_common`).

use skep_abi::{ArgBase, TypeFlags};

use crate::diag::{Step, Stop, log, rejections};
use crate::env::{Env, SubprogArg};
use crate::state::{Base, CallbackKind, DynptrKind, Payload, RegState, RegType, State};

use super::{NO_INSN, walk};

rejections! {
    /// The exception callback takes something else than one number.
    ///
    /// An exception callback gets the cookie of `bpf_throw`, a number, and nothing else.
    ExceptionCbArgs("exception-callback-arguments", EINVAL, help: "declare it as `int handler(u64 cookie)`") {
    } => "exception cb only supports single integer argument";
}

/// Walks the main program (`do_check_main`).
pub(crate) fn main_program(env: &mut Env<'_>) -> Step {
    env.insn_idx = 0;
    explore(env, 0)?;
    Ok(())
}

/// Walks each global subprogram that is called, on its own (`do_check_subprogs`).
pub(crate) fn global_subprogs(env: &mut Env<'_>) -> Step {
    if env.prog.funcs.is_empty() {
        return Ok(());
    }
    if let Some(callback) = env.exception_cb {
        env.subprogs[callback as usize].called = true;
    }
    let mut verified = vec![false; env.subprogs.len()];
    loop {
        let mut found = false;
        for (subprog, verified) in verified.iter_mut().enumerate().skip(1) {
            let info = &env.subprogs[subprog];
            if !info.is_global || !info.called || *verified {
                continue;
            }
            env.insn_idx = info.start;
            explore(env, subprog as u32)?;
            log::subprog_is_safe(env, subprog as u32);
            *verified = true;
            found = true;
        }
        if !found {
            return Ok(());
        }
    }
}

fn explore(env: &mut Env<'_>, subprog: u32) -> Step {
    env.explored.clear();
    env.scc_visits.clear();
    env.exploring = subprog;
    env.log.begin_pass();
    env.state = State::start(subprog, env.prog.sleepable);
    env.state.first_insn = env.insn_idx;
    env.state.insn_idx = env.insn_idx;
    env.state.last_insn = NO_INSN;
    if subprog == 0 && env.prog.prog_type != skep_abi::ProgType::Ext {
        begin_main(env)?;
        acquire_args(env)?;
    } else {
        begin_global(env, subprog)?;
    }
    walk::walk(env)?;
    env.log.end_pass();
    Ok(())
}

/// References that the context hands to the program, which must give them up.
fn acquire_args(env: &mut Env<'_>) -> Step {
    for off in crate::access::ctx::ref_args(env) {
        let id = crate::call::refs::acquire(env);
        env.ctx_refs.push((off, id));
    }
    Ok(())
}

fn begin_main(env: &mut Env<'_>) -> Step {
    if !env.prog.funcs.is_empty() {
        let parsed = crate::subprog::global_args(env, 0);
        if let Err(stop) = parsed
            && matches!(*stop, Stop::Unsupported(_) | Stop::Bug(_))
        {
            return Err(stop);
        }
        let main = &mut env.subprogs[0];
        let args = main.args.as_deref();
        main.unreliable_args = !matches!(args, Some([SubprogArg { base: ArgBase::Ctx, .. }]));
    }
    env.state.frames[0].regs[1] = RegState::pointer(RegType::new(Base::Ctx));
    Ok(())
}

fn begin_global(env: &mut Env<'_>, subprog: u32) -> Step {
    log::validating(env, subprog);
    crate::subprog::global_args(env, subprog)?;
    let args = env.subprogs[subprog as usize].args.clone().unwrap_or_default();
    if env.exception_cb == Some(subprog) {
        env.state.frames[0].callback = Some(CallbackKind::Exception);
        if !matches!(args.as_slice(), [SubprogArg { base: ArgBase::Anything, .. }]) {
            return Err(ExceptionCbArgs {}.into());
        }
    }
    for (at, arg) in args.iter().enumerate() {
        let reg = arg_reg(env, arg)?;
        env.state.frames[0].regs[at + 1] = reg;
    }
    Ok(())
}

/// What a global subprogram knows of an argument.
fn arg_reg(env: &mut Env<'_>, arg: &SubprogArg) -> Step<RegState> {
    let nullable = arg.flags & TypeFlags::PTR_MAYBE_NULL;
    match arg.base {
        ArgBase::Ctx => Ok(RegState::pointer(RegType::new(Base::Ctx))),
        // The caller may pass a pointer into the arena, or a number.
        ArgBase::Anything | ArgBase::Arena => Ok(RegState::unknown()),
        ArgBase::Dynptr => {
            let mut reg = RegState::pointer(RegType::new(Base::Dynptr));
            reg.payload = Payload::Dynptr { kind: DynptrKind::Local, first: true };
            reg.id = env.new_id();
            Ok(reg)
        }
        ArgBase::Mem => {
            let flags = nullable | (arg.flags & (TypeFlags::MEM_RDONLY | TypeFlags::PTR_UNTRUSTED));
            let mut reg = RegState::pointer(RegType::with(Base::Mem, flags));
            reg.payload = Payload::Mem { size: arg.mem_size, dynptr_id: 0 };
            if !nullable.is_empty() {
                reg.id = env.new_id();
            }
            Ok(reg)
        }
        ArgBase::BtfId => {
            let trust = TypeFlags::PTR_UNTRUSTED | TypeFlags::PTR_TRUSTED;
            let flags = nullable | (arg.flags & trust);
            let mut reg = RegState::pointer(RegType::with(Base::BtfId, flags));
            let Some(id) = arg.btf else {
                return Stop::bug("argument of a global subprogram without its type");
            };
            reg.payload = Payload::Btf { local: false, id };
            reg.id = env.new_id();
            Ok(reg)
        }
        _ => Stop::bug(format!("argument of a global subprogram: {:?}", arg.base)),
    }
}
