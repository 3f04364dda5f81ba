//! `kernel/bpf/helpers.c`: bytes behind dynptrs: slices, copies, fills.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_macros::calls;

use super::Value;
use crate::arg::{Dynptr, SizeOrZero, SliceBuffer};
use crate::ret::{Answer, DynptrMemOrNull, Halt, Success};

/// Slices, copies, fills.
pub(crate) struct DynptrBytes;

/// The bytes where they lie, else copied into the buffer.
fn slice(
    k: &Kernel<'_, '_>,
    value: Value,
    offset: u64,
    (buffer, len): (SliceBuffer, u64),
) -> Answer<DynptrMemOrNull> {
    if value.is_null() || value.check(offset, len).is_err() {
        return Ok(DynptrMemOrNull(None));
    }
    if let Some(addr) = value.linear(k, offset, len)? {
        return Ok(DynptrMemOrNull(Some(addr)));
    }
    if buffer.0.is_null() {
        return Ok(DynptrMemOrNull(None));
    }
    match value.read(k, offset, len) {
        Ok(bytes) => {
            k.run.memory().write(buffer.0, &bytes)?;
            Ok(DynptrMemOrNull(Some(buffer.0)))
        }
        // The packet has become shorter.
        Err(Halt::Errno(_)) => Ok(DynptrMemOrNull(None)),
        Err(stop) => Err(stop),
    }
}

#[calls(since = "6.4", avail { COMMON }, gpl)]
impl DynptrBytes {
    /// The address of bytes behind a dynptr, to be read: where they lie, or copied into the buffer, which may be null
    /// where none is wanted. Null where they are not all there, or would have to be copied and there is no buffer.
    #[kfunc(
        flags { "6.4": RET_NULL },
        effect = DynptrSlice,
        proto { "6.19": slice_u32, "7.0": slice_opt },
    )]
    fn bpf_dynptr_slice(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u64,
        buffer_nullable: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        slice(k, Value::load(k, p.0)?, offset, (buffer_nullable, buffer_szk.0))
    }

    fn slice_opt(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u64,
        buffer_opt: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        Self::bpf_dynptr_slice(k, p, offset, buffer_opt, buffer_szk)
    }

    fn slice_u32(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u32,
        buffer_opt: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        let len = buffer_szk.cut().into();
        slice(k, Value::load(k, p.0)?, offset.into(), (buffer_opt, len))
    }

    /// The same, to be read and written. What is written to the buffer must be written back by `bpf_dynptr_write`. Null
    /// for what is read-only, too.
    #[kfunc(
        flags { "6.4": RET_NULL },
        effect = DynptrSliceRdwr,
        proto { "6.19": slice_rdwr_u32, "7.0": slice_rdwr_opt },
    )]
    fn bpf_dynptr_slice_rdwr(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u64,
        buffer_nullable: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        let value = Value::load(k, p.0)?;
        match value.is_read_only() {
            true => Ok(DynptrMemOrNull(None)),
            false => slice(k, value, offset, (buffer_nullable, buffer_szk.0)),
        }
    }

    fn slice_rdwr_opt(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u64,
        buffer_opt: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        Self::bpf_dynptr_slice_rdwr(k, p, offset, buffer_opt, buffer_szk)
    }

    fn slice_rdwr_u32(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u32,
        buffer_opt: SliceBuffer,
        buffer_szk: SizeOrZero,
    ) -> Answer<DynptrMemOrNull> {
        let len = SizeOrZero(buffer_szk.cut().into());
        Self::bpf_dynptr_slice_rdwr(k, p, offset.into(), buffer_opt, len)
    }

    /// Copies bytes behind one dynptr to behind another; they may overlap. Returns 0.
    ///
    /// *Errors*: `E2BIG` beyond the end of either, `EINVAL` where the destination is read-only.
    #[kfunc(since = "6.15", flags { "6.15": NONE }, proto { "6.19": copy_u32 })]
    fn bpf_dynptr_copy(
        k: &mut Kernel<'_, '_>,
        dst_ptr: Dynptr,
        dst_off: u64,
        src_ptr: Dynptr,
        src_off: u64,
        size: u64,
    ) -> Answer<Success> {
        let (dst, src) = (Value::load(k, dst_ptr.0)?, Value::load(k, src_ptr.0)?);
        dst.check(dst_off, size)?;
        src.check(src_off, size)?;
        if dst.is_null() || src.is_null() || dst.is_read_only() {
            return Err(Errno::EINVAL.into());
        }
        let bytes = src.read(k, src_off, size)?;
        dst.write(k, dst_off, &bytes, 0)?;
        Ok(Success)
    }

    fn copy_u32(
        k: &mut Kernel<'_, '_>,
        dst_ptr: Dynptr,
        dst_off: u32,
        src_ptr: Dynptr,
        src_off: u32,
        size: u32,
    ) -> Answer<Success> {
        Self::bpf_dynptr_copy(k, dst_ptr, dst_off.into(), src_ptr, src_off.into(), size.into())
    }

    /// Sets bytes behind a dynptr. Returns 0.
    ///
    /// *Errors*: `E2BIG` beyond its end, `EINVAL` where it is read-only.
    #[kfunc(since = "6.17", flags { "6.17": NONE }, proto { "6.19": memset_u32 })]
    fn bpf_dynptr_memset(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u64,
        size: u64,
        val: u8,
    ) -> Answer<Success> {
        let value = Value::load(k, p.0)?;
        if value.is_read_only() {
            return Err(Errno::EINVAL.into());
        }
        value.check(offset, size)?;
        if !value.is_null() {
            value.write(k, offset, &vec![val; size as usize], 0)?;
        }
        Ok(Success)
    }

    fn memset_u32(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        offset: u32,
        size: u32,
        val: u8,
    ) -> Answer<Success> {
        Self::bpf_dynptr_memset(k, p, offset.into(), size.into(), val)
    }
}
