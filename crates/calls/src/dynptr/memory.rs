//! `kernel/bpf/helpers.c`: dynptrs of a program's memory; what is behind any is read and written.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_macros::calls;

use super::{Kind, MAX, Value, cut};

use crate::arg::{AllocSize, Anything, Dynptr, NewLocalDynptr, ReadMem, SizeOrZero, UninitMem};
use crate::ret::{Answer, DynptrMemOrNull, Success};

/// Dynptrs.
pub(crate) struct Dynptrs;

#[calls(since = "5.19", avail { BASE })]
impl Dynptrs {
    /// Makes a dynptr of `size` bytes of a map value. Returns 0.
    ///
    /// *Errors*: `E2BIG` for 16 MiB or more, `EINVAL` for `flags` but 0; there is nothing behind the dynptr then.
    #[helper(197, effect = DynptrFromMem)]
    fn bpf_dynptr_from_mem(
        k: &mut Kernel<'_, '_>,
        data: UninitMem,
        size: SizeOrZero,
        flags: Anything,
        ptr: NewLocalDynptr,
    ) -> Answer<Success> {
        let why = match (cut(k, size.0), flags.0) {
            (size, 0) if size <= u64::from(MAX) => {
                Value::new(data.0, Kind::Local, size as u32).store(k, ptr.0)?;
                return Ok(Success);
            }
            (size, _) if size > u64::from(MAX) => Errno::E2BIG,
            _ => Errno::EINVAL,
        };
        Value::NULL.store(k, ptr.0)?;
        Err(why.into())
    }

    /// Copies `len` bytes from `offset` on to `dst`. Returns 0.
    ///
    /// *Errors*: `EINVAL` for `flags` but 0 and where there is nothing behind the dynptr, `E2BIG` beyond its end.
    #[helper(201, effect = DynptrRead)]
    fn bpf_dynptr_read(
        k: &mut Kernel<'_, '_>,
        dst: UninitMem,
        len: SizeOrZero,
        src: Dynptr,
        offset: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        let value = Value::load(k, src.0)?;
        if value.is_null() || flags.0 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let bytes = value.read(k, cut(k, offset.0), cut(k, len.0))?;
        k.run.memory().write(dst.0, &bytes)?;
        Ok(Success)
    }

    /// Copies `len` bytes from `src` to `offset`. Returns 0.
    ///
    /// `flags`: for a packet's, those of `bpf_skb_store_bytes`.
    ///
    /// *Errors*: `EINVAL` for other flags, for what is read-only and where there is nothing behind the dynptr, `E2BIG`
    /// beyond its end.
    #[helper(202, effect = DynptrWrite)]
    fn bpf_dynptr_write(
        k: &mut Kernel<'_, '_>,
        dst: Dynptr,
        offset: Anything,
        src: ReadMem,
        len: SizeOrZero,
        flags: Anything,
    ) -> Answer<Success> {
        let value = Value::load(k, dst.0)?;
        if value.is_null() || value.is_read_only() {
            return Err(Errno::EINVAL.into());
        }
        let (offset, len) = (cut(k, offset.0), cut(k, len.0));
        value.check(offset, len)?;
        let bytes = k.run.memory().read_vec(src.0, len)?;
        value.write(k, offset, &bytes, flags.0)?;
        Ok(Success)
    }

    /// The address of `len` bytes at `offset`; null where they are not all there, are read-only or a packet's.
    #[helper(203, effect = DynptrData)]
    fn bpf_dynptr_data(
        k: &mut Kernel<'_, '_>,
        ptr: Dynptr,
        offset: Anything,
        len: AllocSize,
    ) -> Answer<DynptrMemOrNull> {
        let value = Value::load(k, ptr.0)?;
        if value.is_null() || value.is_read_only() || value.is_packet() {
            return Ok(DynptrMemOrNull(None));
        }
        let (offset, len) = (cut(k, offset.0), cut(k, len.0));
        if value.check(offset, len).is_err() {
            return Ok(DynptrMemOrNull(None));
        }
        Ok(DynptrMemOrNull(value.linear(k, offset, len)?))
    }
}
