//! What every consumer may ask about one helper or kfunc.

use crate::{ArgType, KernelVersion, ProgType, RetType};

bitflags::bitflags! {
    /// `KF_*` flags as `include/linux/btf.h` numbers them (6.19).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KfuncFlags: u32 {
        /// Returns a reference that must be released.
        const ACQUIRE = 1 << 0;
        /// Takes a reference away.
        const RELEASE = 1 << 1;
        /// May return null.
        const RET_NULL = 1 << 2;
        /// Pointer arguments must be trusted or referenced.
        const TRUSTED_ARGS = 1 << 4;
        /// May sleep.
        const SLEEPABLE = 1 << 5;
        /// May do damage; needs `CAP_SYS_BOOT`.
        const DESTRUCTIVE = 1 << 6;
        /// Pointer arguments may be RCU pointers.
        const RCU = 1 << 7;
        /// Starts an iterator.
        const ITER_NEW = 1 << 8;
        /// Advances an iterator.
        const ITER_NEXT = 1 << 9;
        /// Ends an iterator.
        const ITER_DESTROY = 1 << 10;
        /// Must be called under an RCU read lock.
        const RCU_PROTECTED = 1 << 11;
        /// Spares the caller-saved registers.
        const FASTCALL = 1 << 12;
        /// Returns an arena address.
        const ARENA_RET = 1 << 13;
        /// First argument is an arena address.
        const ARENA_ARG1 = 1 << 14;
        /// Second argument is an arena address.
        const ARENA_ARG2 = 1 << 15;
        /// The verifier supplies trailing arguments (7.0).
        const IMPLICIT_ARGS = 1 << 16;
    }
}

/// What a call does to the state of a program beyond its signature; the verifier matches on this, never on a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Leaves the program for another one (`bpf_tail_call`).
    TailCall,
    /// Finds an element of a map (`bpf_map_lookup_elem`).
    MapLookup,
    /// Finds an element of a per-CPU map on one CPU (`bpf_map_lookup_percpu_elem`).
    MapLookupPercpu,
    /// Writes an element of a map (`bpf_map_update_elem`).
    MapUpdate,
    /// Deletes an element of a map.
    MapDelete,
    /// Takes an element off a map, or adds one (`bpf_map_pop_elem`, `bpf_map_push_elem`).
    MapQueue,
    /// Looks at an element without taking it off (`bpf_map_peek_elem`).
    MapPeek,
    /// Changes where packets go by a map (`bpf_redirect_map`).
    MapRedirect,
    /// Runs the callback argument up to a number of times (`bpf_loop`).
    CallbackLoop,
    /// Runs the callback argument once for each element of the map argument.
    CallbackMapElem,
    /// Runs the callback argument with the VMA found (`bpf_find_vma`).
    CallbackVma,
    /// Runs the callback argument with each record of a user ring buffer.
    CallbackUserRingbuf,
    /// Runs the callback argument later, from a timer.
    CallbackTimer,
    /// Runs the callback argument later, from a work queue (`bpf_wq_set_callback_impl`).
    CallbackWq,
    /// Runs the callback argument later, in a task's context (`bpf_task_work_schedule_*`).
    CallbackTaskWork,
    /// Acquires a ring buffer record.
    RingbufReserve,
    /// Gives up a ring buffer record.
    RingbufRelease,
    /// Walks the stack: the event must deliver call chains when it is precise.
    CallsStackWalk,
    /// Enters an RCU read-side critical section.
    RcuLock,
    /// Leaves an RCU read-side critical section.
    RcuUnlock,
    /// Disables preemption.
    PreemptDisable,
    /// Enables preemption.
    PreemptEnable,
    /// Disables interrupts and saves their state on the stack.
    IrqSave,
    /// Restores interrupts from the stack.
    IrqRestore,
    /// Takes a `bpf_spin_lock`.
    SpinLock,
    /// Releases a `bpf_spin_lock`.
    SpinUnlock,
    /// Takes a `bpf_res_spin_lock`.
    ResSpinLock,
    /// Releases a `bpf_res_spin_lock`.
    ResSpinUnlock,
    /// Takes a `bpf_res_spin_lock` and disables interrupts.
    ResSpinLockIrq,
    /// Releases a `bpf_res_spin_lock` and restores interrupts.
    ResSpinUnlockIrq,
    /// The cgroup storage of the program; its flags must be zero.
    GetLocalStorage,
    /// Local storage of a task, cgroup, inode or socket.
    StorageGet,
    /// Exchanges a kptr field.
    KptrXchg,
    /// Makes a dynptr to memory.
    DynptrFromMem,
    /// Makes a dynptr of a fresh ring buffer record.
    DynptrRingbufReserve,
    /// Gives up a dynptr of a ring buffer record.
    DynptrRingbufRelease,
    /// Reads through a dynptr.
    DynptrRead,
    /// Writes through a dynptr.
    DynptrWrite,
    /// A slice of a dynptr of constant length (`bpf_dynptr_data`).
    DynptrData,
    /// Makes a dynptr to a socket buffer.
    DynptrFromSkb,
    /// Makes a dynptr to the metadata of a socket buffer.
    DynptrFromSkbMeta,
    /// Makes a dynptr to an XDP buffer.
    DynptrFromXdp,
    /// Makes a dynptr to a file.
    DynptrFromFile,
    /// Gives up a dynptr to a file.
    DynptrFileDiscard,
    /// A slice of a dynptr, read-only.
    DynptrSlice,
    /// A slice of a dynptr, writable.
    DynptrSliceRdwr,
    /// Copies a dynptr.
    DynptrClone,
    /// Sets the return value of a cgroup program.
    SetRetval,
    /// A per-CPU variable of some CPU, or null.
    PerCpuPtr,
    /// A per-CPU variable of this CPU.
    ThisCpuPtr,
    /// Formats text: the format string is checked against the data (`bpf_snprintf`).
    Snprintf,
    /// Allocates an object of a program type.
    ObjNew,
    /// Frees an object.
    ObjDrop,
    /// Allocates a per-CPU object.
    PercpuObjNew,
    /// Frees a per-CPU object.
    PercpuObjDrop,
    /// Takes another reference to an object.
    RefcountAcquire,
    /// Adds a node to a list.
    ListPush,
    /// Takes a node off a list.
    ListPop,
    /// The first or last node of a list, not taken off.
    ListPeek,
    /// Adds a node to a tree.
    RbtreeAdd,
    /// Takes a node off a tree.
    RbtreeRemove,
    /// The first or root node of a tree.
    RbtreeFirst,
    /// A child of a node of a tree.
    RbtreeChild,
    /// The kernel's view of the context.
    CastToKernCtx,
    /// A read-only view of memory as some type.
    RdonlyCast,
    /// Throws an exception.
    Throw,
    /// Starts an iterator over the tasks of a cgroup: only where such a walk is allowed.
    IterCssTaskNew,
    /// Starts a numeric iterator.
    IterNumNew,
    /// Advances a numeric iterator.
    IterNumNext,
    /// Ends a numeric iterator.
    IterNumDestroy,
    /// Moves data of an XDP buffer to its linear part: packet pointers are invalid afterwards (`bpf_xdp_pull_data`).
    XdpPullData,
    /// Starts a work queue.
    WqInit,
    /// Finds a kmem_cache: the result is not trusted.
    GetKmemCache,
    /// The cookie of a session program.
    SessionCookie,
    /// Reached only where the compiler found undefined behaviour (`__bpf_trap`).
    Trap,
    /// Allocates pages of an arena.
    ArenaAlloc,
    /// Frees or reserves pages of an arena.
    ArenaPages,
    /// Only for programs bound to a device ("metadata kfuncs require device-bound program").
    DeviceBound,
    /// Writes an extended attribute (allowed only where no inode lock is held).
    SetXattr,
}

