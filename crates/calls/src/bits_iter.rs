//! `kernel/bpf/helpers.c`: iteration over the bits that are set in words.

use skep_abi::{Addr, Errno};
use skep_machine::{Kernel, Width};
use skep_macros::calls;

use crate::arg::{IterBits, NewIterBits, UnsafePtr};
use crate::ret::{Answer, IterElem, Success};

/// Iterators over bits.
pub(crate) struct IterBitsCalls;

/// Words of 64 bits at most (`BITS_ITER_NR_WORDS_MAX`).
const MAX_WORDS: u32 = 511;

/// What lies in the 16 bytes of the iterator: the first word, or a number of the words that the machine keeps; then the
/// number of bits and the bit that it has come to.
const BITS: i64 = 8;
const BIT: i64 = 12;

#[calls(since = "6.11", avail { COMMON }, gpl)]
impl IterBitsCalls {
    /// Starts an iteration over the bits of `nr_words` words of 64 bits at `unsafe_ptr__ign`. Returns 0.
    ///
    /// *Errors*: `EINVAL` for no words or a null pointer, `E2BIG` for more than 511, `EFAULT` where they cannot be read; the
    /// iterator is empty then.
    // DEVIATION(linux): words beyond the first are read when the iteration comes to them, not at its start.
    #[kfunc(flags { "6.11": ITER_NEW })]
    fn bpf_iter_bits_new(
        k: &mut Kernel<'_, '_>,
        it: NewIterBits,
        unsafe_ptr_ign: UnsafePtr,
        nr_words: u32,
    ) -> Answer<Success> {
        let memory = k.run.memory();
        memory.fill(it.0, 16, 0)?;
        if nr_words == 0 || unsafe_ptr_ign.0 == Addr::NULL {
            return Err(Errno::EINVAL.into());
        }
        if nr_words > MAX_WORDS {
            return Err(Errno::E2BIG.into());
        }
        let mut words = vec![0; nr_words as usize * 8];
        memory.probe_read(unsafe_ptr_ign.0, &mut words)?;
        memory.store(it.0, Width::Dw, unsafe_ptr_ign.0.0)?;
        memory.store(it.0.offset(BITS), Width::W, u64::from(nr_words) * 64)?;
        memory.store(it.0.offset(BIT), Width::W, u64::from(u32::MAX))?;
        Ok(Success)
    }

    /// Goes on to the next bit: the address of its number, or null at the end.
    #[kfunc(flags { "6.11": RET_NULL | ITER_NEXT })]
    fn bpf_iter_bits_next(k: &mut Kernel<'_, '_>, it: IterBits) -> Answer<IterElem> {
        let memory = k.run.memory();
        let bits = memory.load(it.0.offset(BITS), Width::W)?;
        let words = memory.load(it.0, Width::Dw)?;
        let from = (memory.load(it.0.offset(BIT), Width::W)? as u32).wrapping_add(1);
        for bit in u64::from(from)..bits {
            let mut byte = [0];
            memory.probe_read(Addr(words + bit / 8), &mut byte)?;
            if byte[0] & 1 << (bit % 8) != 0 {
                memory.store(it.0.offset(BIT), Width::W, bit)?;
                return Ok(IterElem(Some(it.0.offset(BIT))));
            }
        }
        memory.store(it.0.offset(BITS), Width::W, 0)?;
        Ok(IterElem(None))
    }

    /// Ends an iteration; the iterator can begin another one.
    #[kfunc(flags { "6.11": ITER_DESTROY })]
    fn bpf_iter_bits_destroy(_k: &mut Kernel<'_, '_>, _it: IterBits) {}
}
