//! LPM_TRIE: `kernel/bpf/lpm_trie.c`.
//!
//! A key is a prefix: how many bits of the data count, and the data. A look-up finds the longest prefix of its key.
//! Updating swaps in another element, so that a pointer from an earlier look-up keeps seeing the old value.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use skep_abi::{Addr, Errno};

use super::check::{self, KMALLOC_MAX, Refusal};
use super::selem::Selems;
use super::update::{UpdateFlags, check_existing};
use super::{MapDef, MapFlags};
use crate::cpu::Rcu;
use crate::object::Place;

/// Bytes of a key: the number of bits, and 1 to 256 bytes of data.
const KEYS: std::ops::RangeInclusive<u32> = 5..=260;
/// Bytes of a value at most: `KMALLOC_MAX_SIZE` less the largest key and the node.
const MAX_VALUE: u32 = KMALLOC_MAX - 256 - 24;

/// What the kind demands at creation (`trie_alloc`).
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    let invalid = |why: String| Err((Errno::EINVAL, why));
    if !def.flags.contains(MapFlags::NO_PREALLOC) {
        return invalid("a trie is allocated node by node (BPF_F_NO_PREALLOC)".to_owned());
    }
    check::flags(def, MapFlags::NO_PREALLOC)?;
    if def.max_entries == 0 {
        return invalid("max_entries is 0".to_owned());
    }
    if !KEYS.contains(&def.key_size) {
        return invalid(format!("key_size is {}, and a prefix has 5 to 260 bytes", def.key_size));
    }
    if !(1..=MAX_VALUE).contains(&def.value_size) {
        return invalid(format!("value_size is {}, not 1 to {MAX_VALUE}", def.value_size));
    }
    Ok(())
}

/// A prefix; bits of the data beyond it do not count.
///
/// They are ordered as user space walks them: a longer one before those that it begins with, else by the first bit that
/// differs.
#[derive(Clone, Debug)]
struct Prefix {
    bits: u32,
    data: Box<[u8]>,
}

impl Prefix {
    /// `None` when more bits count than there are.
    fn of(key: &[u8]) -> Option<Self> {
        let (bits, data) = key.split_first_chunk()?;
        let bits = u32::from_le_bytes(*bits);
        (bits as usize <= 8 * data.len()).then(|| Self { bits, data: data.into() })
    }

    /// Compares the bits that count in both.
    fn cmp_bits(&self, other: &Self) -> Ordering {
        let bits = self.bits.min(other.bits) as usize;
        let (whole, rest) = (bits / 8, bits % 8);
        let of = |data: &[u8]| data.get(whole).map_or(0, |byte| u16::from(*byte) << rest >> 8);
        let bytes = self.data[..whole].cmp(&other.data[..whole]);
        bytes.then_with(|| of(&self.data).cmp(&of(&other.data)))
    }
}

impl Ord for Prefix {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_bits(other).then_with(|| other.bits.cmp(&self.bits))
    }
}

impl PartialOrd for Prefix {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Prefix {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Prefix {}

/// An element, and its key with all the bits that user space gave.
#[derive(Debug)]
struct Node {
    key: Box<[u8]>,
    place: Place,
}

#[derive(Debug, Default)]
struct Nodes {
    by_prefix: BTreeMap<Prefix, Node>,
    /// How many prefixes there are of each length.
    of_length: BTreeMap<u32, u32>,
}

impl Nodes {
    fn longest(&self, prefix: &Prefix) -> Option<&Node> {
        let lengths = self.of_length.range(..=prefix.bits).rev();
        lengths
            .map(|(bits, _)| Prefix { bits: *bits, ..prefix.clone() })
            .find_map(|shorter| self.by_prefix.get(&shorter))
    }
}

/// A trie.
#[derive(Debug)]
pub(crate) struct LpmTrie {
    selems: Arc<Selems>,
    rcu: Arc<Rcu>,
    nodes: RwLock<Nodes>,
    key_size: usize,
    max_entries: usize,
}

impl LpmTrie {
    pub(crate) fn new(selems: Selems, rcu: &Arc<Rcu>, def: &MapDef) -> Self {
        Self {
            selems: Arc::new(selems),
            rcu: Arc::clone(rcu),
            nodes: RwLock::default(),
            key_size: def.key_size as usize,
            max_entries: def.max_entries as usize,
        }
    }

