//! Insns as the log spells them: with the names of helpers and kfuncs.

use skep_btf::TypeId;
use skep_isa::{InsnIdx, Names, disasm_at};

use crate::env::Env;
use crate::{Kernel, Program};

/// The names that an insn's text uses.
struct Known<'e>(&'e Kernel<'e>);

impl Names for Known<'_> {
    fn helper(&self, id: i32) -> Option<&str> {
        self.0.calls.helper_name(u32::try_from(id).ok()?)
    }

    fn kfunc(&self, btf_id: i32, fd_idx: i16) -> Option<&str> {
        let id = u32::try_from(btf_id).ok().filter(|_| fd_idx == 0)?;
        self.0.btf.get(TypeId(id)).map(|ty| ty.name())
    }
}

/// An insn with its opcode, such as `(b7) r0 = 0`.
pub(super) fn text(prog: &Program<'_>, kernel: &Kernel<'_>, at: u32) -> String {
    let code = prog.insns.get(at as usize).map_or(0, |insn| insn.code);
    let text = disasm_at(prog.insns, InsnIdx(at), &Known(kernel));
    format!("({code:02x}) {text}")
}

/// The insn that is looked at.
pub(super) fn current(env: &Env<'_>) -> String {
    text(env.prog, env.kernel, env.insn_idx)
}
