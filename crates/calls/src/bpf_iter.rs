//! `kernel/bpf/bpf_iter.c`: loops whose body is a callback.

use skep_abi::{Errno, KernelVersion};
use skep_machine::{Kernel, Width};
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Func, IterNum, NewIterNum, StackOrNull, WholeU32};
use crate::ret::{Answer, IterElem, Success};

/// Iterations of one `bpf_loop`, at most (`BPF_MAX_LOOPS`).
const MAX_LOOPS: u64 = 1 << 23;
/// First release whose verifier inlines `bpf_loop`.
const INLINED_SINCE: KernelVersion = KernelVersion::new(6, 0);

/// Loops.
pub(crate) struct Loops;

#[calls(avail { BASE })]
impl Loops {
    /// Calls `callback_fn(map, key, value, callback_ctx)` for each element, until it returns 1.
    ///
    /// In a per-CPU map the value is that of the current CPU. Returns the number of elements visited.
    ///
    /// *Errors*: `EINVAL` when `flags` is not 0 or the map is of a type that has no such walk.
    #[helper(164, since = "5.13", effect = CallbackMapElem)]
    fn bpf_for_each_map_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        callback_fn: Func,
        callback_ctx: StackOrNull,
        flags: Anything,
    ) -> Answer<i64> {
        let map = k.run.machine.map_at(map.0)?;
        if flags.0 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let mut walk = map.walk()?;
        let mut visited = 0;
        while let Some((key, value)) = walk.next(k.run.cpu) {
            visited += 1;
            let args = [map.addr().0, key.0, value.0, callback_ctx.0.0, 0];
            if k.vm.invoke(k.run, callback_fn.0, args)? != 0 {
                break;
            }
        }
        Ok(visited)
    }

    /// Calls `callback_fn(index, callback_ctx)` for each index below `nr_loops`, until it returns 1.
    ///
    /// Returns the number of calls made.
    ///
    /// *Errors*: `EINVAL` when `flags` is not 0, `E2BIG` when `nr_loops` is above 2^23. Since 6.0 the verifier
    /// replaces calls without flags by a loop of insns: it compares all 64 bits of `nr_loops`, and its `E2BIG` is
    /// not sign-extended to 64 bits.
    #[helper(181, since = "5.17", effect = CallbackLoop)]
    fn bpf_loop(
        k: &mut Kernel<'_, '_>,
        nr_loops: WholeU32,
        callback_fn: Func,
        callback_ctx: StackOrNull,
        flags: Anything,
    ) -> Answer<u64> {
        if flags.0 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let is_inlined = k.run.machine.version() >= INLINED_SINCE;
        let nr_loops = if is_inlined { nr_loops.0 } else { u64::from(nr_loops.0 as u32) };
        if nr_loops > MAX_LOOPS {
            let errno = Errno::E2BIG.to_reg();
            return Ok(if is_inlined { u64::from(errno as u32) } else { errno });
        }
        for index in 0..nr_loops {
            let args = [index, callback_ctx.0.0, 0, 0, 0];
            if k.vm.invoke(k.run, callback_fn.0, args)? != 0 {
                return Ok(index + 1);
            }
        }
        Ok(nr_loops)
    }
}

/// Iteration over numbers.
pub(crate) struct IterNums;

/// In the 8 bytes of the iterator: the number that it has come to, and the one that ends it.
const CUR: i64 = 0;
const END: i64 = 4;

// DEVIATION(linux): the verifier takes the frame pointer itself for the first slot of the stack, so that a program may hand
// it over as an iterator that lies in that slot. Linux then reads and writes the eight bytes beyond the stack; here the
// call traps.
#[calls(since = "6.4", avail { COMMON }, gpl)]
impl IterNums {
    /// Starts an iteration from `start` up to, not including, `end`. Returns 0.
    ///
    /// *Errors*: `EINVAL` when `end` is below `start`, `E2BIG` for more than 2^23 numbers; the iterator is empty then.
    #[kfunc(flags { "6.4": ITER_NEW }, effect = IterNumNew)]
    fn bpf_iter_num_new(
        k: &mut Kernel<'_, '_>,
        it: NewIterNum,
        start: i32,
        end: i32,
    ) -> Answer<Success> {
        let memory = k.run.memory();
        memory.fill(it.0, 8, 0)?;
        if start > end {
            return Err(Errno::EINVAL.into());
        }
        if i64::from(end) - i64::from(start) > MAX_LOOPS.cast_signed() {
            return Err(Errno::E2BIG.into());
        }
        let word = |number: i32| u64::from(number.cast_unsigned());
        memory.store(it.0.offset(CUR), Width::W, word(start.wrapping_sub(1)))?;
        memory.store(it.0.offset(END), Width::W, word(end))?;
        Ok(Success)
    }

    /// Goes on to the next number: its address, or null at the end.
    #[kfunc(flags { "6.4": RET_NULL | ITER_NEXT }, effect = IterNumNext)]
    fn bpf_iter_num_next(k: &mut Kernel<'_, '_>, it: IterNum) -> Answer<IterElem> {
        let memory = k.run.memory();
        let number = |at| memory.load(it.0.offset(at), Width::W).map(|word| word as i32);
        // An iteration from the least number on begins beyond the greatest.
        let next = number(CUR)?.wrapping_add(1);
        if next >= number(END)? {
            memory.store(it.0, Width::Dw, 0)?;
            return Ok(IterElem(None));
        }
        memory.store(it.0.offset(CUR), Width::W, u64::from(next.cast_unsigned()))?;
        Ok(IterElem(Some(it.0.offset(CUR))))
    }

    /// Ends an iteration; the iterator can begin another one.
    #[kfunc(flags { "6.4": ITER_DESTROY }, effect = IterNumDestroy)]
    fn bpf_iter_num_destroy(k: &mut Kernel<'_, '_>, it: IterNum) -> Answer<()> {
        k.run.memory().fill(it.0, 8, 0)?;
        Ok(())
    }
}
