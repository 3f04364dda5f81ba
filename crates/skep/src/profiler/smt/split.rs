//! What `programs/smt.bpf.c` has counted by node.

use std::collections::BTreeMap;

use skep_abi::Node;
use skep_machine::Machine;
use skep_topology::CpuMask;

use super::{IdleSource, Sibling};
use crate::Error;
use crate::load::Loaded;

/// Samples of a node by what the sibling did (`struct share`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// On CPUs without a sibling that is online.
    pub none: u64,
    /// While all siblings were idle.
    pub idle: u64,
    /// While a sibling was busy.
    pub busy: u64,
    /// While nothing told which CPUs are idle.
    pub unknown: u64,
    /// Of `busy`, those while a whole core of the node was idle.
    pub core_free: u64,
}

impl Share {
    /// Samples by what the sibling did.
    #[must_use]
    pub const fn of(&self, sibling: Sibling) -> u64 {
        match sibling {
            Sibling::None => self.none,
            Sibling::Idle => self.idle,
            Sibling::Busy => self.busy,
            Sibling::Unknown => self.unknown,
        }
    }

    /// All samples of the node.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.none + self.idle + self.busy + self.unknown
    }
}

/// How samples were split by what SMT siblings did.
#[derive(Clone, Debug, Default)]
pub struct Split {
    /// Whether some core of the machine had two CPUs that ran when sampling began.
    pub is_active: bool,
    /// CPUs whose samples count.
    pub cpus: CpuMask,
    /// What told which CPUs were idle; `None` where nothing did, or no CPU had a sibling to be told of.
    pub idle_source: Option<IdleSource>,
    /// Nodes that had samples.
    pub shares: BTreeMap<Node, Share>,
    /// Samples that do not count.
    pub elsewhere: u64,
}

impl Split {
    /// Reads the program's maps; what it does not know stays as in the default.
    pub(super) fn read(machine: &Machine, loaded: &Loaded) -> Result<Self, Error> {
        let elsewhere =
            loaded.variable(machine, "elsewhere").ok_or_else(|| foreign("elsewhere"))?;
        Ok(Self { shares: shares(machine, loaded)?, elsewhere, ..Self::default() })
    }
}

/// The samples of each node that had some.
///
/// # Errors
/// When the loaded program is another one.
pub fn shares(machine: &Machine, loaded: &Loaded) -> Result<BTreeMap<Node, Share>, Error> {
    let map = loaded.map("nodes").and_then(|map| machine.user_side(map.id));
    let entries = map.ok_or_else(|| foreign("nodes"))?.entries();
    let mut shares = BTreeMap::new();
    for (node, value) in entries {
        let node = node.try_into().map(u32::from_le_bytes).map_err(|_| foreign("nodes"))?;
        let (words, rest) = value.as_chunks::<8>();
        let words: [u64; 5] = match (words.len(), rest) {
            (5, []) => std::array::from_fn(|at| u64::from_le_bytes(words[at])),
            _ => return Err(foreign("nodes")),
        };
        let [none, idle, busy, unknown, core_free] = words;
        let share = Share { none, idle, busy, unknown, core_free };
        if share.samples() > 0 {
            shares.insert(Node(node), share);
        }
    }
    Ok(shares)
}

fn foreign(name: &str) -> Error {
    Error::input(format!("`{name}` is not as the built-in profiler has it"))
}
