//! Legacy packet loads (`check_ld_abs`): a call in disguise, which leaves the program where the packet is too short.

use skep_abi::ProgType;
use skep_isa::{Insn, Reg, opcode as op};

use super::{Next, ReservedFields, reg_arg};
use crate::call;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::explore;
use crate::scalar;
use crate::state::{Base, RegState};

rejections! {
    /// Only programs whose context is a socket buffer have legacy packet loads.
    LdAbsProgType("ld-abs-prog-type", EINVAL, help: "read the packet through data and data_end, or bpf_skb_load_bytes") {
    } => "BPF_LD_[ABS|IND] instructions not allowed for this program type";

    /// A legacy packet load within a callback.
    LdAbsCallback("ld-abs-callback", EINVAL, help: "load the bytes before the callback runs") {
    } => "cannot use BPF_LD_[ABS|IND] within callback";

    /// A legacy packet load finds the packet by R6.
    LdAbsNoSkb("ld-abs-no-skb", EINVAL, help: "keep the context in R6") {
    } => "at the time of BPF_LD_ABS|IND R6 != pointer to skb";
}

/// Applies the load; in a subprogram the way out, R0 being 0, is walked too.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step<Next> {
    let mode = insn.code & op::MODE_MASK;
    let may = matches!(
        env.prog.prog_type,
        ProgType::SocketFilter | ProgType::SchedCls | ProgType::SchedAct
    );
    if !may {
        return Err(LdAbsProgType {}.into());
    }
    let in_callback = env.state.frames.iter().skip(1).any(|frame| frame.callback.is_some());
    if in_callback && env.features.has_callback_fixes() {
        return Err(LdAbsCallback {}.into());
    }
    let is_dw = insn.code & op::SIZE_MASK == op::DW;
    let bad_src = mode == op::ABS && insn.src != Reg::R0;
    if insn.dst != Reg::R0 || insn.off != 0 || is_dw || bad_src {
        return Err(ReservedFields { what: "BPF_LD_[ABS|IND]" }.into());
    }
    reg_arg::source(env, Reg::R6)?;
    call::check_leaks(env, false, true, "BPF_LD_[ABS|IND]")?;
    if !env.reg(Reg::R6).ty.is(Base::Ctx) {
        return Err(LdAbsNoSkb {}.into());
    }
    if mode == op::IND {
        reg_arg::source(env, insn.src)?;
    }
    crate::access::check_ptr_off(env, Reg::R6, false)?;
    for reg in [Reg::R0, Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5] {
        *env.reg_mut(reg) = RegState::not_init();
    }
    scalar::mark_unknown(env, Reg::R0);
    let (at, next) = (env.insn_idx, env.insn_idx + 1);
    if env.state.curframe() == 0 {
        return Ok(Next::Insn(next));
    }
    explore::push_branch(env, next, at)?;
    *env.reg_mut(Reg::R0) = RegState::constant(0);
    call::exit_subprog(env).map(Next::Returned)
}
