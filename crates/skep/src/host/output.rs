//! What programs in the kernel print or send: ring buffers, perf buffers, `bpf_printk`.

use serde_json::{Value, json};
use skep_abi::{MapType, Pid};
use skep_btf::hex;
use skep_host::{Output, PerfBuffer, RingBuffer, TracePipe};
use skep_isa::opcode;
use skep_object::{Resolved, ResolvedProgram};

use super::Loaded;

/// Pages of a CPU's ring for `bpf_perf_event_output`: 256 KiB.
const PERF_PAGES: usize = 64;
/// Most lines and records that are kept.
const MOST: usize = 1 << 20;
/// `bpf_trace_printk` and `bpf_trace_vprintk`.
const PRINTS: [i32; 2] = [6, 177];

/// The readers of everything that an object's programs print or send.
#[derive(Debug)]
pub(crate) struct Outputs {
    rings: Vec<(String, RingBuffer)>,
    perf: Vec<(String, PerfBuffer)>,
    pipe: Option<TracePipe>,
    /// The thread whose printed lines are taken; those of all without one.
    only: Option<Pid>,
    taken: Vec<Value>,
    /// Records and lines that found no room, here or in the kernel.
    lost: u64,
    /// What cannot be shown, and why.
    faults: Vec<String>,
}

impl Outputs {
    /// Opens the readers, before any program runs.
    pub(crate) fn open(loaded: &Loaded<'_>, resolved: &Resolved) -> Self {
        let (mut rings, mut perf, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for (spec, map) in loaded.maps() {
            let name = spec.name.clone();
            let opened = match spec.kind {
                Some(MapType::Ringbuf) => RingBuffer::new(map).map(|ring| rings.push((name, ring))),
                Some(MapType::PerfEventArray) => {
                    PerfBuffer::new(map, PERF_PAGES).map(|buffer| perf.push((name, buffer)))
                }
                _ => Ok(()),
            };
            faults.extend(opened.err().map(|error| format!("not shown: {error}")));
        }
        let mut pipe = None;
        if resolved.programs.iter().any(prints) {
            match TracePipe::open() {
                Ok(opened) => pipe = Some(opened),
                Err(error) => faults.push(format!("what bpf_printk prints is not shown: {error}")),
            }
        }
        Self { rings, perf, pipe, only: None, taken: Vec::new(), lost: 0, faults }
    }

    /// Whether what programs print is read, or none prints.
    pub(crate) fn shows_prints(&self) -> bool {
        self.pipe.is_some()
    }

    /// Takes printed lines of one thread only.
    pub(crate) fn only(&mut self, tid: Option<Pid>) {
        self.only = tid;
    }

    /// Takes what is there.
    pub(crate) fn drain(&mut self) {
        let Self { rings, perf, pipe, only, taken, lost, .. } = self;
        let mut keep = |value: Value| {
            if taken.len() < MOST { taken.push(value) } else { *lost += 1 }
        };
        let mut missing = 0;
        for (name, ring) in rings {
            ring.drain(|data| keep(json!({ "map": name, "data": hex(data) })));
        }
        for (name, buffer) in perf {
            buffer.drain(|cpu, output| match output {
                Output::Sample(data) => {
                    keep(json!({ "map": name, "cpu": cpu, "data": hex(data) }));
                }
                Output::Lost(records) => missing += records,
            });
        }
        if let Some(pipe) = pipe {
            pipe.drain(|tid, line| {
                if only.is_none_or(|only| Some(only.0) == tid) {
                    keep(Value::String(line.to_owned()));
                }
            });
        }
        *lost += missing;
    }

    /// Everything that was taken, and what the user should know of it.
    pub(crate) fn finish(mut self) -> (Vec<Value>, Vec<String>) {
        self.drain();
        let mut notices = self.faults;
        if self.lost > 0 {
            notices.push(format!("{} output records found no room and are missing", self.lost));
        }
        if self.pipe.is_some() && self.only.is_none() && self.taken.iter().any(Value::is_string) {
            notices.push(
                "printed lines are those of all programs of the system, which share one stream"
                    .to_owned(),
            );
        }
        (self.taken, notices)
    }
}

/// Whether a program calls `bpf_trace_printk` or `bpf_trace_vprintk`.
fn prints(program: &ResolvedProgram) -> bool {
    program.insns.iter().any(|insn| {
        insn.code == opcode::JMP | opcode::CALL && insn.src.0 == 0 && PRINTS.contains(&insn.imm)
    })
}
