//! Records as bytes: `perf_output_sample`, `perf_log_throttle` (`uapi/linux/perf_event.h`).

use skep_abi::{PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER, Sample};

use super::{Overflow, PerfEvent, SampleType};

const PERF_RECORD_LOST: u32 = 2;
const PERF_RECORD_THROTTLE: u32 = 5;
const PERF_RECORD_UNTHROTTLE: u32 = 6;
const PERF_RECORD_SAMPLE: u32 = 9;
/// `PERF_RECORD_MISC_KERNEL` and `PERF_RECORD_MISC_USER`.
const MISC_KERNEL: u16 = 1;
const MISC_USER: u16 = 2;

/// What records of the machine can hold.
pub(super) const KNOWN: SampleType = SampleType::IDENTIFIER
    .union(SampleType::IP)
    .union(SampleType::TID)
    .union(SampleType::TIME)
    .union(SampleType::ADDR)
    .union(SampleType::ID)
    .union(SampleType::STREAM_ID)
    .union(SampleType::CPU)
    .union(SampleType::PERIOD)
    .union(SampleType::READ)
    .union(SampleType::CALLCHAIN)
    .union(SampleType::RAW);

/// A header with its body.
fn framed(kind: u32, misc: u16, body: &[u64]) -> Vec<u8> {
    let size = 8 + 8 * body.len();
    let mut bytes = Vec::with_capacity(size);
    bytes.extend(kind.to_le_bytes());
    bytes.extend(misc.to_le_bytes());
    bytes.extend((size as u16).to_le_bytes());
    bytes.extend(body.iter().flat_map(|word| word.to_le_bytes()));
    bytes
}

/// `PERF_RECORD_SAMPLE`, its fields in the kernel's order.
pub(super) fn sample(event: &PerfEvent, overflow: Overflow<'_>, period: u64) -> Vec<u8> {
    let sample = overflow.sample;
    let mut body = Vec::new();
    let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let mut put = |bit: SampleType, words: &dyn Fn(&mut Vec<u64>)| {
        if event.attr.sample_type.contains(bit) {
            words(&mut body);
        }
    };
    put(SampleType::IDENTIFIER, &|body| body.push(event.primary_id().0));
    put(SampleType::IP, &|body| body.push(sample.ip));
    put(SampleType::TID, &|body| body.push(pair(sample.pid.0, sample.tid.0)));
    put(SampleType::TIME, &|body| body.push(sample.time));
    put(SampleType::ADDR, &|body| body.push(sample.addr));
    put(SampleType::ID, &|body| body.push(event.primary_id().0));
    put(SampleType::STREAM_ID, &|body| body.push(event.id.0));
    put(SampleType::CPU, &|body| body.push(overflow.cpu.0.into()));
    put(SampleType::PERIOD, &|body| body.push(period));
    put(SampleType::READ, &|body| body.push(event.value().counter));
    put(SampleType::CALLCHAIN, &|body| callchain(event, sample, body));
    put(SampleType::RAW, &|body| raw(&sample.raw, body));
    let misc = if sample.is_user_mode() { MISC_USER } else { MISC_KERNEL };
    framed(PERF_RECORD_SAMPLE, misc, &body)
}

fn callchain(event: &PerfEvent, sample: &Sample, body: &mut Vec<u64>) {
    let count = body.len();
    body.push(0);
    if !event.attr.exclude_callchain_kernel && !sample.is_user_mode() {
        body.push(PERF_CONTEXT_KERNEL);
        body.extend(&sample.kernel_stack);
    }
    if !event.attr.exclude_callchain_user && !sample.user_stack.is_empty() {
        body.push(PERF_CONTEXT_USER);
        body.extend(&sample.user_stack);
    }
    body[count] = (body.len() - count - 1) as u64;
}

/// The length in four bytes, the data, zeroes up to a whole word.
fn raw(data: &[u8], body: &mut Vec<u64>) {
    let size = (4 + data.len()).next_multiple_of(8) - 4;
    let mut bytes = (size as u32).to_le_bytes().to_vec();
    bytes.extend(data);
    bytes.resize(4 + size, 0);
    body.extend(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)));
}

/// `PERF_RECORD_LOST`.
pub(super) fn lost(id: u64, count: u64) -> Vec<u8> {
    framed(PERF_RECORD_LOST, 0, &[id, count])
}

/// Logs that the event is silent from now on.
pub(super) fn throttle(event: &PerfEvent, time: u64) {
    log(event, PERF_RECORD_THROTTLE, time);
}

/// Logs that it no longer is.
pub(super) fn unthrottle(event: &PerfEvent, time: u64) {
    log(event, PERF_RECORD_UNTHROTTLE, time);
}

fn log(event: &PerfEvent, kind: u32, time: u64) {
    if let Some(ring) = event.ring.get() {
        ring.push(&framed(kind, 0, &[time, event.primary_id().0, event.id.0]), false);
    }
}
