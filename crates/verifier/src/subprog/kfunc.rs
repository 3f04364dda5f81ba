//! The kfuncs that a program calls, as far as the kernel looks at them before any path (`add_kfunc_call`).

use std::collections::BTreeSet;

use skep_abi::Effect;
use skep_btf::{Type, TypeId};
use skep_isa::Insn;

use crate::call_summary::CallSummary;
use crate::diag::{Step, rejections};
use crate::env::Env;

/// No program calls more kfuncs.
const MAX_KFUNCS: usize = 256;

rejections! {
    /// A program without a GPL-compatible licence calls a kfunc.
    ///
    /// Every kfunc is for GPL-compatible programs only.
    KfuncNeedsGpl("kfunc-needs-gpl", EINVAL, help: "declare a GPL-compatible licence: `char LICENSE[] SEC(\"license\") = \"GPL\";`") {
    } => "cannot call kernel function from non-GPL compatible program";

    /// The call of a kfunc names a module by a negative index.
    ///
    /// Loaders never write this.
    KfuncNegativeModule("kfunc-negative-module", EINVAL, help: "use a loader that resolves kfuncs") {
    } => "negative offset disallowed for kernel module function call\nfailed to find BTF for kernel function";

    /// The call of a kfunc names a module by an index, and the program was loaded without modules.
    ///
    /// Loaders write an index only together with the list of modules that it is an index of.
    KfuncModuleUnnamed("kfunc-module-unnamed", EPROTO, help: "use a loader that resolves kfuncs") {
    } => "kfunc offset > 0 without fd_array is invalid\nfailed to find BTF for kernel function";

    /// The program calls more than 256 kfuncs.
    TooManyKfuncs("too-many-kfuncs", E2BIG, help: "split the program") {
    } => "too many different kernel function calls";

    /// The id in the call of a kfunc is not that of a function of the kernel.
    ///
    /// The program was resolved against another kernel.
    KfuncIdNoFunction("kfunc-id-no-function", EINVAL, help: "load the object with a loader, so that kfuncs are resolved against this kernel") {
        id: u32,
    } => "kernel btf_id {id} is not a function";

    /// The function of the kernel has no prototype.
    KfuncNoProto("kfunc-no-prototype", EINVAL, help: "none: the kernel's types are damaged") {
        id: u32,
    } => "kernel function btf_id {id} does not have a valid func_proto";

    /// Kfuncs that read what a network device knows of a packet need the program to be loaded for that device.
    KfuncDeviceBound("kfunc-device-bound", EINVAL, help: "load the program with BPF_F_XDP_DEV_BOUND_ONLY and the index of the device") {
    } => "metadata kfuncs require device-bound program";
}

/// Kfuncs seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: BTreeSet<i32>,
}

impl Seen {
    /// Looks at one call.
    pub(super) fn add(&mut self, env: &Env<'_>, call: Insn) -> Step {
        if !env.prog.gpl_compatible {
            return Err(KfuncNeedsGpl {}.into());
        }
        // The loader leaves calls of weak kfuncs that the kernel lacks so: they must not be reached.
        if call.imm == 0 && call.off == 0 {
            return Ok(());
        }
        if call.off < 0 {
            return Err(KfuncNegativeModule {}.into());
        }
        if call.off > 0 {
            // Programs come without descriptors of modules: what needs one is not resolved by loaders.
            return Err(KfuncModuleUnnamed {}.into());
        }
        if self.ids.contains(&call.imm) {
            return Ok(());
        }
        if self.ids.len() == MAX_KFUNCS {
            return Err(TooManyKfuncs {}.into());
        }
        let btf = env.kernel.btf;
        let id = TypeId(call.imm.cast_unsigned());
        let Some(Type::Func { proto, .. }) = btf.get(id) else {
            return Err(KfuncIdNoFunction { id: id.0 }.into());
        };
        if !matches!(btf.ty(proto), Type::FuncProto(_)) {
            return Err(KfuncNoProto { id: id.0 }.into());
        }
        if CallSummary::of(env, call).is_some_and(|it| it.effect == Some(Effect::DeviceBound)) {
            return Err(KfuncDeviceBound {}.into());
        }
        self.ids.insert(call.imm);
        Ok(())
    }
}
