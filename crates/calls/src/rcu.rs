//! `kernel/bpf/helpers.c`: sections in which objects stay.
//!
//! Whoever runs the program counts them ([`Effect`](skep_abi::Effect)): a program that may sleep is a reader in them
//! alone, and what goes in the meantime is freed when the last reader's section ends.

use skep_machine::Kernel;
use skep_macros::calls;

/// Sections.
pub(crate) struct Sections;

#[calls(gpl, avail { BASE, LIRC })]
impl Sections {
    /// Begins an RCU read-side critical section. Such sections may lie within each other since 6.19.
    #[kfunc(since = "6.2", effect = RcuLock)]
    fn bpf_rcu_read_lock(_k: &mut Kernel<'_, '_>) {}

    /// Ends the innermost RCU read-side critical section.
    #[kfunc(since = "6.2", effect = RcuUnlock)]
    fn bpf_rcu_read_unlock(_k: &mut Kernel<'_, '_>) {}
}
