//! The log in the kernel's form: every insn of the paths, and what is known where it changed.
//!
//! Level 1 keeps the path at fault only, level 2 every path, and how marks went back along it. Without a level nothing
//! is written, and nothing is paid for but a test of the level.

mod listing;
mod names;
mod precise;
mod walk;

pub(crate) use listing::{functions, live_registers};
pub(crate) use precise::{Trace, propagating};
pub(crate) use walk::{
    after_insn, before_insn, insn, insn_line, safe, subprog_is_safe, validating,
};

use crate::state::Shown;
use crate::{Cost, LineInfo};

/// What the kernel would print; nothing unless asked for.
#[derive(Debug)]
pub(crate) struct Log {
    level: u32,
    text: String,
    /// Whether the whole state is due before the next insn.
    whole_state: bool,
    /// What the insns since the last state that was printed touched (`scratched_regs`, `scratched_stack_slots`).
    touched: Shown,
    /// Slots of objects, such as dynptrs, that the call at hand reads.
    objects: u64,
    /// Where the last insn's line ends, and how long it is: the state is appended to it.
    line_end: usize,
    line_len: usize,
    /// The source line that was printed last.
    line: Option<LineInfo>,
}

impl Log {
    /// A log of this level; 0 keeps nothing.
    pub(crate) fn new(level: u32) -> Self {
        Self {
            level,
            text: String::new(),
            whole_state: false,
            touched: Shown::ALL,
            objects: 0,
            line_end: 0,
            line_len: 0,
            line: None,
        }
    }

    /// Whether anything is kept.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.level > 0
    }

    /// Whether every path is kept, and details.
    #[inline]
    pub(crate) fn is_verbose(&self) -> bool {
        self.level > 1
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back what was printed since, unless every path is to be kept.
    pub(crate) fn back_to(&mut self, len: usize) {
        if self.level < 2 {
            self.text.truncate(len);
        }
    }

    /// The path goes on elsewhere: shows the whole state before the next insn.
    pub(crate) fn path_changes(&mut self) {
        self.whole_state = true;
        self.touched = Shown::ALL;
    }

    /// Slots of the stack were read or written: they are printed after the insn.
    #[inline]
    pub(crate) fn touch_slots(&mut self, slots: u64) {
        self.touched.slots |= slots;
    }

    /// A call reads an object on the stack: its slots are printed as well.
    #[inline]
    pub(crate) fn touch_object(&mut self, slots: u64) {
        self.objects |= slots;
    }

    /// A function was left: shows the caller's whole state before the next insn.
    pub(crate) fn returned(&mut self) {
        self.whole_state = true;
        self.touched = Shown::NONE;
    }

    /// A function is explored on its own.
    pub(crate) fn begin_pass(&mut self) {
        self.line = None;
        self.touched = Shown::ALL;
    }

    /// It was found to be fine: level 1 shows what is at fault only.
    pub(crate) fn end_pass(&mut self) {
        self.back_to(0);
    }

    /// The text, when any was asked for: ends with the sentence of the rejection, if there is one, and with what the
    /// analysis cost.
    pub(crate) fn finish(&mut self, rejection: Option<&str>, cost: Cost) -> Option<String> {
        if !self.is_on() {
            return None;
        }
        let mut text = core::mem::take(&mut self.text);
        if let Some(rejection) = rejection {
            text.push_str(rejection.trim_end());
            text.push('\n');
        }
        text.push_str(&format!(
            "processed {} insns (limit 1000000) max_states_per_insn {} total_states {} peak_states {} mark_read 0\n",
            cost.insn_processed, cost.max_states_per_insn, cost.total_states, cost.peak_states,
        ));
        Some(text)
    }
}
