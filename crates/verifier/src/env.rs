//! The analysis of one program: what every room reads and writes (`struct bpf_verifier_env`).

use skep_abi::{ArgBase, TypeFlags};
use skep_btf::{Btf, TypeId};
use skep_isa::{Insn, Reg};

use crate::diag::Log;
use crate::explore::Explored;
use crate::features::Features;
use crate::fields::{LocalRecords, MapFields};
use crate::liveness::Liveness;
use crate::precision::Backtrack;
use crate::prune::SccVisits;
use crate::scc::SccInfo;
use crate::state::{IdMap, RegState, RegType, State};
use crate::{Cost, Kernel, Options, Program};

/// What is known about one insn, whatever the path.
#[derive(Clone, Debug, Default)]
pub(crate) struct InsnAux {
    /// Whether any path came here.
    pub(crate) seen: bool,
    /// Whether states are kept before it.
    pub(crate) prune_point: bool,
    /// Whether a state is kept whenever a path comes here.
    pub(crate) force_checkpoint: bool,
    /// Whether a jump lands here, or leaves here: history entries are kept.
    pub(crate) jmp_point: bool,
    /// Whether a jump lands here.
    pub(crate) jump_target: bool,
    /// Whether it calls a function that runs a callback.
    pub(crate) calls_callback: bool,
    /// Whether it is a tail call of a function: the path goes on after it, or leaves the function.
    pub(crate) tail_call: bool,
    /// Whether it advances an open-coded iterator.
    pub(crate) is_iter_next: bool,
    /// Registers that may be read later, a bit each, before the insn.
    pub(crate) live_regs: u16,
    /// The strongly connected component of the control flow that it is in; 0 when none.
    pub(crate) scc: u32,
    /// For `ld_imm64`: what it loads.
    pub(crate) imm64: Imm64,
    /// For loads and stores: the type of pointer that the first path saw here; another path must see a
    /// compatible one.
    pub(crate) ptr_type: Option<RegType>,
    /// For calls of a callback-taking helper, and others: the map that the first path saw.
    pub(crate) map: MapSeen,
    /// Whether it belongs to a pattern of spills and fills around a call that needs none.
    pub(crate) fastcall_pattern: bool,
    /// For calls: number of spill and fill pairs around it.
    pub(crate) fastcall_spills: u8,
    /// For conditional jumps and others: verdicts that the rewriting after the analysis needs.
    pub(crate) needs_zext: bool,
    /// For `bpf_loop`: whether every path so far allows the call to become a loop, and for which callback.
    pub(crate) loop_inline: Option<Option<u32>>,
    /// For kfuncs that allocate: the local type.
    pub(crate) obj_type: Option<TypeId>,
}

/// What `ld_imm64` loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Imm64 {
    /// A number, or a subprogram's address.
    #[default]
    Plain,
    /// A map.
    Map(u32),
    /// A value of a map, at this offset.
    MapValue(u32, u32),
    /// A kernel variable or typed symbol: the register that the load leaves.
    Ksym {
        /// Type of the pointer.
        ty: RegType,
        /// Bytes, for plain memory.
        size: u32,
        /// Type, for kernel objects.
        btf: Option<TypeId>,
    },
}

/// The map argument over all paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MapSeen {
    /// No path yet.
    #[default]
    None,
    /// The same on all paths; tells whether it is an inner map's template.
    One(u32, bool),
    /// Several.
    Many,
}

/// An argument of a global subprogram (`struct bpf_subprog_arg_info`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct SubprogArg {
    /// Kind; [`ArgBase::Anything`] for numbers.
    pub(crate) base: ArgBase,
    /// Modifiers.
    pub(crate) flags: TypeFlags,
    /// Bytes of memory.
    pub(crate) mem_size: u32,
    /// The kernel's struct.
    pub(crate) btf: Option<TypeId>,
}

/// A function of the program (`struct bpf_subprog_info`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Subprog {
    /// First insn.
    pub(crate) start: u32,
    /// Name from BTF; empty when unknown.
    pub(crate) name: String,
    /// Bytes of stack, rounded by nobody yet.
    pub(crate) stack_depth: u32,
    /// Lowest offset of the spills around calls that need none.
    pub(crate) fastcall_stack_off: i32,
    /// Whether those spills are accessed otherwise, so that they must stay.
    pub(crate) keep_fastcall_stack: bool,
    /// Where its insns begin in the postorder of all.
    pub(crate) postorder_start: u32,
    /// Whether it tail-calls.
    pub(crate) has_tail_call: bool,
    /// Whether it, or one that it calls, tail-calls.
    pub(crate) tail_call_reachable: bool,
    /// Whether it reads the packet by `LD_ABS`.
    pub(crate) has_ld_abs: bool,
    /// Whether it is a callback.
    pub(crate) is_cb: bool,
    /// Whether it is a callback that runs later.
    pub(crate) is_async_cb: bool,
    /// Whether it handles exceptions.
    pub(crate) is_exception_cb: bool,
    /// Whether BTF says that it is global.
    pub(crate) is_global: bool,
    /// Whether a global subprogram is called from code that was explored.
    pub(crate) called: bool,
    /// Whether it may move the packet.
    pub(crate) changes_pkt_data: bool,
    /// Whether it may sleep.
    pub(crate) might_sleep: bool,
    /// Its arguments, when it is global and they were asked for.
    pub(crate) args: Option<Vec<SubprogArg>>,
    /// Whether the types of its arguments in BTF are not those that it is called with.
    pub(crate) unreliable_args: bool,
}

