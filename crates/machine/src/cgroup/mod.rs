//! Control groups of the default hierarchy: `kernel/cgroup/cgroup.c`.
//!
//! There is the root, and what is made below it. Each task is in one; a new task is in its parent's. Hierarchies of
//! version 1 do not exist here.

mod object;
mod refs;
mod table;
#[cfg(test)]
mod tests;

pub use table::Cgroups;

/// Number of a control group: that of its directory's inode, by which user space and programs know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CgroupId(pub u64);

impl CgroupId {
    /// The root of the hierarchy.
    pub const ROOT: Self = Self(1);
}
