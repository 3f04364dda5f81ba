//! How far nodes are from each other, as ACPI's SLIT says it (`include/linux/topology.h`).

use skep_abi::Node;

use crate::TopologyError;

/// The distance of a node from itself (`LOCAL_DISTANCE`).
pub const LOCAL_DISTANCE: u8 = 10;
/// The distance between nodes where nothing else is said (`REMOTE_DISTANCE`).
pub const REMOTE_DISTANCE: u8 = 20;

/// Distances between all pairs of nodes; they need not be symmetric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distances {
    /// The same between any two nodes.
    Uniform(u8),
    /// A row for each node in ascending order of numbers, one after the other.
    Table(Box<[u8]>),
}

impl Default for Distances {
    fn default() -> Self {
        Self::Uniform(REMOTE_DISTANCE)
    }
}

impl Distances {
    /// A table out of rows, for these nodes in ascending order.
    ///
    /// # Errors
    /// [`TopologyError::DistanceTable`] and [`TopologyError::Distance`]. As Linux does, distances of 10
    /// between two nodes are taken: parts that `numa=fake` makes of one node have it.
    pub fn from_rows<R: AsRef<[u32]>>(nodes: &[Node], rows: &[R]) -> Result<Self, TopologyError> {
        let refuse = |found| TopologyError::DistanceTable { nodes: nodes.len(), found };
        if rows.len() != nodes.len() {
            return Err(refuse(format!("it has {} rows", rows.len())));
        }
        let mut table = Vec::with_capacity(nodes.len() * nodes.len());
        for (from, row) in nodes.iter().zip(rows) {
            let row = row.as_ref();
            if row.len() != nodes.len() {
                return Err(refuse(format!("the row of node {from} has {} numbers", row.len())));
            }
            for (to, distance) in nodes.iter().zip(row) {
                table.push(check(*from, *to, *distance)?);
            }
        }
        Ok(Self::Table(table.into()))
    }

    /// The same distance between any two nodes.
    ///
    /// # Errors
    /// [`TopologyError::Distance`].
    pub fn uniform(distance: u32) -> Result<Self, TopologyError> {
        check(Node(0), Node(1), distance).map(Self::Uniform)
    }

    /// The distance between nodes by their places in ascending order, of `nodes` altogether.
    pub(crate) fn between(&self, from: usize, to: usize, nodes: usize) -> u8 {
        match self {
            _ if from == to => LOCAL_DISTANCE,
            Self::Uniform(distance) => *distance,
            Self::Table(table) => table.get(from * nodes + to).copied().unwrap_or(REMOTE_DISTANCE),
        }
    }
}

fn check(from: Node, to: Node, distance: u32) -> Result<u8, TopologyError> {
    let refused = TopologyError::Distance { from, to, distance };
    match u8::try_from(distance) {
        Ok(LOCAL_DISTANCE) => Ok(LOCAL_DISTANCE),
        Ok(near) if near > LOCAL_DISTANCE && from != to => Ok(near),
        _ => Err(refused),
    }
}
