//! What is known about a helper or kfunc before its arguments are (`get_call_summary`).

use skep_abi::{
    ArgBase, Effect, HelperAnswer, HelperProto, KfuncAnswer, KfuncFlags, KfuncProto, RetBase,
};
use skep_btf::{Type, TypeId};
use skep_isa::Insn;

use crate::env::Env;
use crate::insn::Shape;

/// What passes without state want to know of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSummary {
    /// Registers that are read, from R1 on.
    pub(crate) params: u32,
    /// Whether R0 is spared.
    pub(crate) is_void: bool,
    /// Whether only parameters and R0 are clobbered, in truth.
    pub(crate) is_fastcall: bool,
    /// Whether it may sleep.
    pub(crate) might_sleep: bool,
    /// Whether it may move the packet.
    pub(crate) changes_pkt_data: bool,
    /// Whether it advances an open-coded iterator.
    pub(crate) is_iter_next: bool,
    /// Beyond the signature.
    pub(crate) effect: Option<Effect>,
}

impl CallSummary {
    /// Of a helper or kfunc call; none for other insns, and for calls that are refused when a path comes there.
    pub(crate) fn of(env: &Env<'_>, insn: Insn) -> Option<Self> {
        if insn.is_helper_call() {
            let id = u32::try_from(insn.imm).ok()?;
            return match env.kernel.calls.helper(id, &env.caller()) {
                HelperAnswer::Proto(proto) => Some(Self::of_helper(proto)),
                _ => None,
            };
        }
        if !insn.is_kfunc_call() || insn.off != 0 {
            return None;
        }
        let btf = env.kernel.btf;
        let Some(Type::Func { name, proto, .. }) = btf.get(TypeId(insn.imm.cast_unsigned())) else {
            return None;
        };
        let Type::FuncProto(proto) = btf.ty(proto) else { return None };
        let KfuncAnswer::Proto(kfunc) = env.kernel.calls.kfunc(name, &env.caller()) else {
            return None;
        };
        let params = u32::try_from(proto.len()).ok()?;
        Some(Self::of_kfunc(kfunc, params, proto.ret == TypeId::VOID))
    }

    fn of_helper(proto: &HelperProto) -> Self {
        let is_param = |arg: &&skep_abi::ArgProto| arg.base != ArgBase::DontCare;
        Self {
            params: proto.args.iter().take_while(is_param).count() as u32,
            is_void: proto.ret.base == RetBase::Void,
            is_fastcall: proto.allow_fastcall,
            might_sleep: proto.might_sleep,
            changes_pkt_data: proto.changes_pkt_data,
            is_iter_next: false,
            effect: proto.effect,
        }
    }

    fn of_kfunc(kfunc: KfuncProto, params: u32, is_void: bool) -> Self {
        Self {
            params,
            is_void,
            is_fastcall: kfunc.flags.contains(KfuncFlags::FASTCALL),
            might_sleep: kfunc.flags.contains(KfuncFlags::SLEEPABLE),
            changes_pkt_data: kfunc.effect == Some(Effect::XdpPullData),
            is_iter_next: kfunc.flags.contains(KfuncFlags::ITER_NEXT),
            effect: kfunc.effect,
        }
    }

    /// Whether it runs its callback within the call.
    pub(crate) fn runs_callback(&self) -> bool {
        matches!(
            self.effect,
            Some(
                Effect::CallbackLoop
                    | Effect::CallbackMapElem
                    | Effect::CallbackVma
                    | Effect::CallbackUserRingbuf
                    | Effect::RbtreeAdd
            )
        )
    }

    /// Whether it has its callback run later.
    pub(crate) fn defers_callback(&self) -> bool {
        matches!(
            self.effect,
            Some(Effect::CallbackTimer | Effect::CallbackWq | Effect::CallbackTaskWork)
        )
    }
}
