//! What ends runs that would not end by themselves.

/// Insns that one run may take unless told otherwise: about a second of interpretation.
pub const DEFAULT_BUDGET: u64 = 1 << 27;

// DEVIATION(linux): since 6.15 x86-64 counts 65,535 and then asks the clock, until a quarter of a second has passed;
// a run here must not depend on the host's speed, so that the count of all other releases and architectures holds.
/// Times that the `may_goto`s of one subprogram call fall through before they jump (`BPF_MAX_LOOPS`).
pub const MAY_GOTO_LOOPS: u32 = 8 * 1024 * 1024;

/// Tail calls that succeed in one run (`MAX_TAIL_CALL_CNT`).
pub const MAX_TAIL_CALLS: u32 = 33;

/// Frames of one run, callbacks included (`MAX_CALL_FRAMES`).
pub const MAX_CALL_FRAMES: usize = 8;

/// Insns that are left to a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: u64,
    left: u64,
}

impl Budget {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, left: limit }
    }

    /// The whole of it.
    pub(crate) const fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes one insn; `false` when none is left.
    #[inline]
    pub(crate) const fn spend(&mut self) -> bool {
        let is_left = self.left != 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}
