//! `kernel/bpf/bpf_iter.c`: loops whose body is a callback.

use skep_abi::{Errno, KernelVersion};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Func, StackOrNull, WholeU32};
use crate::ret::Answer;

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
