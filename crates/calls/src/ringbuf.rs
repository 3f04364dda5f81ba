//! `kernel/bpf/ringbuf.c`: records in one ring for all CPUs.

use skep_machine::{Kernel, Map};
use skep_macros::calls;

use crate::arg::{AllocSize, Anything, ConstMap, ReadMem, RingbufMem, SizeOrZero};
use crate::map::wrong_map;
use crate::ret::{Answer, RingbufMemOrNull, Success};

/// Ring buffers.
pub(crate) struct RingbufCalls;

#[calls(since = "5.8", avail { BASE })]
impl RingbufCalls {
    /// Copies a record into the ring.
    ///
    /// `flags`: `BPF_RB_NO_WAKEUP` (1), `BPF_RB_FORCE_WAKEUP` (2). Returns 0.
    ///
    /// *Errors*: `EINVAL` for other flags, `EAGAIN` when it does not fit.
    #[helper(130)]
    fn bpf_ringbuf_output(
        k: &mut Kernel<'_, '_>,
        ringbuf: ConstMap,
        data: ReadMem,
        size: SizeOrZero,
        flags: Anything,
    ) -> Answer<Success> {
        let map = ring(k, ringbuf, "bpf_ringbuf_output")?;
        let data = k.run.memory().read_vec(data.0, size.0)?;
        map.output(&data, flags.0)?;
        Ok(Success)
    }

    /// Reserves a record of `size` bytes, which must be submitted or discarded; null when it does not fit or
    /// `flags` is not 0.
    #[helper(131, effect = RingbufReserve)]
    fn bpf_ringbuf_reserve(
        k: &mut Kernel<'_, '_>,
        ringbuf: ConstMap,
        size: AllocSize,
        flags: Anything,
    ) -> Answer<RingbufMemOrNull> {
        let map = ring(k, ringbuf, "bpf_ringbuf_reserve")?;
        Ok(RingbufMemOrNull(map.reserve(size.0, flags.0)))
    }

    /// Hands a reserved record to user space.
    ///
    /// `flags` as for `bpf_ringbuf_output`; other bits are ignored.
    #[helper(132, effect = RingbufRelease)]
    fn bpf_ringbuf_submit(k: &mut Kernel<'_, '_>, data: RingbufMem, flags: Anything) -> Answer<()> {
        commit(k, data, flags, false)
    }

    /// Gives up a reserved record; user space skips it.
    ///
    /// `flags` as for `bpf_ringbuf_output`; other bits are ignored.
    #[helper(133, effect = RingbufRelease)]
    fn bpf_ringbuf_discard(
        k: &mut Kernel<'_, '_>,
        data: RingbufMem,
        flags: Anything,
    ) -> Answer<()> {
        commit(k, data, flags, true)
    }

    /// Returns a number of the ring: bytes not yet consumed (0), its size (1), the consumer's (2) or the
    /// producer's (3) position; 0 for other `flags`.
    #[helper(134)]
    fn bpf_ringbuf_query(
        k: &mut Kernel<'_, '_>,
        ringbuf: ConstMap,
        flags: Anything,
    ) -> Answer<u64> {
        Ok(ring(k, ringbuf, "bpf_ringbuf_query")?.query(flags.0))
    }
}

fn ring<'m>(
    k: &Kernel<'_, 'm>,
    map: ConstMap,
    call: &'static str,
) -> Answer<&'m skep_machine::map::Ringbuf> {
    let map: &'m Map = k.run.machine.map_at(map.0)?;
    map.ringbuf().ok_or_else(|| wrong_map(call, map).into())
}

fn commit(k: &Kernel<'_, '_>, data: RingbufMem, flags: Anything, discard: bool) -> Answer<()> {
    let map = k.run.machine.ringbuf_at(data.0)?;
    if let Some(ring) = map.ringbuf() {
        ring.commit(data.0, flags.0, discard)?;
    }
    Ok(())
}
