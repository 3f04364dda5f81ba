//! Where control may go from an insn within its function (`bpf_insn_successors`).

use skep_isa::{Insn, opcode};

use crate::insn::Shape;

/// At most two insns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Successors {
    items: [u32; 2],
    len: u8,
    next: u8,
}

impl Successors {
    fn push(&mut self, insn: i64) {
        // Invariant: jumps were checked to stay within the program.
        if let Ok(insn) = u32::try_from(insn) {
            self.items[usize::from(self.len)] = insn;
            self.len += 1;
        }
    }
}

impl Iterator for Successors {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let at = usize::from(self.next);
        (self.next < self.len).then(|| {
            self.next += 1;
            self.items[at]
        })
    }
}

/// The next insn first, then where it jumps.
pub(crate) fn successors(insns: &[Insn], at: u32) -> Successors {
    let mut next = Successors::default();
    let Some(insn) = insns.get(at as usize) else { return next };
    let op = insn.code & opcode::OP_MASK;
    let is_jump = insn.is_jump_class() && !matches!(op, opcode::CALL | opcode::EXIT);
    let falls_through = !insn.is_jump_class() || !matches!(op, opcode::EXIT | opcode::JA);
    let within = |to: i64| to < insns.len() as i64;
    let after = i64::from(at) + i64::from(insn.slots());
    if falls_through && within(after) {
        next.push(after);
    }
    let target = i64::from(at) + i64::from(insn.jump_off()) + 1;
    if is_jump && within(target) {
        next.push(target);
    }
    next
}
