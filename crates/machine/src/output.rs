//! What programs hand to user space: printed lines, perf records, ring buffer records, in one stream.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use skep_abi::{Cpu, MapId, Pid};

/// One piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A line of `bpf_trace_printk` or `bpf_trace_vprintk`.
    TracePrintk {
        /// Where the program ran.
        cpu: Cpu,
        /// The current thread.
        tid: Pid,
        /// Its name.
        comm: String,
        /// Nanoseconds of `CLOCK_MONOTONIC`.
        time: u64,
        /// The text, without a newline at its end.
        text: String,
    },
    /// A record of `bpf_perf_event_output`.
    PerfEvent {
        /// The PERF_EVENT_ARRAY.
        map: MapId,
        /// Where the program ran.
        cpu: Cpu,
        /// Nanoseconds of `CLOCK_MONOTONIC`.
        time: u64,
        /// The data.
        data: Vec<u8>,
    },
    /// A submitted record of a ring buffer.
    Ringbuf {
        /// The RINGBUF.
        map: MapId,
        /// The data.
        data: Vec<u8>,
    },
}

/// Bytes that the stream holds before records are lost.
const CAPACITY: usize = 16 << 20;

/// The stream; records wait here until someone takes them.
#[derive(Debug)]
pub struct Outputs {
    queue: Mutex<(VecDeque<Output>, usize)>,
    lost: Box<[AtomicU64]>,
}

impl Output {
    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::TracePrintk { comm, text, .. } => comm.len() + text.len(),
                Self::PerfEvent { data, .. } | Self::Ringbuf { data, .. } => data.len(),
            }
    }
}

impl Outputs {
    pub(crate) fn new(cpus: u32) -> Self {
        let lost = (0..cpus).map(|_| AtomicU64::new(0)).collect();
        Self { queue: Mutex::new((VecDeque::new(), 0)), lost }
    }

    /// Adds a record, or counts it as lost on `cpu` when nobody took the ones before.
    pub fn push(&self, cpu: Cpu, output: Output) {
        let bytes = output.bytes();
        let mut queue = self.queue.lock();
        if queue.1 + bytes > CAPACITY {
            if let Some(lost) = self.lost.get(cpu.0 as usize) {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        queue.1 += bytes;
        queue.0.push_back(output);
    }

    /// Takes everything that waits, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<Output> {
        let mut queue = self.queue.lock();
        queue.1 = 0;
        queue.0.drain(..).collect()
    }

    /// Records that were lost, by CPU.
    #[must_use]
    pub fn lost(&self) -> Vec<u64> {
        self.lost.iter().map(|lost| lost.load(Ordering::Relaxed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Output, Outputs};
    use skep_abi::{Cpu, MapId};

    fn record(bytes: usize) -> Output {
        Output::Ringbuf { map: MapId(0), data: vec![0; bytes] }
    }

    #[test]
    fn records_come_out_in_order_and_once() {
        let outputs = Outputs::new(2);
        (1..4).for_each(|bytes| outputs.push(Cpu(0), record(bytes)));
        assert_eq!(outputs.take(), [1, 2, 3].map(record));
        assert!(outputs.take().is_empty());
    }

    #[test]
    fn records_that_nobody_takes_are_counted_as_lost_where_they_were_made() {
        let outputs = Outputs::new(2);
        outputs.push(Cpu(0), record(CAPACITY / 2));
        outputs.push(Cpu(1), record(CAPACITY / 2));
        outputs.push(Cpu(1), record(CAPACITY));
        assert_eq!((outputs.lost(), outputs.take().len()), (vec![0, 2], 1));
        outputs.push(Cpu(1), record(CAPACITY / 2));
        assert_eq!((outputs.lost(), outputs.take().len()), (vec![0, 2], 1), "there is room again");
    }
}
