//! Raw stacks and how often each was seen.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Mapping, Pid};

/// A process whose stacks are counted.
///
/// One that executes another program, or changes its name, is a new one for this purpose.
#[derive(Clone, Debug)]
pub struct Process {
    /// Process id.
    pub pid: Pid,
    /// Its name, as the kernel has it (at most 15 bytes; what is not UTF-8 replaced).
    pub comm: String,
    /// Executable mappings, for naming addresses; any order.
    pub mappings: Arc<[Mapping]>,
}

/// A process of one [`StackSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(crate) u32);

/// A group of stacks of one [`StackSet`], such as those that were seen while something else was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub(crate) u32);

/// Stacks with their weights. Equal stacks of a process and group are kept once.
#[derive(Clone, Debug, Default)]
pub struct StackSet {
    processes: Vec<Process>,
    groups: Vec<String>,
    stacks: HashMap<RawStack, u64>,
}

/// A raw stack, innermost first: kernel frames, then user frames.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RawStack {
    pub(crate) group: Option<GroupId>,
    pub(crate) process: ProcessId,
    pub(crate) kernel_frames: u32,
    pub(crate) addresses: Box<[u64]>,
}

impl StackSet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a process.
    pub fn process(&mut self, process: Process) -> ProcessId {
        let id = ProcessId(u32::try_from(self.processes.len()).unwrap_or(u32::MAX));
        self.processes.push(process);
        id
    }

    /// Adds a group, which writers put below all of its stacks by this name.
    pub fn group(&mut self, name: &str) -> GroupId {
        let id = GroupId(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
        self.groups.push(name.to_owned());
        id
    }

    /// Counts a stack: kernel and user addresses, innermost first, without context markers.
    ///
    /// The first address of each part is that of an instruction, the others are return addresses. A weight of 0
    /// adds nothing.
    pub fn add(&mut self, process: ProcessId, kernel: &[u64], user: &[u64], weight: u64) {
        self.add_in(None, process, kernel, user, weight);
    }

    /// As [`Self::add`], in a group.
    pub fn add_in(
        &mut self,
        group: Option<GroupId>,
        process: ProcessId,
        kernel: &[u64],
        user: &[u64],
        weight: u64,
    ) {
        if weight == 0 {
            return;
        }
        let kernel_frames = u32::try_from(kernel.len()).unwrap_or(u32::MAX);
        let addresses = [kernel, user].concat().into_boxed_slice();
        let seen =
            self.stacks.entry(RawStack { group, process, kernel_frames, addresses }).or_default();
        *seen = seen.saturating_add(weight);
    }

    /// The processes, in the order in which they were added.
    #[must_use]
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The names of the groups, in the order in which they were added.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Sum of all weights.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.stacks.values().fold(0, |sum, weight| sum.saturating_add(*weight))
    }

    /// The stacks, heaviest first, in an order that depends on nothing but the set.
    pub(crate) fn sorted(&self) -> Vec<(&RawStack, u64)> {
        let mut stacks: Vec<_> =
            self.stacks.iter().map(|(stack, weight)| (stack, *weight)).collect();
        stacks.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        stacks
    }
}
