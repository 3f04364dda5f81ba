//! `kernel/trace/bpf_trace.c`: records for user space, and the value of the event that overflowed.

use skep_abi::{CounterValue, Errno};
use skep_machine::{Kernel, Output, PerfEvent};
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Ctx, ReadMem, Size, SizeOrZero, UninitMem};
use crate::map::wrong_map;
use crate::ret::{Answer, Success};

/// `sizeof(struct bpf_perf_event_value)`
const VALUE_SIZE: u32 = 24;

/// Perf events.
pub(crate) struct Perf;

#[calls(gpl)]
impl Perf {
    /// Writes a record to a perf event of a `PERF_EVENT_ARRAY`.
    ///
    /// `flags` is the index of the slot, or `BPF_F_CURRENT_CPU` (2^32 - 1) for the number of the current CPU.
    /// Returns 0.
    ///
    /// *Errors*: `EINVAL` for other flags or an event that is not `PERF_COUNT_SW_BPF_OUTPUT`, `E2BIG` past the
    /// end of the array, `ENOENT` for an empty slot, `EOPNOTSUPP` for an event of another CPU.
    #[helper(
        25,
        since = "4.4",
        avail {
            TRACING,
            TC_XDP: "4.8",
            LWT: "4.10",
            SockOps: "4.20",
            SKB: "5.4",
            CGROUP_OTHER: "5.5",
            CGROUP_SOCKET: "5.7",
            SkMsg: "5.8",
            SkLookup: "5.9",
        }
    )]
    fn bpf_perf_event_output(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        map: ConstMap,
        flags: Anything,
        data: ReadMem,
        size: SizeOrZero,
    ) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        let Some(slots) = map.perf_event_array() else {
            return Err(wrong_map("bpf_perf_event_output", map).into());
        };
        let data = k.run.memory().read_vec(data.0, size.0)?;
        slots.check_output(k.run.cpu, flags.0)?;
        let output = Output::PerfEvent { map: map.id(), cpu: k.run.cpu, time: k.run.now(), data };
        k.run.machine.outputs().push(k.run.cpu, output);
        Ok(Success)
    }

    /// Reads the event that overflowed: its count, and how long it was enabled and counting.
    ///
    /// Fills a `struct bpf_perf_event_value`. Returns 0.
    ///
    /// *Errors*, with the buffer zeroed: `EINVAL` when `buf_size` is not 24 or nothing is known of the event,
    /// `EOPNOTSUPP` for an inherited event.
    #[helper(56, since = "4.15", avail { PerfEvent })]
    fn bpf_perf_prog_read_value(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        buf: UninitMem,
        buf_size: Size,
    ) -> Answer<Success> {
        let memory = k.run.memory();
        match read_value(k, buf_size.cut()) {
            Ok(CounterValue { counter, enabled, running }) => {
                memory.write(buf.0, &[counter, enabled, running].map(u64::to_le_bytes).concat())?;
                Ok(Success)
            }
            Err(errno) => {
                memory.fill(buf.0, u64::from(buf_size.cut()), 0)?;
                Err(errno.into())
            }
        }
    }
}

fn read_value(k: &Kernel<'_, '_>, size: u32) -> Result<CounterValue, Errno> {
    if size != VALUE_SIZE {
        return Err(Errno::EINVAL);
    }
    let event = k.run.event;
    if event.is_some_and(|event| event.attr().inherit) {
        return Err(Errno::EOPNOTSUPP);
    }
    // What the source read at the sample, else what the machine's event has counted.
    let sampled = k.run.sample.and_then(|sample| sample.value);
    sampled.or_else(|| event.map(PerfEvent::own_value)).ok_or(Errno::EINVAL)
}
