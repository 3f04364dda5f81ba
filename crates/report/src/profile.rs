//! Stacks with names.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::stack::{GroupId, Process, ProcessId, RawStack, StackSet};
use crate::symbol::{Function, FunctionId, Line, Location, Progress, Query, Space, Symbolizer};

/// A named stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The group that it was seen in.
    pub group: Option<GroupId>,
    /// Whose stack it is.
    pub process: ProcessId,
    /// Places in [`Profile::locations`], innermost first: kernel frames, then user frames.
    pub(crate) locations: Vec<u32>,
    /// How often it was seen.
    pub weight: u64,
}

/// One function on a stack; an address with inlined functions has several.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The function.
    pub function: &'a Function,
    /// Its id, equal for equal functions.
    pub id: FunctionId,
    /// Its line.
    pub line: &'a Line,
}

/// Everything that the writers print.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    processes: Vec<Process>,
    groups: Vec<String>,
    functions: Vec<Function>,
    locations: Vec<Location>,
    stacks: Vec<Stack>,
    changed_files: BTreeSet<PathBuf>,
}

impl Symbolizer {
    /// Names all stacks of a set; calls back before each file and at the end.
    #[must_use]
    pub fn profile(mut self, set: &StackSet, progress: &mut dyn FnMut(&Progress)) -> Profile {
        let mut ids: HashMap<Query, u32> = HashMap::new();
        let mut queries: Vec<Query> = Vec::new();
        let mut id_of = |query: Query| {
            *ids.entry(query).or_insert_with(|| {
                queries.push(query);
                u32::try_from(queries.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let name = |(stack, weight): (&RawStack, u64)| Stack {
            group: stack.group,
            process: stack.process,
            locations: queries_of(stack).map(&mut id_of).collect(),
            weight,
        };
        let stacks = set.sorted().into_iter().map(name).collect();
        let locations = self.symbolize(set.processes(), &queries, progress);
        let processes = set.processes().to_vec();
        let groups = set.groups().to_vec();
        let (functions, changed_files) = self.into_parts();
        Profile { processes, groups, functions, locations, stacks, changed_files }
    }
}

/// The addresses of a stack as those of instructions: a return address belongs to the call before it.
fn queries_of(stack: &RawStack) -> impl Iterator<Item = Query> {
    let kernel = stack.kernel_frames as usize;
    stack.addresses.iter().enumerate().map(move |(depth, address)| {
        let space = if depth < kernel { Space::Kernel } else { Space::User(stack.process) };
        let is_return = depth != 0 && depth != kernel;
        Query { space, address: address.wrapping_sub(u64::from(is_return)) }
    })
}

impl Profile {
    /// The stacks, heaviest first.
    #[must_use]
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// Files whose functions have no names, since they are other builds than were mapped.
    #[must_use]
    pub const fn changed_files(&self) -> &BTreeSet<PathBuf> {
        &self.changed_files
    }

    /// Sum of the weights of all stacks.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.stacks.iter().fold(0, |sum, stack| sum.saturating_add(stack.weight))
    }

    /// The name of a stack's process.
    #[must_use]
    pub fn comm(&self, stack: &Stack) -> &str {
        self.process(stack.process).map_or("[unknown]", |process| process.comm.as_str())
    }

    /// The name of a stack's group.
    #[must_use]
    pub fn group(&self, stack: &Stack) -> Option<&str> {
        let group = stack.group?;
        self.groups.get(group.0 as usize).map(String::as_str)
    }

    /// The functions on a stack, innermost first, inlined ones included.
    pub fn frames<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = Frame<'a>> {
        let locations = stack.locations.iter().filter_map(|at| self.locations.get(*at as usize));
        locations.flat_map(|location| &location.lines).filter_map(|line| {
            let function = self.functions.get(line.function.0 as usize)?;
            Some(Frame { function, id: line.function, line })
        })
    }

    /// Stacks with equal functions, commands and groups added up, heaviest first, each with one of its kind.
    #[must_use]
    pub fn stacks_by_functions(&self) -> Vec<(u64, &Stack)> {
        let mut kinds: HashMap<_, usize> = HashMap::new();
        let mut sums: Vec<(u64, &Stack)> = Vec::new();
        for stack in self.stacks() {
            let functions: Vec<FunctionId> = self.frames(stack).map(|frame| frame.id).collect();
            let key = (stack.group, self.comm(stack), functions);
            let at = *kinds.entry(key).or_insert_with(|| {
                sums.push((0, stack));
                sums.len() - 1
            });
            if let Some((sum, _)) = sums.get_mut(at) {
                *sum = sum.saturating_add(stack.weight);
            }
        }
        // Stable: of equal sums, the one with the heaviest single stack comes first.
        sums.sort_by_key(|(sum, _)| std::cmp::Reverse(*sum));
        sums
    }

    pub(crate) fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(id.0 as usize)
    }

    pub(crate) fn functions(&self) -> &[Function] {
        &self.functions
    }

    pub(crate) fn locations(&self) -> &[Location] {
        &self.locations
    }

    #[cfg(test)]
    pub(crate) fn from_parts(
        processes: Vec<Process>,
        functions: Vec<Function>,
        locations: Vec<Location>,
        stacks: Vec<Stack>,
    ) -> Self {
        let (groups, changed_files) = (Vec::new(), BTreeSet::new());
        Self { processes, groups, functions, locations, stacks, changed_files }
    }
}
