//! `kernel/trace/bpf_trace.c`: the number that whoever attached a program gave it.

use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::Ctx;

/// The cookie.
pub(crate) struct Cookie;

#[calls(since = "5.15")]
impl Cookie {
    /// Returns the cookie of the link through which the program runs.
    ///
    /// It is 0 when the program was attached without a link, and in children of an inherited event: they take
    /// the program along, not the cookie.
    #[helper(174, avail { Kprobe, Tracepoint, PerfEvent, TRAMPOLINE: "5.19", RAW_TRACEPOINT: "6.10" })]
    fn bpf_get_attach_cookie(k: &mut Kernel<'_, '_>, _ctx: Ctx) -> u64 {
        match k.run.event {
            Some(event) if event.is_inherited() => 0,
            _ => k.run.cookie,
        }
    }
}
