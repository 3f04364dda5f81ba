//! Which numbers must be known exactly: marks that walk back along the path (`kernel/bpf/backtrack.c`).

mod backtrack;
mod history;
mod mark;
mod path;
mod propagate;

pub(crate) use backtrack::Backtrack;
pub(crate) use backtrack::REJECTIONS;
pub(crate) use history::{
    HistoryEntry, HistoryFlags, LinkedAt, LinkedReg, begin_insn, push_history,
};
pub(crate) use mark::{mark_chain, mark_slot, set_precise};
pub(crate) use path::path;
pub(crate) use propagate::{give_up, propagate, propagate_backedge};
