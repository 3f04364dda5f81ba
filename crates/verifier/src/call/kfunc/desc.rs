//! Which kernel function an insn calls, and whether the program may call it at all (`add_kfunc_call`,
//! `fetch_kfunc_meta`).

use skep_abi::{Effect, KfuncAnswer, KfuncFlags};
use skep_btf::{Btf, Param, Type, TypeId};
use skep_isa::Insn;

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

rejections! {
    /// The kernel has the function, but programs of this type, or at this place, may not call it.
    ///
    /// Kernel functions are registered for program types one set at a time, and some only for certain hooks. A
    /// function that exists in BTF but in no set cannot be called by any program.
    KfuncNotAllowed("kfunc-not-allowed", EACCES, help: "use another program type or a helper that does the same; `skep list` shows who may call what") {
        name: String,
    } => "calling kernel function {name} is not allowed";
}

/// A kernel function as the calling program sees it.
#[derive(Debug)]
pub(super) struct Kfunc<'a> {
    /// Its name.
    pub(super) name: &'static str,
    /// `FUNC` in the kernel's BTF.
    pub(super) id: TypeId,
    /// Flags.
    pub(super) flags: KfuncFlags,
    /// Beyond flags and prototype.
    pub(super) effect: Option<Effect>,
    /// Parameters, R1 first.
    pub(super) params: Vec<Param<'a>>,
    /// Type of the result.
    pub(super) ret: TypeId,
}

impl<'a> Kfunc<'a> {
    /// The function that an insn calls, if the program may call it.
    pub(super) fn lookup(env: &Env<'a>, insn: Insn) -> Step<Self> {
        let id = TypeId(insn.imm.cast_unsigned());
        let btf: &'a Btf = env.kernel.btf;
        let Some(Type::Func { name, proto, .. }) = btf.get(id) else {
            return Stop::bug("the call of no kernel function");
        };
        let Type::FuncProto(proto) = btf.ty(proto) else {
            return Stop::bug("a function of the kernel has no prototype");
        };
        match env.kernel.calls.kfunc(name, &env.caller()) {
            KfuncAnswer::Denied => Err(KfuncNotAllowed { name: name.to_owned() }.into()),
            KfuncAnswer::NotModelled => Stop::unsupported(format!("kernel function {name}")),
            KfuncAnswer::Proto(found) => Ok(Self {
                name: found.name,
                id,
                flags: found.flags,
                effect: found.effect,
                params: proto.params().collect(),
                ret: proto.ret,
            }),
        }
    }

    /// Whether a flag is set.
    pub(super) fn has(&self, flag: KfuncFlags) -> bool {
        self.flags.contains(flag)
    }
}
