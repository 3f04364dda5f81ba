//! `struct bpf_list_head`, `struct bpf_list_node`: doubly linked lists of objects, in the kernel's layout.
//!
//! The caller holds the lock that lies beside the head.

use skep_abi::Addr;

use super::{LIST_OWNER, Objs};
use crate::Fault;
use crate::btf_record::BtfFieldKind;

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first node.
    Front,
    /// The last one.
    Back,
}

impl End {
    /// Offset of the pointer that leads away from the head towards this end, in head and nodes: `next`, `prev`.
    const fn link(self) -> i64 {
        match self {
            Self::Front => 0,
            Self::Back => 8,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Front => Self::Back,
            Self::Back => Self::Front,
        }
    }
}

impl Objs {
    /// Makes a head that of an empty list.
    fn list_init(&self, head: Addr) -> Result<(), Fault> {
        self.set(head, head.0)?;
        self.set(head.offset(8), head.0)
    }

    /// Puts a node to one end of a list; `false` when it is in one already (`__bpf_list_add`).
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no node of a live object is there.
    pub fn list_add(&self, head: Addr, node: Addr, end: End) -> Result<bool, Fault> {
        self.check_field(node, &BtfFieldKind::ListNode)?;
        if self.get(head)? == 0 {
            self.list_init(head)?;
        }
        if self.get(node.offset(LIST_OWNER))? != 0 {
            return Ok(false);
        }
        let (to, back) = (end.link(), end.other().link());
        let first = Addr(self.get(head.offset(to))?);
        self.set(node.offset(to), first.0)?;
        self.set(node.offset(back), head.0)?;
        self.set(first.offset(back), node.0)?;
        self.set(head.offset(to), node.0)?;
        self.set(node.offset(LIST_OWNER), head.0)?;
        Ok(true)
    }

    /// The node at one end of a list (`bpf_list_front`, `bpf_list_back`).
    ///
    /// # Errors
    /// A [`Fault`] when no head is there.
    pub fn list_end(&self, head: Addr, end: End) -> Result<Option<Addr>, Fault> {
        let node = self.get(head.offset(end.link()))?;
        Ok((node != 0 && node != head.0).then_some(Addr(node)))
    }

    /// Takes the node at one end off a list (`__bpf_list_del`).
    ///
    /// # Errors
    /// As [`Self::list_end`].
    pub fn list_del(&self, head: Addr, end: End) -> Result<Option<Addr>, Fault> {
        let Some(node) = self.list_end(head, end)? else { return Ok(None) };
        let (next, prev) = (Addr(self.get(node)?), Addr(self.get(node.offset(8))?));
        self.set(prev, next.0)?;
        self.set(next.offset(8), prev.0)?;
        self.list_init(node)?;
        self.set(node.offset(LIST_OWNER), 0)?;
        Ok(Some(node))
    }

    pub(super) fn list_nodes(&self, head: Addr) -> Result<Vec<Addr>, Fault> {
        let mut nodes = Vec::new();
        let mut at = self.get(head)?;
        while at != 0 && at != head.0 {
            nodes.push(Addr(at));
            at = self.get(Addr(at))?;
        }
        Ok(nodes)
    }
}
