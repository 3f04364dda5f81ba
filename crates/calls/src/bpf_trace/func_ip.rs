//! `kernel/trace/bpf_trace.c`: the address of a traced function.

use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use crate::arg::Ctx;
use crate::ret::Answer;

/// The function's address.
pub(crate) struct FuncIp;

#[calls(since = "5.15", gpl)]
impl FuncIp {
    /// Returns the address of the function that a kprobe or a trampoline traces.
    ///
    /// The tables of all tracing types list it, but only programs with a traced function may call it: the others
    /// are refused when they are loaded (`-ENOTSUPP`). No program that skep runs has one, so a call that is made
    /// all the same is a fault.
    #[helper(
        173,
        avail { TRACING },
        unsupported [Tracepoint, PerfEvent, RawTracepoint, RawTracepointWritable, Syscall, Lsm]
    )]
    fn bpf_get_func_ip(k: &mut Kernel<'_, '_>, _ctx: Ctx) -> Answer<u64> {
        let why = match FuncIp::CALLS.first() {
            Some(call) if call.spec.unsupported.contains(&k.run.prog_type) => {
                call.spec.unsupported_text(k.run.prog_type)
            }
            _ => "no function is traced here".to_owned(),
        };
        Err(Fault::Call { call: "bpf_get_func_ip", why }.into())
    }
}
