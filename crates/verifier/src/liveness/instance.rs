//! Marks of a function, as a certain chain of calls runs it.

use super::flow::Flow;
use super::stack::MAX_FRAMES;

/// Marks of one insn, for one frame: a bit for each slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// Slots that the insn may read.
    pub(super) may_read: u64,
    /// Slots that it overwrites on every path.
    pub(super) must_write: u64,
    /// Slots that it, or every continuation within the function, overwrites.
    pub(super) written: u64,
    /// Slots that it or a continuation may read.
    pub(super) live: u64,
}

/// A function, as a certain chain of calls runs it.
#[derive(Debug)]
pub(super) struct Instance {
    /// The calls that lead here, outermost first, and the function's first insn.
    pub(super) chain: Vec<u32>,
    /// The function.
    pub(super) subprog: u32,
    /// Its first insn.
    pub(super) start: u32,
    /// Whether marks changed since `live` was computed.
    pub(super) updated: bool,
    /// Whether `must_write` shrank since.
    pub(super) shrank: bool,
    /// For each frame of the chain, the marks of all insns; nothing until one is marked.
    pub(super) frames: Vec<FrameMarks>,
    /// Insns whose `must_write` is set.
    pub(super) seen: Vec<bool>,
}

/// Marks of all insns of a function, for one frame.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameMarks {
    /// By insn.
    pub(super) marks: Vec<Marks>,
    /// Insns whose marks, or those of a successor, changed since they were solved: a bit each, by place in postorder.
    pub(super) dirty: Vec<u64>,
}

impl FrameMarks {
    fn dirty(&mut self, place: u32) {
        self.dirty[(place / 64) as usize] |= 1 << (place % 64);
    }
}

impl Instance {
    pub(super) fn depth(&self) -> usize {
        self.chain.len() - 1
    }

    pub(super) fn marks(&self, frame: usize, insn: u32) -> Option<&Marks> {
        self.frames.get(frame)?.marks.get(insn.checked_sub(self.start)? as usize)
    }

    /// The marks of a frame; room for all insns is made where there is none.
    fn frame_mut(&mut self, frame: usize) -> Option<&mut FrameMarks> {
        let insns = self.seen.len();
        let frame = self.frames.get_mut(frame)?;
        if frame.marks.is_empty() {
            frame.marks.resize(insns, Marks::default());
            // Each insn is to be solved once.
            frame.dirty = vec![u64::MAX; insns.div_ceil(64)];
        }
        Some(frame)
    }

    pub(super) fn read(&mut self, flow: &Flow, frame: usize, insn: u32, slots: u64) {
        let at = insn.wrapping_sub(self.start) as usize;
        let Some(frame) = self.frame_mut(frame).filter(|frame| at < frame.marks.len()) else {
            return;
        };
        let marks = &mut frame.marks[at];
        let new = slots & !marks.may_read;
        if new == 0 {
            return;
        }
        marks.may_read |= slots;
        let is_new = slots & !marks.live != 0;
        frame.dirty(flow.places[at]);
        self.updated |= is_new;
    }

    pub(super) fn commit(&mut self, flow: &Flow, insn: u32, written: &[u64; MAX_FRAMES]) {
        let at = insn.wrapping_sub(self.start) as usize;
        let Some(&seen) = self.seen.get(at) else {
            return;
        };
        for (frame, &slots) in written.iter().enumerate().take(self.chain.len()) {
            if slots == 0 && !seen {
                continue;
            }
            let Some(frame) = self.frame_mut(frame) else {
                continue;
            };
            let old = frame.marks[at].must_write;
            let new = if seen { slots & old } else { slots };
            if old != new {
                frame.marks[at].must_write = new;
                frame.dirty(flow.places[at]);
                self.updated = true;
                self.shrank |= old & !new != 0;
            }
        }
        self.seen[at] = true;
    }
}
