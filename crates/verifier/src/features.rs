//! Where kernel releases judge differently: a named predicate for each difference.

use skep_abi::KernelVersion;

/// The rules of one release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features(KernelVersion);

impl Features {
    /// The rules of this release.
    pub(crate) const fn new(version: KernelVersion) -> Self {
        Self(version)
    }

    fn at_least(self, major: u8, minor: u8) -> bool {
        self.0 >= KernelVersion::new(major, minor)
    }

    /// Arguments of global functions may be tagged untrusted.
    pub(crate) fn has_untrusted_args(self) -> bool {
        self.at_least(6, 17)
    }

    /// Privileged programs may read stack bytes that were never written.
    pub(crate) fn reads_uninit_stack(self) -> bool {
        self.at_least(6, 3)
    }

    /// Locks, like references, are entries of the reference state, and leaks name the exit that leaks.
    pub(crate) fn locks_are_references(self) -> bool {
        self.at_least(6, 14)
    }

    /// Holding a lock keeps objects alive as an RCU section does.
    pub(crate) fn locks_are_rcu_sections(self) -> bool {
        self.at_least(6, 4)
    }

    /// Kfuncs that need an RCU section are refused outside of one.
    pub(crate) fn enforces_rcu_protected(self) -> bool {
        self.at_least(6, 18)
    }

    /// RCU sections may be nested.
    pub(crate) fn nests_rcu_sections(self) -> bool {
        self.at_least(6, 19)
    }

    /// The negation of a number keeps its bounds.
    pub(crate) fn tracks_negation(self) -> bool {
        self.at_least(6, 17)
    }

    /// `load_acquire` and `store_release` exist.
    pub(crate) fn has_load_acquire(self) -> bool {
        self.at_least(6, 15)
    }

    /// The instruction set's fourth version: sign-extending loads and moves, `bswap`, `gotol`.
    pub(crate) fn has_cpu_v4(self) -> bool {
        self.at_least(6, 6)
    }

    /// The stack of a chain of calls is counted as the JIT lays it out, not as the interpreter does.
    pub(crate) fn counts_stack_as_jited(self) -> bool {
        self.at_least(6, 9)
    }

    /// A refusal to attach to a function names it.
    pub(crate) fn names_denied_targets(self) -> bool {
        self.at_least(6, 17)
    }

    /// Functions that never return are told apart.
    pub(crate) fn knows_noreturn(self) -> bool {
        self.at_least(6, 12)
    }

    /// Some LSM hooks are closed to BPF programs.
    pub(crate) fn disables_lsm_hooks(self) -> bool {
        self.at_least(6, 12)
    }

    /// `may_goto` exists.
    pub(crate) fn has_may_goto(self) -> bool {
        self.at_least(6, 9)
    }

    /// Functions of tracing programs may have a stack of their own.
    pub(crate) fn has_private_stacks(self) -> bool {
        self.at_least(6, 13)
    }

    /// A lookup of an index that an array certainly has yields no null.
    pub(crate) fn elides_lookup_null(self) -> bool {
        self.at_least(6, 14)
    }

    /// What may be returned is a range, not a pattern of bits.
    pub(crate) fn returns_are_ranges(self) -> bool {
        self.at_least(6, 8)
    }

    /// Programs on hooks of security modules must return 0 or an error.
    pub(crate) fn checks_lsm_return(self) -> bool {
        self.at_least(6, 12)
    }

    /// A struct_ops member may return a reference that it holds.
    pub(crate) fn returns_references(self) -> bool {
        self.at_least(6, 16)
    }

    /// Global subprograms that sleep are told from those that do not; before, none could be called in a section.
    pub(crate) fn tells_sleeping_subprogs(self) -> bool {
        self.at_least(6, 15)
    }

    /// Pointers loaded from kptr fields are protected by RCU where their type is.
    pub(crate) fn kptrs_are_rcu_protected(self) -> bool {
        self.at_least(6, 4)
    }

    /// Calls say whether they read or write memory; before, each was taken to do both.
    pub(crate) fn calls_tell_writes(self) -> bool {
        self.at_least(6, 14)
    }

    /// Pointers to numbers, found by walking kernel objects, may be read with exception handling.
    pub(crate) fn has_untrusted_mem(self) -> bool {
        self.at_least(6, 17)
    }

    /// Arguments of some tracepoints may be null.
    pub(crate) fn tracepoint_args_may_be_null(self) -> bool {
        self.at_least(6, 12)
    }

    /// The context of programs that see it as it is may be accessed through a moved pointer.
    pub(crate) fn moves_plain_ctx(self) -> bool {
        self.at_least(7, 1)
    }

    /// Kfuncs take trusted pointers unless they say otherwise.
    pub(crate) fn trusts_all_args(self) -> bool {
        self.at_least(7, 0)
    }

    /// Trees can be walked by kfuncs, not only looked at from the first node.
    pub(crate) fn walks_trees(self) -> bool {
        self.at_least(6, 16)
    }

    /// Memory can be looked at as plain bytes by a cast to `void`.
    pub(crate) fn casts_to_void(self) -> bool {
        self.at_least(6, 17)
    }

    /// Pointers to anything but structs in the arguments of traced functions are numbers.
    pub(crate) fn takes_any_pointer_arg(self) -> bool {
        self.at_least(7, 1)
    }

    /// Pointers to `const void` in the arguments of traced functions are numbers as those to `void` are.
    pub(crate) fn skips_modifiers_of_void(self) -> bool {
        self.at_least(6, 15)
    }

    /// Arguments of tracepoints, iterators and hooks are trusted; before, no pointer was.
    pub(crate) fn trusts_arguments(self) -> bool {
        self.at_least(6, 2)
    }

    /// A call that runs a callback is a loop of its own, so that marks are handed around it.
    pub(crate) fn callbacks_are_loops(self) -> bool {
        self.at_least(6, 19)
    }

    /// A mask of all ones or zero is walked with either value (7.0, and the stable releases from 6.12 on).
    pub(crate) fn forks_masks(self) -> bool {
        self.at_least(6, 12)
    }

    /// Sums of the low halves, and differences, stay linked to what they were computed from.
    pub(crate) fn links_32bit_sums(self) -> bool {
        self.at_least(6, 18)
    }

    /// Known bits stay known when bytes are swapped.
    pub(crate) fn tracks_byte_swaps(self) -> bool {
        self.at_least(6, 18)
    }

    /// Traced functions may have unions as arguments.
    pub(crate) fn takes_union_args(self) -> bool {
        self.at_least(6, 18)
    }

    /// Only per-CPU objects can be put into per-CPU kptr fields.
    pub(crate) fn keeps_percpu_kptrs_apart(self) -> bool {
        self.at_least(7, 2)
    }

    /// Whether a callback that runs later may sleep depends on who runs it, not on the program.
    pub(crate) fn callbacks_sleep_on_their_own(self) -> bool {
        self.at_least(6, 18)
    }

    /// Copies of a number in registers that nothing reads later are not refined with it.
    pub(crate) fn links_live_registers(self) -> bool {
        self.at_least(6, 18)
    }
}