    fn prefix(&self, key: &[u8]) -> Option<Prefix> {
        Prefix::of(key).filter(|_| key.len() == self.key_size)
    }

    /// Address of the value of the longest prefix.
    pub(crate) fn lookup(&self, key: &[u8]) -> Option<Addr> {
        let prefix = self.prefix(key)?;
        let nodes = self.nodes.read();
        nodes.longest(&prefix).map(|node| self.selems.addr(node.place))
    }

    /// The same value as user space reads it.
    pub(crate) fn user_value(&self, key: &[u8]) -> Option<Vec<u8>> {
        let prefix = self.prefix(key)?;
        let nodes = self.nodes.read();
        nodes.longest(&prefix).map(|node| self.selems.user_bytes(node.place, false))
    }

    /// Adds or replaces a prefix. LOCK is no flag of this kind.
    pub(crate) fn update(&self, key: &[u8], value: &[u8], flags: UpdateFlags) -> Result<(), Errno> {
        flags.without_lock()?;
        let prefix = self.prefix(key).ok_or(Errno::EINVAL)?;
        if value.len() != self.selems.value_size() {
            return Err(Errno::EINVAL);
        }
        let mut nodes = self.nodes.write();
        let is_there = nodes.by_prefix.contains_key(&prefix);
        check_existing(is_there, flags)?;
        if !is_there && nodes.by_prefix.len() == self.max_entries {
            return Err(Errno::ENOSPC);
        }
        let place = self.selems.make(String::new, Some(value)).map_err(|_| Errno::ENOMEM)?;
        let bits = prefix.bits;
        match nodes.by_prefix.insert(prefix, Node { key: key.into(), place }) {
            Some(old) => self.defer(old),
            None => *nodes.of_length.entry(bits).or_default() += 1,
        }
        Ok(())
    }

    /// Deletes a prefix.
    pub(crate) fn delete(&self, key: &[u8]) -> Result<(), Errno> {
        let prefix = self.prefix(key).ok_or(Errno::EINVAL)?;
        let mut nodes = self.nodes.write();
        let gone = nodes.by_prefix.remove(&prefix).ok_or(Errno::ENOENT)?;
        if let Some(count) = nodes.of_length.get_mut(&prefix.bits) {
            *count -= 1;
            if *count == 0 {
                nodes.of_length.remove(&prefix.bits);
            }
        }
        self.defer(gone);
        Ok(())
    }

    fn defer(&self, node: Node) {
        let selems = Arc::clone(&self.selems);
        self.rcu.call_rcu_tasks_trace(Box::new(move || selems.free(node.place)));
    }

    /// The prefix after one; the first after one that is not there.
    pub(crate) fn next_key(&self, key: Option<&[u8]>) -> Option<Vec<u8>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let nodes = self.nodes.read();
        let prefix = key.and_then(|key| self.prefix(key));
        let known = prefix.filter(|prefix| nodes.by_prefix.contains_key(prefix));
        let next = match known {
            Some(prefix) => nodes.by_prefix.range((Excluded(prefix), Unbounded)).next(),
            None => nodes.by_prefix.iter().next(),
        };
        next.map(|(_, node)| node.key.to_vec())
    }

    /// All prefixes with their values.
    pub(crate) fn entries(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let nodes = self.nodes.read();
        let of = |node: &Node| (node.key.to_vec(), self.selems.user_bytes(node.place, false));
        nodes.by_prefix.values().map(of).collect()
    }
}
