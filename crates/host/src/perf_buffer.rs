//! Perf buffers, read: what `bpf_perf_event_output` writes to the events of a `PERF_EVENT_ARRAY`, one for each CPU.

use std::time::Duration;

use perf_event_open_sys::bindings::{
    PERF_COUNT_SW_BPF_OUTPUT, PERF_RECORD_LOST, PERF_RECORD_SAMPLE, PERF_SAMPLE_RAW,
    PERF_TYPE_SOFTWARE,
};
use skep_abi::MapType;

use crate::perf_event::{PerfEvent, PerfEventAttr, Target};
use crate::perf_ring::{PerfRecord, PerfRing};
use crate::poll::Poller;
use crate::sys::limit;
use crate::{HostError, Map};

/// What a CPU's ring holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// What a program wrote. The kernel pads it with zeros to 8 bytes together with its length (4 bytes).
    Sample(&'a [u8]),
    /// This many records found no room.
    Lost(u64),
}

#[derive(Debug)]
struct OfCpu {
    cpu: u32,
    ring: PerfRing,
    /// Keeps the event, which the map refers to.
    _event: PerfEvent,
}

/// The reader of a `PERF_EVENT_ARRAY`.
#[derive(Debug)]
pub struct PerfBuffer {
    cpus: Vec<OfCpu>,
    poller: Poller,
}

impl PerfBuffer {
    /// Opens an event with a ring of this many pages (a power of two) on each CPU that runs, and puts them into the
    /// map.
    ///
    /// # Errors
    /// When the map is of another kind, or the kernel refuses an event or its ring.
    pub fn new(map: &Map, pages: usize) -> Result<Self, HostError> {
        if map.kind() != Some(MapType::PerfEventArray) {
            let what = format!("read perf buffer {}", map.name());
            return Err(HostError::unsupported(what, "it is a map of another kind"));
        }
        let mut buffer = Self { cpus: Vec::new(), poller: Poller::new()? };
        let online = limit::online_cpus();
        for cpu in online.into_iter().filter(|&cpu| cpu < map.max_entries()) {
            let event = PerfEvent::open(&attr(), Target::Cpu(cpu), None)?;
            let ring = PerfRing::new(&event, pages)?;
            map.set_fd(&cpu.to_ne_bytes(), &event)?;
            event.enable()?;
            buffer.poller.add(&event, cpu.into())?;
            buffer.cpus.push(OfCpu { cpu, ring, _event: event });
        }
        Ok(buffer)
    }

    /// Hands over everything that is there, CPU by CPU, with the CPU; returns how many records that were.
    pub fn drain(&mut self, mut read: impl FnMut(u32, Output<'_>)) -> usize {
        let mut count = 0;
        for OfCpu { cpu, ring, .. } in &mut self.cpus {
            count += ring.drain(|record| {
                if let Some(output) = output(&record) {
                    read(*cpu, output);
                }
            });
        }
        count
    }

    /// Waits until there is something to read, or the time is over; whether there is.
    ///
    /// # Errors
    /// When the kernel refuses to wait.
    pub fn wait(&self, timeout: Duration) -> Result<bool, HostError> {
        self.poller.wait(timeout).map(|ready| !ready.is_empty())
    }
}

/// The event that libbpf opens: every output is a record, and wakes the reader.
fn attr() -> PerfEventAttr {
    let mut attr = PerfEventAttr {
        type_: PERF_TYPE_SOFTWARE,
        config: PERF_COUNT_SW_BPF_OUTPUT.into(),
        sample_type: PERF_SAMPLE_RAW.into(),
        ..PerfEventAttr::default()
    };
    attr.__bindgen_anon_1.sample_period = 1;
    attr.__bindgen_anon_2.wakeup_events = 1;
    attr
}

fn output(record: &PerfRecord) -> Option<Output<'_>> {
    match record.kind {
        PERF_RECORD_SAMPLE => {
            let (len, data) = record.body.split_first_chunk()?;
            let len = u32::from_ne_bytes(*len) as usize;
            Some(Output::Sample(data.get(..len).unwrap_or(data)))
        }
        PERF_RECORD_LOST => {
            // The event's id comes first.
            let lost = record.body.get(8..16)?.try_into().ok()?;
            Some(Output::Lost(u64::from_ne_bytes(lost)))
        }
        _ => None,
    }
}