/// Whether a call is a helper (numbered by the uapi) or a kfunc (named by BTF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// `BPF_FUNC_*` number.
    Helper(u32),
    /// Kernel function.
    Kfunc,
}

/// Program types that gained, and perhaps lost, a call together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who: one type, or a table that several types share.
    pub progs: &'static [ProgType],
    /// First release; a type that is younger has the call from its own first release.
    pub since: KernelVersion,
    /// First release without it.
    pub until: Option<KernelVersion>,
}

/// Who may make a call, and in which releases.
pub type Avail = &'static [Grant];

/// A kfunc that is registered for a hook (`enum btf_kfunc_hook`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The program types of the hook, and since when they may call any kfunc of it.
    pub hook: Avail,
    /// First release.
    pub since: KernelVersion,
    /// First release without it.
    pub until: Option<KernelVersion>,
}

/// The prototype that a call had before some release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OlderProto {
    /// First release without this prototype.
    pub until: KernelVersion,
    /// Arguments, R1 first.
    pub args: &'static [ArgType],
    /// Their names.
    pub arg_names: &'static [&'static str],
    /// R0 afterwards.
    pub ret: RetType,
}

/// What the kernel says to a program that makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// The program type may make it.
    Allowed,
    /// The program type's table lists it, but the program is refused (`-ENOTSUPP`).
    Unsupported,
    /// The program type may not make it, or not in this release.
    Denied,
}

