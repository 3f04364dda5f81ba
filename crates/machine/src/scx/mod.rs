//! sched_ext as seen by those that only watch: `kernel/sched/ext.c`, `kernel/sched/ext_idle.c`.
//!
//! The machine schedules nothing. It knows whether a scheduler is loaded, which of the kernel's services that
//! scheduler asked for, and why the last one ended. While one is loaded, idle CPUs are tracked in masks that
//! programs read as they are at that moment.

mod exit;
mod ops;
mod state;
#[cfg(test)]
mod tests;

pub use exit::{ECODE_ACT_RESTART, ECODE_RSN_HOTPLUG, ExitInfo, ExitKind};
pub use ops::{OPS_BUILTIN_IDLE_PER_NODE, OPS_KEEP_BUILTIN_IDLE, SchedExtOps};
pub use state::LoadError;
