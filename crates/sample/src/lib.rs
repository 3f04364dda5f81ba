//! Where samples come from: perf events of running processes, or ptrace where perf is refused.

pub mod event_name;
pub mod record;
mod sys;
pub mod unwind;