/// The analysis of one program.
pub(crate) struct Env<'a> {
    /// The program.
    pub(crate) prog: &'a Program<'a>,
    /// The kernel.
    pub(crate) kernel: &'a Kernel<'a>,
    /// Its rules.
    pub(crate) features: Features,
    /// The insns.
    pub(crate) insns: &'a [Insn],
    /// What is known about each.
    pub(crate) aux: Vec<InsnAux>,
    /// The functions, ascending by first insn.
    pub(crate) subprogs: Vec<Subprog>,
    /// The subprogram that handles exceptions, when there is one.
    pub(crate) exception_cb: Option<u32>,
    /// The callback that the call which is looked at runs once, and how it begins.
    pub(crate) callback_to_run: Option<(u32, crate::call::callback::Entry)>,
    /// Fields with a meaning of their own, for each map's value.
    pub(crate) map_fields: Vec<MapFields>,
    /// The same for each struct of the program's BTF.
    pub(crate) local_records: LocalRecords,
    /// Insns of all functions in postorder.
    pub(crate) postorder: Vec<u32>,
    /// The path that is walked.
    pub(crate) state: State,
    /// The insn that is looked at.
    pub(crate) insn_idx: u32,
    /// The one before.
    pub(crate) prev_insn_idx: u32,
    /// Whether the insn above is at fault when a rejection comes.
    pub(crate) at_insn: bool,
    /// States that were kept, and branches that wait.
    pub(crate) explored: Explored,
    /// Loops of the control flow.
    pub(crate) sccs: SccInfo,
    /// States that entered them.
    pub(crate) scc_visits: SccVisits,
    /// Stack slots that may be read later.
    pub(crate) liveness: Liveness,
    /// Scratch of the walk back.
    pub(crate) backtrack: Backtrack,
    /// Ids that are matched while states are compared.
    pub(crate) ids: IdMap,
    /// Last id given out.
    pub(crate) last_id: u32,
    /// Statistics.
    pub(crate) cost: Cost,
    /// The log.
    pub(crate) log: Log,
    /// The largest offset at which the context was read, and others that attaching checks.
    pub(crate) max_ctx_offset: u32,
    /// Whether a stack is walked, which precise perf events must be able to deliver.
    pub(crate) calls_stack_walk: bool,
    /// Words of the context that are loaded as trusted pointers to kernel objects, a bit each.
    pub(crate) ctx_ptrs: u16,
    /// The subprogram that is explored on its own; 0 for the main program.
    pub(crate) exploring: u32,
    /// Whether packet data was accessed directly.
    pub(crate) seen_direct_write: bool,
    /// The return type of the function that the program attaches to.
    pub(crate) attach_func_proto: Option<TypeId>,
    /// References that the context holds when the program starts: offset of the argument, id.
    pub(crate) ctx_refs: Vec<(i32, u32)>,
}

impl<'a> Env<'a> {
    /// Begins.
    pub(crate) fn new(prog: &'a Program<'a>, kernel: &'a Kernel<'a>, options: Options) -> Self {
        Self {
            prog,
            kernel,
            features: Features::new(kernel.version),
            insns: prog.insns,
            aux: vec![InsnAux::default(); prog.insns.len()],
            subprogs: Vec::new(),
            exception_cb: None,
            callback_to_run: None,
            map_fields: Vec::new(),
            local_records: LocalRecords::default(),
            postorder: Vec::new(),
            state: State::start(0, prog.sleepable),
            insn_idx: 0,
            prev_insn_idx: 0,
            at_insn: false,
            explored: Explored::new(prog.insns.len()),
            sccs: SccInfo::default(),
            scc_visits: SccVisits::default(),
            liveness: Liveness::default(),
            backtrack: Backtrack::default(),
            ids: IdMap::default(),
            last_id: 0,
            cost: Cost::default(),
            log: Log::new(options.log_level),
            max_ctx_offset: 0,
            calls_stack_walk: false,
            ctx_ptrs: 0,
            exploring: 0,
            seen_direct_write: false,
            attach_func_proto: None,
            ctx_refs: Vec::new(),
        }
    }

    /// The program's types, or the kernel's.
    pub(crate) fn btf_of(&self, local: bool) -> Option<&'a Btf> {
        if local { self.prog.btf } else { Some(self.kernel.btf) }
    }

    /// A fresh id.
    pub(crate) fn new_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// The insn that is looked at.
    pub(crate) fn insn(&self) -> Insn {
        self.insns[self.insn_idx as usize]
    }

    /// What is known about the insn that is looked at.
    pub(crate) fn aux_mut(&mut self) -> &mut InsnAux {
        &mut self.aux[self.insn_idx as usize]
    }

    /// A register of the running frame.
    pub(crate) fn reg(&self, reg: Reg) -> &RegState {
        self.state.reg(reg)
    }

    /// A register of the running frame.
    pub(crate) fn reg_mut(&mut self, reg: Reg) -> &mut RegState {
        self.state.reg_mut(reg)
    }

    /// The subprogram that an insn belongs to (`find_containing_subprog`).
    pub(crate) fn subprog_of(&self, insn: u32) -> u32 {
        self.subprogs.partition_point(|s| s.start <= insn) as u32 - 1
    }

    /// The subprogram that begins at an insn (`find_subprog`).
    pub(crate) fn subprog_at(&self, insn: u32) -> Option<u32> {
        self.subprogs.binary_search_by_key(&insn, |s| s.start).ok().map(|at| at as u32)
    }

    /// One past the last insn of a subprogram.
    pub(crate) fn subprog_end(&self, subprog: u32) -> u32 {
        self.subprogs.get(subprog as usize + 1).map_or(self.insns.len() as u32, |s| s.start)
    }
}
