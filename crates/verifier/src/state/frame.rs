//! One function's activation (`struct bpf_func_state`).

use skep_isa::Reg;

use super::{RegState, StackSlot};

/// What called a callback: tells how its return value is checked and what happens afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CallbackKind {
    /// Runs within the call, any number of times.
    Sync,
    /// Runs later.
    Async,
    /// Runs when an exception is thrown.
    Exception,
}

/// One function's registers and stack.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// R0 to R10.
    pub(crate) regs: [RegState; 11],
    /// The insn that called; for the main program and async callbacks, none.
    pub(crate) callsite: u32,
    /// Depth: 0 for the main program.
    pub(crate) frameno: u32,
    /// Which subprogram.
    pub(crate) subprog: u32,
    /// How often this async callback was entered on the way.
    pub(crate) async_entry: u32,
    /// What a callback may return.
    pub(crate) callback_ret: (i32, i32),
    /// Whether it is a callback, and of which kind.
    pub(crate) callback: Option<CallbackKind>,
    /// Simulated rounds of the callback that this frame called last (`bpf_loop` …).
    pub(crate) callback_depth: u32,
    /// Slots from the top of the frame downwards.
    pub(crate) stack: Vec<StackSlot>,
}

/// `callsite` of the main program and of async callbacks.
pub(crate) const NO_CALLSITE: u32 = u32::MAX;

impl Frame {
    /// A fresh frame: nothing but R10 is known.
    pub(crate) fn new(callsite: u32, frameno: u32, subprog: u32) -> Self {
        let mut frame = Self {
            regs: [RegState::not_init(); 11],
            callsite,
            frameno,
            subprog,
            async_entry: 0,
            callback_ret: (0, 0),
            callback: None,
            callback_depth: 0,
            stack: Vec::new(),
        };
        let mut fp = RegState::pointer(super::RegType::new(super::Base::Stack));
        fp.frameno = frameno;
        frame.regs[Reg::R10.at()] = fp;
        frame
    }

    /// Becomes a copy of `other`, in the memory that it has.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let Self { regs, callsite, frameno, subprog, async_entry, .. } = self;
        *regs = other.regs;
        *callsite = other.callsite;
        *frameno = other.frameno;
        *subprog = other.subprog;
        *async_entry = other.async_entry;
        self.callback_ret = other.callback_ret;
        self.callback = other.callback;
        self.callback_depth = other.callback_depth;
        self.stack.clone_from(&other.stack);
    }

    /// Whether it is a callback that runs within its call.
    pub(crate) fn is_sync_callback(&self) -> bool {
        self.callback == Some(CallbackKind::Sync)
    }

    /// Bytes of stack that were touched.
    pub(crate) fn allocated(&self) -> u32 {
        self.stack.len() as u32 * super::SLOT_SIZE
    }

    /// Makes room for the slot that holds `off` (negative, from the frame pointer).
    pub(crate) fn grow_to(&mut self, off: i32) {
        let slots = (off.unsigned_abs() as usize).div_ceil(8);
        if self.stack.len() < slots {
            self.stack.resize(slots, StackSlot::invalid());
        }
    }
}
