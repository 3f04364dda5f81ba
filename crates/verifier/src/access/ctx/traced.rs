//! Programs that are run where something happens, and see it as it is: perf events, kprobes, tracepoints.

use super::span::{Fields, Rule};
use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

/// Bytes of `struct pt_regs` on x86-64.
const PT_REGS: i32 = 168;
/// Arguments that tracing contexts may have, eight bytes each (`MAX_BPF_FUNC_ARGS`).
pub(super) const MAX_ARGS: i32 = 12;

/// `struct bpf_perf_event_data`: registers, `sample_period`, `addr`.
static PERF_EVENT: Fields = Fields {
    size: 184,
    spans: &[
        (0, PT_REGS, Rule::Whole(8)),
        (168, 176, Rule::Narrow(8)),
        (176, 184, Rule::Narrow(8)),
    ],
    other: Rule::No,
};

/// `struct pt_regs`.
static KPROBE: Fields = Fields { size: PT_REGS, spans: &[], other: Rule::Any };

/// The record of a tracepoint, up to `PERF_MAX_TRACE_SIZE`; the first eight bytes are the kernel's own.
static TRACEPOINT: Fields = Fields { size: 8192, spans: &[(0, 8, Rule::No)], other: Rule::Any };

/// Arguments as numbers.
static ARGS: Fields = Fields { size: 8 * MAX_ARGS, spans: &[], other: Rule::Any };

/// The rules of contexts that are only read.
pub(super) fn read_only(fields: &Fields, query: &Query) -> bool {
    query.rw == Rw::Read && fields.allows(query.off, query.size)
}

fn numbers(fields: &Fields, query: &Query) -> Answer {
    if read_only(fields, query) { Ok(Yields::Number) } else { refused() }
}

/// `pe_prog_is_valid_access`.
pub(super) fn perf_event(query: &Query) -> Answer {
    numbers(&PERF_EVENT, query)
}

/// `kprobe_prog_is_valid_access`.
pub(super) fn kprobe(query: &Query) -> Answer {
    numbers(&KPROBE, query)
}

/// `tp_prog_is_valid_access`.
///
/// The kernel compares the offset as an unsigned number with the first limit and as a signed one with the second, so
/// that negative offsets pass. Attaching such a program fails.
pub(super) fn tracepoint(query: &Query) -> Answer {
    let is_below = query.off < 0 && query.rw == Rw::Read && query.is_aligned();
    if is_below { Ok(Yields::Number) } else { numbers(&TRACEPOINT, query) }
}

/// `bpf_tracing_ctx_access`.
pub(super) fn is_argument(query: &Query) -> bool {
    read_only(&ARGS, query)
}

/// `raw_tp_prog_is_valid_access`.
pub(super) fn raw_tracepoint(query: &Query) -> Answer {
    numbers(&ARGS, query)
}

/// `raw_tp_writable_prog_is_valid_access`: the first argument is the buffer.
pub(super) fn raw_tracepoint_writable(query: &Query) -> Answer {
    if query.off != 0 {
        return raw_tracepoint(query);
    }
    if query.rw == Rw::Read && query.size == 8 {
        Ok(Yields::base(Base::TpBuffer))
    } else {
        refused()
    }
}

/// `lirc_mode2_is_valid_access`: one number of four bytes.
pub(super) fn lirc(query: &Query) -> Answer {
    numbers(&Fields { size: 1, spans: &[], other: Rule::Whole(4) }, query)
}
