//! Places in the kernel that programs are run at: tracepoints with their records, and raw tracepoints
//! (`kernel/trace/trace_event_perf.c`, `kernel/trace/bpf_trace.c`).

mod context;
mod raw;
mod table;
mod tracepoint;

pub use raw::RawTracepoint;
pub(crate) use table::Trace;
pub use tracepoint::{MAX_PROGS, Passed, TraceEvent, Traced};

/// Bytes of a record at most (`PERF_MAX_TRACE_SIZE`).
pub const MAX_RECORD: u64 = 8192;
/// Arguments of a raw tracepoint at most (`MAX_BPF_FUNC_ARGS`).
pub const MAX_ARGS: usize = 12;
