//! The stack of one run: frames, and which of their bytes have been written.
//!
//! Frames lie in the machine's memory, with unmapped bytes between them; this keeps what the machine does not know.
//! A byte becomes initialised when an insn stores it, or when a call's prototype says that the call fills it.

use skep_abi::{Addr, Cpu};
use skep_machine::Machine;

use crate::refs::{Mark, RefId};
use crate::{MAX_CALL_FRAMES, TrapKind};

/// Bytes of a frame (`MAX_BPF_STACK`).
pub(crate) const FRAME_SIZE: u64 = 512;
/// The same, in this file.
const SIZE: u64 = FRAME_SIZE;
/// Words of a frame's bitmap.
const WORDS: usize = SIZE as usize / 64;

/// Slots of a frame that may hold a pointer.
const SLOTS: usize = SIZE as usize / 8;

/// One frame.
struct Shadow {
    base: u64,
    written: [u64; WORDS],
    /// The references whose pointers lie in its slots; none before there is one.
    marks: Option<Box<[Mark; SLOTS]>>,
}

/// The frames of one run, the main program's first.
pub(crate) struct Stack<'m> {
    machine: &'m Machine,
    cpu: Cpu,
    frames: Vec<Shadow>,
    /// What unwritten bytes hold, where they may be read.
    uninit: Option<u8>,
    /// Frames that there may be: a program that was tail-called from a subprogram may nest as deep again.
    limit: usize,
    /// Whether some frame has had marks.
    has_marks: bool,
}

impl<'m> Stack<'m> {
    /// The empty stack of a CPU.
    pub(crate) fn new(machine: &'m Machine, cpu: Cpu, uninit: Option<u8>) -> Self {
        let frames = Vec::with_capacity(MAX_CALL_FRAMES);
        let (limit, has_marks) = (MAX_CALL_FRAMES, false);
        Self { machine, cpu, frames, uninit, limit, has_marks }
    }

    /// Adds a frame; gives its frame pointer.
    pub(crate) fn push(&mut self) -> Result<Addr, TrapKind> {
        if self.frames.len() >= self.limit {
            return Err(TrapKind::CallDepth);
        }
        let memory = self.machine.memory();
        let cpu = self.machine.cpu(self.cpu).ok_or(TrapKind::NoCpu(self.cpu))?;
        let frame = cpu.push_frame(memory, self.frames.len() as u64).ok_or(TrapKind::CallDepth)?;
        self.frames.push(Shadow { base: frame.base.0, written: [0; WORDS], marks: None });
        Ok(frame.top)
    }

    /// Ends the innermost frame.
    pub(crate) fn pop(&mut self) {
        if self.frames.pop().is_some()
            && let Some(cpu) = self.machine.cpu(self.cpu)
        {
            cpu.pop_frame(self.machine.memory(), self.frames.len() as u64);
        }
    }

    /// Forgets what was written in the innermost frame: another program takes it over.
    pub(crate) fn renew(&mut self) {
        self.limit = self.frames.len() + MAX_CALL_FRAMES - 1;
        if let Some(frame) = self.frames.last_mut() {
            frame.written = [0; WORDS];
            frame.marks = None;
        }
    }

    /// The frame that an address lies in, and the offset in it.
    #[inline]
    fn find(&self, addr: Addr) -> Option<(usize, u64)> {
        // Innermost first: that is where nearly all accesses go.
        self.frames.iter().enumerate().rev().find_map(|(at, frame)| {
            let off = addr.0.wrapping_sub(frame.base);
            (off < SIZE).then_some((at, off))
        })
    }

    /// Notes that bytes were written; bytes outside the stack are nobody's business.
    #[inline]
    pub(crate) fn written(&mut self, addr: Addr, size: u64) {
        let Some((at, off)) = self.find(addr) else { return };
        let written = &mut self.frames[at].written;
        for_words(off, size, |word, mask| written[word] |= mask);
        if self.has_marks
            && let Some(marks) = &mut self.frames[at].marks
        {
            let end = off.saturating_add(size).min(SIZE).div_ceil(8) as usize;
            marks[off as usize / 8..end].fill(Mark::NONE);
        }
    }