/// One callable: everything any consumer may ask about it.
#[derive(Clone, Copy, Debug)]
pub struct CallSpec {
    /// Helper or kfunc.
    pub kind: CallKind,
    /// Full kernel name, such as `bpf_map_lookup_elem`, in the newest release that has it.
    pub name: &'static str,
    /// The doc comment of the implementing function.
    pub doc: &'static str,
    /// Arguments in the newest release, R1 first.
    pub args: &'static [ArgType],
    /// Names of the arguments, as the implementing function spells them.
    pub arg_names: &'static [&'static str],
    /// R0 afterwards.
    pub ret: RetType,
    /// The release that brought the call.
    pub since: KernelVersion,
    /// The first release without it.
    pub until: Option<KernelVersion>,
    /// Who may call it, since when.
    pub avail: Avail,
    /// The hooks that a kfunc is registered for.
    pub hooks: &'static [Registration],
    /// Types whose tables list it, but whose programs are refused for it.
    pub unsupported: &'static [ProgType],
    /// Kfunc flags by the release that introduced them, oldest first.
    pub history: &'static [(KernelVersion, KfuncFlags)],
    /// Prototypes of earlier releases, oldest first.
    pub older: &'static [OlderProto],
    /// Names of earlier releases with the first release that no longer used them, oldest first.
    pub old_names: &'static [(KernelVersion, &'static str)],
    /// Whether the program's licence must be GPL-compatible; but see [`Self::needs_gpl`].
    pub gpl_only: bool,
    /// Types that have a variant of their own which any licence may call.
    pub gpl_except: &'static [ProgType],
    /// Whether only sleepable programs may call it.
    pub might_sleep: bool,
    /// Beyond the signature.
    pub effect: Option<Effect>,
    /// Source file of the implementing function.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
}

impl CallSpec {
    /// The release since which `prog` may make this call; a later release may have taken it away ([`Self::permit`]).
    #[must_use]
    pub fn since(&self, prog: ProgType) -> Option<KernelVersion> {
        self.grants(prog).map(|(since, _)| since.max(prog.since())).min()
    }

    /// What the kernel of `version` says to a program of type `prog` that makes this call.
    #[must_use]
    pub fn permit(&self, prog: ProgType, version: KernelVersion) -> Permit {
        let exists = self.until.is_none_or(|until| version < until) && prog.since() <= version;
        let granted = self
            .grants(prog)
            .any(|(since, until)| since <= version && until.is_none_or(|until| version < until));
        match exists && granted {
            false => Permit::Denied,
            true if self.unsupported.contains(&prog) => Permit::Unsupported,
            true => Permit::Allowed,
        }
    }

    /// Tells whether the licence of a program of this type must be GPL-compatible.
    #[must_use]
    pub fn needs_gpl(&self, prog: ProgType) -> bool {
        self.gpl_only && !self.gpl_except.contains(&prog)
    }

    /// The flags in force, or `None` where `prog` may not make this call on `version`.
    #[must_use]
    pub fn flags_at(&self, prog: ProgType, version: KernelVersion) -> Option<KfuncFlags> {
        if self.permit(prog, version) != Permit::Allowed {
            return None;
        }
        let step = self.history.iter().rev().find(|(since, _)| *since <= version);
        Some(step.map_or(KfuncFlags::empty(), |(_, flags)| *flags))
    }

    /// The arguments and the result in `version`.
    #[must_use]
    pub fn proto_at(&self, version: KernelVersion) -> (&'static [ArgType], RetType) {
        let older = self.older.iter().find(|proto| version < proto.until);
        older.map_or((self.args, self.ret), |proto| (proto.args, proto.ret))
    }

    /// The names of the arguments in `version`.
    #[must_use]
    pub fn arg_names_at(&self, version: KernelVersion) -> &'static [&'static str] {
        let older = self.older.iter().find(|proto| version < proto.until);
        older.map_or(self.arg_names, |proto| proto.arg_names)
    }

    /// The name in `version`.
    #[must_use]
    pub fn name_at(&self, version: KernelVersion) -> &'static str {
        self.old_names.iter().find(|(until, _)| version < *until).map_or(self.name, |(_, old)| old)
    }

    /// Its names of all releases, the newest first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.old_names.iter().map(|(_, old)| *old))
    }

    /// The kernel's text to a program of a type that the call does not support.
    #[must_use]
    pub fn unsupported_text(&self, prog: ProgType) -> String {
        let id = match self.kind {
            CallKind::Helper(id) => id,
            CallKind::Kfunc => 0,
        };
        format!("func {}#{id} not supported for program type {}", self.name, prog as u32)
    }

    /// First release of each grant to a type, and the first without it.
    fn grants(
        &self,
        prog: ProgType,
    ) -> impl Iterator<Item = (KernelVersion, Option<KernelVersion>)> {
        let of = move |avail: Avail| avail.iter().filter(move |grant| grant.progs.contains(&prog));
        let own = of(self.avail).map(|grant| (grant.since, grant.until));
        let of_hooks = self.hooks.iter().flat_map(move |Registration { hook, since, until }| {
            of(hook).map(|grant| (grant.since.max(*since), *until))
        });
        own.chain(of_hooks)
    }
}

#[cfg(test)]
mod tests;
