//! The real kernel: `bpf(2)` and `perf_event_open(2)`, without libbpf.
//!
//! [`HostObject`] creates the maps of an object that was resolved against the running kernel, as libbpf would.
//! [`HostObject::judge`] asks the kernel's verifier about its programs one by one, as veristat would;
//! [`HostObject::load`] loads what can be loaded and reports what was refused ([`Loaded`]). Programs attach through
//! [`PerfEvent`]s and [`Link`]s, and are read from user space through [`Map`]s, [`RingBuffer`]s and [`PerfBuffer`]s.
//! [`Program`] and [`MapAttr`] are for insns and maps that come from nowhere else, such as generated ones.
//!
//! Everything is a descriptor that closes on exec, and goes with the value that owns it: nothing is left behind when a
//! process ends, however it ends. Only [`pin`] leaves something, where it is asked for.

mod btf;
mod error;
mod ids;
mod info;
mod link;
mod log;
mod map;
mod object;
mod perf_buffer;
mod perf_event;
mod perf_ring;
mod pin;
mod poll;
pub mod probe;
mod program;
mod ringbuf;
mod sys;
mod trace_pipe;
mod tracefs;

pub use btf::{KernelBtf, load as load_btf};
pub use error::{Cause, HostError};
pub use ids::{Kind, TaskFd, ids, measure_runs, task_fd};
pub use info::{BtfInfo, LinkInfo, LinkTarget, MapInfo, ProgInfo};
pub use link::Link;
pub use log::{Stats, Verdict, message_before_stats};
pub use map::{Entry, Map, MapAttr, MapMemory, UpdateFlag};
pub use object::{HostObject, LoadOptions, Loaded, NotLoaded, Wanted};
pub use perf_buffer::{Output, PerfBuffer};
pub use perf_event::{Count, PerfEvent, PerfEventAttr, Target, kprobe_pmu, uprobe_pmu};
pub use perf_ring::{PerfRecord, PerfRing};
pub use pin::{open_pinned, pin};
pub use program::{LoadedProgram, LogBuffer, LogLevel, Program, TestResult, TestRun};
pub use ringbuf::RingBuffer;
pub use sys::limit::{online_cpus, possible_cpus};
pub use trace_pipe::TracePipe;
pub use tracefs::Tracefs;