    /// The reference whose pointer lies at an address of the stack.
    #[inline]
    pub(crate) fn mark_at(&self, addr: Addr) -> Mark {
        if !self.has_marks {
            return Mark::NONE;
        }
        match self.find(addr) {
            Some((at, off)) if off % 8 == 0 => {
                self.frames[at].marks.as_ref().map_or(Mark::NONE, |marks| marks[off as usize / 8])
            }
            _ => Mark::NONE,
        }
    }

    /// Notes that a pointer which is a reference was stored, after [`Self::written`].
    #[inline]
    pub(crate) fn set_mark(&mut self, addr: Addr, mark: Mark) {
        if mark == Mark::NONE {
            return;
        }
        let Some((at, off)) = self.find(addr).filter(|(_, off)| off % 8 == 0) else { return };
        let marks = self.frames[at].marks.get_or_insert_with(|| Box::new([Mark::NONE; SLOTS]));
        marks[off as usize / 8] = mark;
        self.has_marks = true;
    }

    /// Makes all marks with a reference stale.
    pub(crate) fn release(&mut self, id: RefId) {
        let frames = self.frames.iter_mut().filter_map(|frame| frame.marks.as_mut());
        frames.flat_map(|marks| marks.iter_mut()).for_each(|mark| mark.release(id));
    }

    /// Whether an address lies in a frame.
    pub(crate) fn contains(&self, addr: Addr) -> bool {
        self.find(addr).is_some()
    }

    /// Comes before every read: where reading unwritten bytes is allowed, they get their value now, so that what an
    /// earlier call left there does not show.
    #[inline]
    pub(crate) fn settle(&mut self, addr: Addr, size: u64) -> Result<(), TrapKind> {
        match self.uninit {
            Some(value) => self.fill_unwritten(addr, size, value),
            None => Ok(()),
        }
    }

    fn fill_unwritten(&mut self, addr: Addr, size: u64, value: u8) -> Result<(), TrapKind> {
        let Some((at, off)) = self.find(addr) else { return Ok(()) };
        let Shadow { base, written, .. } = &mut self.frames[at];
        for byte in off..off.saturating_add(size).min(SIZE) {
            let (word, bit) = ((byte / 64) as usize, 1 << (byte % 64));
            if written[word] & bit == 0 {
                written[word] |= bit;
                self.machine.memory().fill(Addr(*base + byte), 1, value)?;
            }
        }
        Ok(())
    }

    /// Refuses bytes that were never written.
    #[inline]
    pub(crate) fn check(&self, addr: Addr, size: u64) -> Result<(), TrapKind> {
        let Some((at, off)) = self.find(addr) else { return Ok(()) };
        let written = &self.frames[at].written;
        let mut missing = None;
        for_words(off, size, |word, mask| {
            let never = mask & !written[word];
            if never != 0 && missing.is_none() {
                missing = Some(word as u64 * 64 + u64::from(never.trailing_zeros()));
            }
        });
        match missing {
            Some(first) => Err(uninit(off, size, first)),
            None => Ok(()),
        }
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        while !self.frames.is_empty() {
            self.pop();
        }
    }
}

/// Visits the bitmap words of `size` bytes at `off` of a frame, as far as they lie in it.
#[inline]
fn for_words(off: u64, size: u64, mut visit: impl FnMut(usize, u64)) {
    let end = off.saturating_add(size).min(SIZE);
    let mut at = off;
    while at < end {
        let (word, bit) = (at / 64, at % 64);
        let count = (64 - bit).min(end - at);
        visit(word as usize, (u64::MAX >> (64 - count)) << bit);
        at += count;
    }
}

#[cold]
fn uninit(off: u64, size: u64, first: u64) -> TrapKind {
    let from_top = |off: u64| off.cast_signed() - SIZE.cast_signed();
    TrapKind::UninitStack { off: from_top(off), size, first: from_top(first) }
}
