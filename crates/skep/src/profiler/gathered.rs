//! What the tables of a built-in program have held over time.
//!
//! The program's maps have room for so many stacks; user space empties them before they can be full, as profilers in the
//! kernel do.

use std::collections::BTreeMap;

use skep_abi::Pid;
use skep_machine::Machine;

use super::tables::{Counted, Tables};
use crate::Error;
use crate::load::Loaded;

/// Samples after which the maps are emptied. Each has two stacks at most, kernel and user, and `collided` room for 8,192,
/// should every bucket of `stackmap` be taken.
const DUE: u64 = 4096;

/// A stack and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) pid: Pid,
    pub(super) comm: String,
    pub(super) group: u32,
    pub(super) kernel: Box<[u64]>,
    pub(super) user: Box<[u64]>,
}

/// Counts of all stacks so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    samples: BTreeMap<Kind, u64>,
    counted: Counted,
}

impl Gathered {
    /// Adds what tables hold.
    pub(super) fn add(&mut self, tables: &Tables) {
        for row in tables.rows() {
            let stack = |id| tables.stack(id).into();
            let (kernel, user) = (stack(row.kernel), stack(row.user));
            let kind =
                Kind { pid: row.pid, comm: row.comm.clone(), group: row.group, kernel, user };
            *self.samples.entry(kind).or_default() += row.samples;
        }
        self.counted = tables.counted();
    }

    /// Empties the program's maps, if they might soon be full.
    ///
    /// # Errors
    /// As [`Tables::read`].
    pub(super) fn relieve(&mut self, machine: &Machine, loaded: &Loaded) -> Result<(), Error> {
        let seen = loaded.variable(machine, "samples").unwrap_or(0);
        if seen.saturating_sub(self.counted.samples) < DUE {
            return Ok(());
        }
        self.add(&Tables::take(machine, loaded)?);
        Ok(())
    }

    /// Every stack and how often it was seen, in an order that depends on nothing else.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&Kind, u64)> {
        self.samples.iter().map(|(kind, samples)| (kind, *samples))
    }

    /// What the program counted of itself.
    pub(super) fn counted(&self) -> Counted {
        self.counted
    }
}
