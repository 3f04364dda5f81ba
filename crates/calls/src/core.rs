//! `kernel/bpf/core.c`: tail calls and random numbers.

use skep_machine::{Kernel, Stop};
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Ctx};
use crate::map::wrong_map;
use crate::ret::Answer;

/// What the core of BPF itself provides.
pub(crate) struct Core;

#[calls(avail { BASE, LIRC })]
impl Core {
    /// Returns 32 random bits.
    #[helper(7, since = "4.1")]
    fn bpf_get_prandom_u32(k: &mut Kernel<'_, '_>) -> u32 {
        k.run.machine.cpu(k.run.cpu).map_or(0, skep_machine::CpuState::prandom_u32)
    }

    /// Replaces the running program by the one in a slot of a `PROG_ARRAY`; does not return then.
    ///
    /// The program goes on after the call when the index, taken as 32 bits, is past the end, when the slot is
    /// empty, or when 33 tail calls were made; the last is counted by whoever runs the program.
    #[helper(12, since = "4.2", effect = TailCall)]
    fn bpf_tail_call(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        prog_array_map: ConstMap,
        index: Anything,
    ) -> Answer<()> {
        let map = k.run.machine.map_at(prog_array_map.0)?;
        let Some(slots) = map.prog_array() else {
            return Err(wrong_map("bpf_tail_call", map).into());
        };
        match slots.get(index.0 as u32) {
            Some(prog) => Err(Stop::TailCall(prog).into()),
            None => Ok(()),
        }
    }
}
