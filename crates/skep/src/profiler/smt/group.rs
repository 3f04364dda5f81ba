//! What `programs/smt.bpf.c` tells stacks apart by.

use std::fmt;

use skep_abi::Node;

/// Bits of a key that hold the sibling (`SIBLING_BITS`).
const SIBLING_BITS: u32 = 3;

/// What the other threads of a CPU's core did that are online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sibling {
    /// There is none.
    None,
    /// All were idle.
    Idle,
    /// One was busy.
    Busy,
    /// Nothing told which CPUs are idle.
    Unknown,
}

impl Sibling {
    /// All of them, in the order of the program's numbers.
    pub const ALL: [Self; 4] = [Self::None, Self::Idle, Self::Busy, Self::Unknown];

    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Unknown => "unknown",
        }
    }
}

/// A node, and what the sibling of the sampled CPU did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The sampled CPU's node.
    pub node: Node,
    /// Its sibling.
    pub sibling: Sibling,
}

impl Group {
    /// The group of a row of `counts`; `None` for 0, which programs use that tell nothing apart.
    #[must_use]
    pub fn of_key(key: u32) -> Option<Self> {
        let number = (key & ((1 << SIBLING_BITS) - 1)) as usize;
        let sibling = *Sibling::ALL.get(number.checked_sub(1)?)?;
        Some(Self { node: Node(key >> SIBLING_BITS), sibling })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node;
        match self.sibling {
            Sibling::None => write!(f, "node {node}, no sibling"),
            Sibling::Idle => write!(f, "node {node}, sibling idle"),
            Sibling::Busy => write!(f, "node {node}, sibling busy"),
            Sibling::Unknown => write!(f, "node {node}, sibling unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_the_program_makes_them() {
        let group = |node, sibling| Some(Group { node: Node(node), sibling });
        assert_eq!(Group::of_key(0), None);
        assert_eq!(Group::of_key(1), group(0, Sibling::None));
        assert_eq!(Group::of_key(1023 << 3 | 3), group(1023, Sibling::Busy));
        assert_eq!(Group::of_key(3 << 3 | 4), group(3, Sibling::Unknown));
        for foreign in [8, 5, 6, 7] {
            assert_eq!(Group::of_key(foreign), None, "{foreign}");
        }
        let texts: Vec<String> = (1..5).filter_map(Group::of_key).map(|g| g.to_string()).collect();
        let expected = [
            "node 0, no sibling",
            "node 0, sibling idle",
            "node 0, sibling busy",
            "node 0, sibling unknown",
        ];
        assert_eq!(texts, expected);
    }
}
