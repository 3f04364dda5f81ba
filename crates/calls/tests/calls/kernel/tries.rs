//! The calls that a program makes at an overflow.

use super::overflow::Attr;

/// Bytes of the largest stack: 127 entries and two markers fit.
const WHOLE: u64 = 136 * 8;
const USER: u64 = 0x100;

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Try {
    /// `bpf_get_stack` with this size and these flags.
    Stack(u64, u64),
    /// `bpf_get_stackid` in the first or second map with these flags.
    Id(usize, u64),
    /// `bpf_perf_prog_read_value` with this size.
    Value(u64),
}

/// What the program does, in this order. The first two calls tell the whole stacks.
pub(crate) fn tries() -> Vec<Try> {
    let mut tries = vec![Try::Stack(WHOLE, USER), Try::Stack(WHOLE, 0)];
    for mode in [USER, 0] {
        for skip in [0, 1, 2, 3, 10, 100, 126, 127, 128, 200, 255] {
            tries.extend([0, 8, 16, 64].map(|size| Try::Stack(size, mode | skip)));
        }
        for bad in [0x200, 0x400, 1 << 12, 1 << 40] {
            tries.push(Try::Stack(64, mode | bad));
        }
        tries.extend([Try::Stack(12, mode), Try::Stack(WHOLE, mode | 5)]);
        for skip in [0, 1, 0, 2, 3, 10, 127, 128, 255] {
            tries.push(Try::Id(0, mode | skip));
        }
        // Skip, FAST_STACK_CMP, REUSE_STACKID, an unknown flag, in a map of one bucket.
        for flags in [0, 1, 0x200, 0x201, 0x401, 0x400, 0x600, 0x800, 1 << 40] {
            tries.push(Try::Id(1, mode | flags));
        }
    }
    tries.push(Try::Stack(64, 0x800));
    tries.extend([24, 8, 23, 25, 32].map(Try::Value));
    tries
}

/// The calls of one run, and of more runs where one would spoil the next.
///
/// A request for the user part of a recorded call chain cuts the chain to its buffer for all later calls.
pub(crate) fn runs(how: Attr) -> Vec<Vec<Try>> {
    let tries = tries();
    if !how.callchain {
        return vec![tries];
    }
    let (cuts, others): (Vec<Try>, Vec<Try>) = tries[2..]
        .iter()
        .copied()
        .partition(|a_try| matches!(a_try, Try::Stack(_, flags) if flags & USER != 0));
    let alone = cuts.into_iter().map(|a_try| vec![a_try]);
    let runs = alone.chain([others]);
    runs.map(|run| [&tries[..2], &run].concat()).collect()
}
