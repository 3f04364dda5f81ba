//! Stacks of a STACK_TRACE map with names.
//!
//! Such a map does not say whose stack it holds: user addresses are taken for those of the most sampled process that
//! has code at all of them.

use std::collections::HashMap;

use serde_json::{Value, json};
use skep_abi::{Addr, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER};
use skep_report::{Era, Location, Process, ProcessId, Query, Space, StackSet, Symbolizer};

/// Names addresses of sampled processes and of the kernel.
pub struct StackNames {
    /// Sampled processes with their numbers, the most sampled first.
    processes: StackSet,
    ids: Vec<ProcessId>,
    symbolizer: Symbolizer,
}

impl StackNames {
    /// Names by the mappings of these processes, the most sampled first.
    #[must_use]
    pub fn new(processes: impl IntoIterator<Item = Process>) -> Self {
        Self::of(Era::Now, processes)
    }

    /// The same for addresses that were in use at another time.
    #[must_use]
    pub fn of(era: Era, processes: impl IntoIterator<Item = Process>) -> Self {
        let mut set = StackSet::new();
        let ids = processes.into_iter().map(|process| set.process(process)).collect();
        Self { processes: set, ids, symbolizer: Symbolizer::of(era) }
    }

    /// For each stack its frames, innermost first: `[{"name", "object"}]`, or with `"address"` where there is no name.
    pub fn frames(&mut self, stacks: impl IntoIterator<Item = Vec<u64>>) -> Vec<Value> {
        let stacks: Vec<Vec<Query>> =
            stacks.into_iter().map(|stack| self.queries(&stack)).collect();
        let mut queries: Vec<Query> = stacks.concat();
        queries.sort_unstable();
        queries.dedup();
        let locations =
            self.symbolizer.symbolize(self.processes.processes(), &queries, &mut |_| ());
        let by_query: HashMap<Query, &Location> = queries.iter().copied().zip(&locations).collect();
        let frame =
            |query: &Query| by_query.get(query).map(|at| self.names(at)).unwrap_or_default();
        stacks.iter().map(|stack| stack.iter().flat_map(frame).collect()).collect()
    }

    fn names(&self, location: &Location) -> Vec<Value> {
        let lines = location.lines.iter().map(|line| self.symbolizer.function(line.function));
        lines
            .map(|function| match &function.name {
                Some(name) => json!({ "name": &**name, "object": &*function.object }),
                None => {
                    let address = Addr(location.query.address).to_string();
                    json!({ "name": null, "address": address, "object": &*function.object })
                }
            })
            .collect()
    }

    /// Addresses as those of instructions: a return address belongs to the call before it. Markers are no addresses.
    fn queries(&self, stack: &[u64]) -> Vec<Query> {
        let user = self.owner(stack);
        let mut is_return = false;
        let mut queries = Vec::with_capacity(stack.len());
        for &address in stack {
            if address == PERF_CONTEXT_KERNEL || address == PERF_CONTEXT_USER {
                is_return = false;
                continue;
            }
            let space = match user {
                Some(process) if Addr(address).is_user() => Space::User(process),
                _ => Space::Kernel,
            };
            queries.push(Query { space, address: address.wrapping_sub(u64::from(is_return)) });
            is_return = true;
        }
        queries
    }

    fn owner(&self, stack: &[u64]) -> Option<ProcessId> {
        let mapped = |process: &Process| {
            let user = stack.iter().filter(|address| Addr(**address).is_user());
            user.filter(|a| process.mappings.iter().any(|m| m.file_offset_of(**a).is_some()))
                .count()
        };
        let processes = self.ids.iter().zip(self.processes.processes());
        // The last of equals would win: from the least sampled to the most.
        processes.rev().max_by_key(|(_, process)| mapped(process)).map(|(id, _)| *id)
    }
}
