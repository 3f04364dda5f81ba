//! `kernel/bpf/helpers.c`: dynptrs, whose bounds are checked when they are used.

use skep_abi::{Addr, Errno, KernelVersion};
use skep_machine::{Fault, Kernel, Width};
use skep_macros::calls;

use crate::arg::{AllocSize, Anything, Dynptr, NewLocalDynptr, ReadMem, SizeOrZero, UninitMem};
use crate::ret::{Answer, DynptrMemOrNull, Success};

/// Most bytes behind one (`DYNPTR_MAX_SIZE`).
pub(crate) const MAX: u32 = (1 << 24) - 1;
/// First release that takes offsets and lengths of 64 bits.
const WIDE_SINCE: KernelVersion = KernelVersion::new(6, 19);

/// Where the words of a dynptr lie: the address, the size below the type (4 bits) and the bit of what is read-only, and the
/// offset from the address.
const SIZE: i64 = 8;
const OFFSET: i64 = 12;
const TYPE_SHIFT: u32 = 28;
const READ_ONLY: u32 = 1 << 31;

/// What a dynptr points to (`enum bpf_dynptr_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Memory of the program.
    Local = 1,
    /// A record of a ring buffer.
    Ringbuf = 2,
}

/// A dynptr as it lies on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    /// Null where there is nothing behind it.
    pub(crate) data: Addr,
    size: u32,
    offset: u32,
}

impl Value {
    pub(crate) fn new(data: Addr, kind: Kind, size: u32) -> Self {
        Self { data, size: size | (kind as u32) << TYPE_SHIFT, offset: 0 }
    }

    pub(crate) const NULL: Self = Self { data: Addr::NULL, size: 0, offset: 0 };

    pub(crate) fn load(k: &Kernel<'_, '_>, at: Addr) -> Result<Self, Fault> {
        let memory = k.run.memory();
        Ok(Self {
            data: Addr(memory.load(at, Width::Dw)?),
            size: memory.load(at.offset(SIZE), Width::W)? as u32,
            offset: memory.load(at.offset(OFFSET), Width::W)? as u32,
        })
    }

    pub(crate) fn store(self, k: &Kernel<'_, '_>, at: Addr) -> Result<(), Fault> {
        let memory = k.run.memory();
        memory.store(at, Width::Dw, self.data.0)?;
        memory.store(at.offset(SIZE), Width::W, self.size.into())?;
        memory.store(at.offset(OFFSET), Width::W, self.offset.into())
    }

    const fn is_read_only(self) -> bool {
        self.size & READ_ONLY != 0
    }

    /// The memory at an offset, when `len` bytes are there (`bpf_dynptr_check_off_len`).
    fn part(self, offset: u64, len: u64) -> Result<Addr, Errno> {
        let size = u64::from(self.size & MAX);
        if len > size || offset > size - len {
            return Err(Errno::E2BIG);
        }
        Ok(self.data.offset(i64::from(self.offset)).offset(offset.cast_signed()))
    }
}

/// An offset or length as the release sees it.
fn cut(k: &Kernel<'_, '_>, number: u64) -> u64 {
    if k.run.machine.version() >= WIDE_SINCE { number } else { number & 0xffff_ffff }
}

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
        if value.data.is_null() || flags.0 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let len = cut(k, len.0);
        let from = value.part(cut(k, offset.0), len)?;
        let bytes = k.run.memory().read_vec(from, len)?;
        k.run.memory().write(dst.0, &bytes)?;
        Ok(Success)
    }

    /// Copies `len` bytes from `src` to `offset`. Returns 0.
    ///
    /// *Errors*: `EINVAL` for `flags` but 0, for what is read-only and where there is nothing behind the dynptr, `E2BIG`
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
        if value.data.is_null() || value.is_read_only() {
            return Err(Errno::EINVAL.into());
        }
        let len = cut(k, len.0);
        let to = value.part(cut(k, offset.0), len)?;
        if flags.0 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let bytes = k.run.memory().read_vec(src.0, len)?;
        k.run.memory().write(to, &bytes)?;
        Ok(Success)
    }

    /// The address of `len` bytes at `offset`; null where they are not all there, or read-only.
    #[helper(203, effect = DynptrData)]
    fn bpf_dynptr_data(
        k: &mut Kernel<'_, '_>,
        ptr: Dynptr,
        offset: Anything,
        len: AllocSize,
    ) -> Answer<DynptrMemOrNull> {
        let value = Value::load(k, ptr.0)?;
        if value.data.is_null() || value.is_read_only() {
            return Ok(DynptrMemOrNull(None));
        }
        Ok(DynptrMemOrNull(value.part(cut(k, offset.0), cut(k, len.0)).ok()))
    }
}
