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

    /// Privileged programs may read stack bytes that were never written (6.3, and the stable releases of 6.1).
    pub(crate) fn reads_uninit_stack(self) -> bool {
        self.at_least(6, 1)
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

    /// `gotol` exists (6.6, and the stable releases of 6.1).
    pub(crate) fn has_gotol(self) -> bool {
        self.at_least(6, 1)
    }

    /// The rest of the instruction set's fourth version: sign-extending loads and moves, `bswap`, signed division.
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

    /// Some LSM hooks are closed to BPF programs (6.12, and the stable releases of 6.1).
    pub(crate) fn disables_lsm_hooks(self) -> bool {
        self.at_least(6, 1)
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

    /// Kfuncs take trusted pointers unless they say otherwise (7.0, and some builds of 6.18.44, others of which do not).
    pub(crate) fn trusts_all_args(self) -> bool {
        self.at_least(7, 0)
    }

    /// Memory that a kfunc returns a pointer to is of the type's size where no argument says another.
    pub(crate) fn sizes_returned_memory(self) -> bool {
        self.at_least(6, 4)
    }

    /// A callback must release the references that it acquired before it returns, and no others; the general rules
    /// are enough where callbacks are walked until they change nothing.
    pub(crate) fn callbacks_own_references(self) -> bool {
        !self.at_least(6, 13)
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

    /// Any edge of the control flow may close a loop; before, only jumps could.
    pub(crate) fn loops_by_any_edge(self) -> bool {
        self.at_least(6, 7)
    }

    /// A loop is held to be endless where nothing at all changed; before, where nothing did that was needed.
    pub(crate) fn tells_loops_exactly(self) -> bool {
        self.at_least(6, 7)
    }

    /// Callbacks are walked until they change nothing any more; before, they were walked once.
    pub(crate) fn callbacks_converge(self) -> bool {
        self.at_least(6, 7)
    }

    /// A comparison of two ranges is predicted, and teaches both; before, one side had to be a constant.
    pub(crate) fn compares_ranges(self) -> bool {
        self.at_least(6, 8)
    }

    /// A test for equality is predicted by ranges that do not meet; before, only by constants.
    pub(crate) fn predicts_equality_by_ranges(self) -> bool {
        self.at_least(6, 4)
    }

    /// Functions may be registered as modifiable; before, only those that can be made to fail were.
    pub(crate) fn registers_modifiable(self) -> bool {
        self.at_least(6, 3)
    }

    /// `kptr` tags a pointer with a reference and `kptr_untrusted` one without; before, `kptr_ref` and `kptr`.
    pub(crate) fn kptrs_are_referenced(self) -> bool {
        self.at_least(6, 3)
    }

    /// Kernel objects are read by programs with a GPL-compatible licence alone.
    pub(crate) fn reads_objects_by_gpl(self) -> bool {
        self.at_least(6, 2)
    }

    /// Congestion control may write `app_limited` and `snd_cwnd_stamp`.
    pub(crate) fn writes_more_of_tcp_socks(self) -> bool {
        self.at_least(6, 10)
    }

    /// A call that runs a callback for each element may be given different maps on different paths.
    pub(crate) fn walks_any_map(self) -> bool {
        self.at_least(6, 10)
    }

    /// A helper that the program's type may not call is told from one that does not exist.
    pub(crate) fn names_denied_helpers(self) -> bool {
        self.at_least(6, 12)
    }

    /// Wrong arguments of a global function are told with its name, wrong sizes with their range.
    pub(crate) fn names_wrong_callee(self) -> bool {
        self.at_least(6, 8)
    }

    /// A pointer found equal to one that is not null is not null.
    pub(crate) fn learns_from_equal_pointers(self) -> bool {
        self.at_least(6, 2)
    }

    /// Arguments of global functions may be tagged.
    pub(crate) fn has_arg_tags(self) -> bool {
        self.at_least(6, 8)
    }

    /// Functions of the program may be called while a lock is held.
    pub(crate) fn calls_under_lock(self) -> bool {
        self.at_least(6, 8)
    }

    /// Programs can throw exceptions.
    pub(crate) fn has_exceptions(self) -> bool {
        self.at_least(6, 7)
    }

    /// The address of a kfunc can be loaded.
    pub(crate) fn loads_kfunc_addresses(self) -> bool {
        self.at_least(6, 4)
    }

    /// Keys and values of maps may be taken from any memory.
    pub(crate) fn takes_map_keys_from_memory(self) -> bool {
        self.at_least(6, 2)
    }

    /// Programs of `sock_ops` see the time stamp of the hardware.
    pub(crate) fn has_sock_ops_hwtstamp(self) -> bool {
        self.at_least(6, 2)
    }

    /// Dynptrs are followed as objects: they die with what is written over them, and slices die with them.
    pub(crate) fn tracks_dynptrs(self) -> bool {
        self.at_least(6, 3)
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

    /// The log of every path begins with the registers that are live before each insn.
    pub(crate) fn shows_live_registers(self) -> bool {
        self.at_least(6, 15)
    }

    /// Copies of a number in registers that nothing reads later are not refined with it.
    pub(crate) fn links_live_registers(self) -> bool {
        self.at_least(6, 18)
    }

    /// A main program cannot be a callback, callbacks load no packet by `LD_ABS`, and walks that are too long are told by `E2BIG`: fixes that stable
    /// releases took in 2026 (6.12.107 has them, 6.18.44 has not).
    pub(crate) fn has_callback_fixes(self) -> bool {
        !self.at_least(6, 18) || self.at_least(7, 0)
    }

    /// `may_goto` may lead to the insn after it.
    pub(crate) fn allows_may_goto_nowhere(self) -> bool {
        self.at_least(6, 14)
    }

    /// A size that may be zero has a sentence of its own.
    pub(crate) fn tells_zero_sizes(self) -> bool {
        self.at_least(6, 8)
    }
}
