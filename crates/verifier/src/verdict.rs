//! What the verifier answers.

use skep_abi::Errno;

use crate::diag::Kind;

/// The answer to one program.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// What the analysis cost, in the kernel's units.
    pub cost: Cost,
    /// The log in the kernel's form, when asked for.
    pub log: Option<String>,
    /// What the analysis found out for those who attach and run the program.
    pub aux: Aux,
}

/// What the kernel keeps of the analysis with the program (`struct bpf_prog`, `bpf_prog_aux`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aux {
    /// The end of the context's bytes that some path accesses (`max_ctx_offset`); far beyond any context where one
    /// accesses bytes before it.
    pub max_ctx_offset: u32,
    /// Whether some path calls `bpf_get_stackid` or `bpf_get_stack` (`call_get_stack`).
    pub calls_stack_walk: bool,
    /// Words of the context that are loaded as trusted pointers to kernel objects, a bit each.
    pub ctx_ptrs: u16,
}

/// What the kernel would say.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It loads.
    Accepted,
    /// It does not.
    Rejected(Box<Rejection>),
    /// skep has no rules for something that the program uses, named here.
    Unsupported(String),
    /// The verifier contradicted itself: a fault of skep's.
    Bug(String),
}

/// What the analysis cost: the kernel's own statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Insns looked at, on all paths.
    pub insn_processed: u32,
    /// States kept for pruning, in all.
    pub total_states: u32,
    /// States kept at once, at most.
    pub peak_states: u32,
    /// Longest list of states at one insn.
    pub max_states_per_insn: u32,
}

/// A program that the kernel refuses, and why.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// Which rejection: documentation, errno.
    pub kind: &'static Kind,
    /// The error number that `BPF_PROG_LOAD` returns.
    pub errno: Errno,
    /// The kernel's sentence: what its log ends with before the statistics.
    pub message: String,
    /// What the kernel prints just before it, such as the references that leak.
    pub lines_before: Vec<String>,
    /// The insn at fault; none for faults of the whole program.
    pub insn: Option<u32>,
    /// The insns of the path that led there, first to last, the one at fault included. Long loops are cut in the
    /// middle (`None`).
    pub path: Vec<Option<u32>>,
}
