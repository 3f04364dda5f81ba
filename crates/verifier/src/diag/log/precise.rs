//! How marks go back along the path (`mark_precise:` lines of level 2).

use core::fmt::Write as _;

use super::{Log, names};
use crate::explore::NO_INSN;
use crate::state::{Printer, Shown, State};
use crate::{Kernel, Program};

/// Writes the walk back into the log, if that keeps details.
pub(crate) struct Trace<'t> {
    log: &'t mut Log,
    prog: &'t Program<'t>,
    kernel: &'t Kernel<'t>,
}

impl<'t> Trace<'t> {
    /// Writes into this log.
    pub(crate) fn new(log: &'t mut Log, prog: &'t Program<'t>, kernel: &'t Kernel<'t>) -> Self {
        Self { log, prog, kernel }
    }

    /// A walk along the path of one state begins.
    pub(crate) fn stretch(&mut self, frame: usize, last: u32, first: u32, next: u32) {
        if !self.log.is_verbose() {
            return;
        }
        let next = if next == NO_INSN { -1 } else { i64::from(next) };
        let _ = writeln!(
            self.log.text,
            "mark_precise: frame{frame}: last_idx {last} first_idx {first} subseq_idx {next} "
        );
    }

    /// A step back over an insn.
    #[inline]
    pub(crate) fn step(&mut self, frame: usize, regs: u16, slots: u64, at: u32) {
        if self.log.is_verbose() {
            self.print_step(frame, regs, slots, at);
        }
    }

    #[cold]
    fn print_step(&mut self, frame: usize, regs: u16, slots: u64, at: u32) {
        if self.prog.insns.get(at as usize).is_none_or(|i| i.code == 0) {
            return;
        }
        let (regs, slots) = (Regs(regs), Slots(slots));
        let insn = names::text(self.prog, self.kernel, at);
        let _ = writeln!(
            self.log.text,
            "mark_precise: frame{frame}: regs={regs} stack={slots} before {at}: {insn}"
        );
    }

    /// Marks were placed in a kept state.
    pub(crate) fn placed(&mut self, frame: usize, regs: u16, slots: u64, state: &State) {
        if !self.log.is_verbose() {
            return;
        }
        let (regs, slots) = (Regs(regs), Slots(slots));
        let text = Printer::new(self.prog, self.kernel).frame(state, frame, Shown::ALL);
        let _ = writeln!(
            self.log.text,
            "mark_precise: frame{frame}: parent state regs={regs} stack={slots}: {text}"
        );
    }

    /// The marks could not be followed.
    pub(crate) fn gave_up(&mut self, frame: usize) {
        if self.log.is_verbose() {
            let _ = writeln!(
                self.log.text,
                "mark_precise: frame{frame}: falling back to forcing all scalars precise"
            );
        }
    }
}

/// What a covered path takes over from the state that covers it (`propagate_precision`).
pub(crate) fn propagating(log: &mut Log, regs: &[u16], slots: &[u64]) {
    if !log.is_verbose() {
        return;
    }
    for (frame, (&regs, &slots)) in regs.iter().zip(slots).enumerate().rev() {
        if regs == 0 && slots == 0 {
            continue;
        }
        let comma = if regs != 0 && slots != 0 { "," } else { "" };
        let slots = Slots(slots).to_string();
        let slots = slots.split(',').filter(|s| !s.is_empty()).map(|slot| format!("fp{slot}"));
        let slots = slots.collect::<Vec<_>>().join(",");
        let _ = writeln!(log.text, "frame {frame}: propagating {}{comma}{slots}", Regs(regs));
    }
}

/// `r0,r2` for a mask.
struct Regs(u16);

impl core::fmt::Display for Regs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut comma = "";
        for reg in (0..16).filter(|reg| self.0 >> reg & 1 == 1) {
            write!(f, "{comma}r{reg}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// `-8,-24` for a mask.
struct Slots(u64);

impl core::fmt::Display for Slots {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut comma = "";
        for spi in (0..64).filter(|spi| self.0 >> spi & 1 == 1) {
            write!(f, "{comma}{}", -8 * (spi + 1))?;
            comma = ",";
        }
        Ok(())
    }
}
