//! Records of the kernel's, as events with the usual `sample_type` write them.

use crate::{half, word};

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    kind: u32,
    misc: u16,
    /// Of samples: addresses, innermost first, with their markers.
    chain: Vec<u64>,
    /// Of samples: raw data.
    raw: Option<Vec<u8>>,
    /// Of other records: what stands before the trailer.
    body: Vec<u8>,
    id: u64,
    time: u64,
    cpu: u32,
    pid: u32,
    tid: u32,
    ip: u64,
}

fn record(kind: u32, misc: u16, body: Vec<u8>) -> Record {
    let (chain, raw) = (Vec::new(), None);
    Record { kind, misc, chain, raw, body, id: 0, time: 0, cpu: 0, pid: 0, tid: 0, ip: 0 }
}

/// A sample in user space, with an empty callchain.
#[must_use]
pub fn sample(id: u64, time: u64) -> Record {
    Record { id, time, ..record(9, 2, Vec::new()) }
}

/// A sample of `sched:sched_switch`: of the thread that leaves, on whose CPU the other comes.
#[must_use]
pub fn sched_switch(id: u64, time: u64, prev: u32, next: u32) -> Record {
    let mut raw = vec![0; 64];
    raw[24..28].copy_from_slice(&prev.to_le_bytes());
    raw[56..60].copy_from_slice(&next.to_le_bytes());
    Record { misc: 1, raw: Some(raw), ..sample(id, time).task(prev) }
}

/// `PERF_RECORD_SWITCH_CPU_WIDE`: the record of the task that leaves (`is_out`) or comes, which names the other.
#[must_use]
pub fn switch(id: u64, time: u64, is_out: bool, own: u32, other: u32) -> Record {
    let mut body = Vec::new();
    half(&mut body, other);
    half(&mut body, other);
    let misc = u16::from(is_out) << 13;
    Record { id, time, ..record(15, misc, body) }.task(own)
}

/// `PERF_RECORD_COMM`; as perf itself writes it of what ran before, at time 0 and without an id.
#[must_use]
pub fn comm(pid: u32, name: &str) -> Record {
    let mut body = Vec::new();
    half(&mut body, pid);
    half(&mut body, pid);
    body.extend(name.as_bytes());
    body.resize(8 + (name.len() + 1).next_multiple_of(8), 0);
    record(3, 0, body).task(pid)
}

/// `PERF_RECORD_FORK`, of a process.
#[must_use]
pub fn fork(id: u64, time: u64, pid: u32, parent: u32) -> Record {
    let mut body = Vec::new();
    [pid, parent, pid, parent].into_iter().for_each(|number| half(&mut body, number));
    word(&mut body, time);
    Record { id, time, ..record(7, 0, body) }.task(parent)
}

/// The same of a process that ran before, as perf itself writes it.
#[must_use]
pub fn present(pid: u32, parent: u32) -> Record {
    Record { misc: 1 << 13, ..fork(0, 0, pid, parent) }
}

/// `PERF_RECORD_MMAP2` of code, at time 0 and without an id.
#[must_use]
pub fn mmap(pid: u32, start: u64, len: u64, path: &str) -> Record {
    let mut body = Vec::new();
    half(&mut body, pid);
    half(&mut body, pid);
    for field in [start, len, 0] {
        word(&mut body, field);
    }
    body.extend([0; 24]);
    half(&mut body, 5);
    half(&mut body, 2);
    body.extend(path.as_bytes());
    body.resize(72 - 8 + (path.len() + 1).next_multiple_of(8), 0);
    record(10, 2, body).task(pid)
}

/// Any record, whose body is this.
#[must_use]
pub fn raw(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    half(&mut bytes, kind);
    bytes.extend(0u16.to_le_bytes());
    bytes.extend((8 + body.len() as u16).to_le_bytes());
    bytes.extend(body);
    bytes
}

impl Record {
    /// On this CPU.
    #[must_use]
    pub fn cpu(self, cpu: u32) -> Self {
        Self { cpu, ..self }
    }

    /// Of the main thread of a process.
    #[must_use]
    pub fn task(self, pid: u32) -> Self {
        Self { pid, tid: pid, ..self }
    }

    /// At this address, which is the whole user stack too.
    #[must_use]
    pub fn ip(self, ip: u64) -> Self {
        self.stack(&[ip])
    }

    /// With this user stack, innermost first.
    #[must_use]
    pub fn stack(mut self, stack: &[u64]) -> Self {
        self.ip = stack.first().copied().unwrap_or(0);
        // PERF_CONTEXT_USER
        self.chain = [(-512i64).cast_unsigned()].iter().chain(stack).copied().collect();
        self
    }

    /// As an event writes it that has all but the callchain.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        if self.kind == 9 {
            word(&mut body, self.id);
            word(&mut body, self.ip);
        } else {
            body.extend(&self.body);
        }
        half(&mut body, self.pid);
        half(&mut body, self.tid);
        word(&mut body, self.time);
        word(&mut body, self.cpu.into());
        if self.kind == 9 {
            word(&mut body, 1);
            match &self.raw {
                Some(raw) => {
                    // With the padding, the size and the data end on a word.
                    half(&mut body, raw.len() as u32 + 4);
                    body.extend(raw);
                    body.extend([0; 4]);
                }
                None => {
                    word(&mut body, self.chain.len() as u64);
                    self.chain.iter().for_each(|address| word(&mut body, *address));
                }
            }
        } else {
            word(&mut body, self.id);
        }
        let mut bytes = Vec::new();
        half(&mut bytes, self.kind);
        bytes.extend(self.misc.to_le_bytes());
        bytes.extend((8 + body.len() as u16).to_le_bytes());
        bytes.extend(body);
        bytes
    }
}
