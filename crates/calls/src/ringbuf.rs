//! `kernel/bpf/ringbuf.c`: records in one ring for all CPUs.

use skep_abi::Errno;
use skep_machine::{Kernel, Map};
use skep_macros::calls;

use crate::arg::{
    AllocSize, Anything, ConstMap, NewRingbufDynptr, ReadMem, RingbufDynptr, RingbufMem, SizeOrZero,
};
use crate::dynptr::{Kind, MAX, Value};
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

/// Dynptrs to records.
pub(crate) struct RingbufDynptrs;

#[calls(since = "5.19", avail { BASE })]
impl RingbufDynptrs {
    /// Reserves a record of `size` bytes and makes a dynptr to it, which must be submitted or discarded, whatever the
    /// result. Returns 0.
    ///
    /// *Errors*: `EINVAL` for `flags` but 0 and when it does not fit, `E2BIG` for 16 MiB or more; there is nothing behind
    /// the dynptr then.
    #[helper(198, effect = DynptrRingbufReserve)]
    fn bpf_ringbuf_reserve_dynptr(
        k: &mut Kernel<'_, '_>,
        ringbuf: ConstMap,
        size: Anything,
        flags: Anything,
        ptr: NewRingbufDynptr,
    ) -> Answer<Success> {
        let size = size.0 as u32;
        let map = ring(k, ringbuf, "bpf_ringbuf_reserve_dynptr")?;
        let record = match flags.0 {
            0 if size > MAX => Err(Errno::E2BIG),
            0 => map.reserve(size.into(), 0).ok_or(Errno::EINVAL),
            _ => Err(Errno::EINVAL),
        };
        let made = record.map(|record| Value::new(record, Kind::Ringbuf, size));
        made.unwrap_or(Value::NULL).store(k, ptr.0)?;
        made?;
        Ok(Success)
    }

    /// Hands the record behind a dynptr to user space; there is nothing behind the dynptr afterwards.
    ///
    /// `flags` as for `bpf_ringbuf_output`; other bits are ignored.
    #[helper(199, effect = DynptrRingbufRelease)]
    fn bpf_ringbuf_submit_dynptr(
        k: &mut Kernel<'_, '_>,
        ptr: RingbufDynptr,
        flags: Anything,
    ) -> Answer<()> {
        release(k, ptr, flags, false)
    }

    /// Gives up the record behind a dynptr; user space skips it.
    ///
    /// `flags` as for `bpf_ringbuf_output`; other bits are ignored.
    #[helper(200, effect = DynptrRingbufRelease)]
    fn bpf_ringbuf_discard_dynptr(
        k: &mut Kernel<'_, '_>,
        ptr: RingbufDynptr,
        flags: Anything,
    ) -> Answer<()> {
        release(k, ptr, flags, true)
    }
}

fn release(k: &Kernel<'_, '_>, ptr: RingbufDynptr, flags: Anything, discard: bool) -> Answer<()> {
    let record = Value::load(k, ptr.0)?.data;
    if record.is_null() {
        return Ok(());
    }
    commit(k, RingbufMem(record), flags, discard)?;
    Value::NULL.store(k, ptr.0)?;
    Ok(())
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
