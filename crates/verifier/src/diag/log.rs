//! The log in the kernel's form.

use crate::env::Env;

/// What the kernel would print; nothing unless asked for.
#[derive(Debug, Default)]
pub(crate) struct Log {
    level: u32,
    text: String,
    /// Whether the whole state is due before the next insn.
    whole_state: bool,
}

impl Log {
    /// A log of this level; 0 keeps nothing.
    pub(crate) fn new(level: u32) -> Self {
        Self { level, ..Self::default() }
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
    pub(crate) fn print_whole_state(&mut self) {
        self.whole_state = true;
    }

    /// A function is explored on its own.
    pub(crate) fn begin_pass(&mut self) {}

    /// It was found to be fine: level 1 shows what is at fault only.
    pub(crate) fn end_pass(&mut self) {
        self.back_to(0);
    }

    /// The text, when any was asked for.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (self.level > 0).then(|| core::mem::take(&mut self.text))
    }
}

/// The insn that is looked at, and what is known before it.
pub(crate) fn insn(_env: &mut Env<'_>) {}

/// A kept state covers the path.
pub(crate) fn safe(_env: &mut Env<'_>) {}

/// A global subprogram is explored.
pub(crate) fn validating(_env: &mut Env<'_>, _subprog: u32) {}

/// A global subprogram is fine.
pub(crate) fn subprog_is_safe(_env: &mut Env<'_>, _subprog: u32) {}
