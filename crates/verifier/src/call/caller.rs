//! The program as the tables of calls ask about it.

use skep_abi::Caller;

use crate::env::Env;

/// Begins the name of the typedef that a `tp_btf` program attaches to.
const TRACEPOINT: &str = "btf_trace_";

impl<'a> Env<'a> {
    /// Who makes a call, as far as availability depends on it.
    pub(crate) fn caller(&self) -> Caller<'a> {
        let (prog, btf) = (self.prog, self.kernel.btf);
        let target = prog.attach_btf_id.map(|id| btf.name(id));
        let struct_ops = target.zip(prog.struct_ops_member).map(|(name, member)| {
            let composite = prog.attach_btf_id.and_then(|id| btf.ty(id).composite());
            let member = composite.and_then(|ops| ops.member(member as usize));
            (name, member.map_or("", |member| member.name))
        });
        Caller {
            prog_type: prog.prog_type,
            attach_type: prog.attach_type,
            sleepable: prog.sleepable,
            attach_target: target.map(|name| name.strip_prefix(TRACEPOINT).unwrap_or(name)),
            struct_ops,
            version: self.kernel.version,
        }
    }
}
