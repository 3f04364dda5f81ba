//! `struct bpf_rb_root`, `struct bpf_rb_node`: red-black trees of objects.
//!
//! Programs see a tree's shape (`bpf_rbtree_root`, `bpf_rbtree_left`), so nodes are coloured and turned as the textbook
//! has it, which is what the kernel does. The caller holds the lock that lies beside the root.

use skep_abi::Addr;

use super::{Objs, RB_OWNER};
use crate::Fault;
use crate::btf_record::BtfFieldKind;

/// Where in a node its links are; the first word holds the parent, and in its lowest bit whether the node is black.
const PARENT: i64 = 0;
const BLACK: u64 = 1;

/// A child's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What comes before.
    Left,
    /// What comes after.
    Right,
}

impl Side {
    const fn link(self) -> i64 {
        match self {
            Self::Right => 8,
            Self::Left => 16,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl Objs {
    /// Whether a node is in no tree.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no node of a live object is there.
    pub fn rb_is_free(&self, node: Addr) -> Result<bool, Fault> {
        self.check_field(node, &BtfFieldKind::RbNode)?;
        Ok(self.get(node.offset(RB_OWNER))? == 0)
    }

    /// The node at the top of a tree (`bpf_rbtree_root`).
    ///
    /// # Errors
    /// A [`Fault`] when no root is there.
    pub fn rb_root(&self, root: Addr) -> Result<Option<Addr>, Fault> {
        self.get(root).map(pointer)
    }

    /// The first node of a tree (`bpf_rbtree_first`).
    ///
    /// # Errors
    /// As [`Self::rb_root`].
    pub fn rb_first(&self, root: Addr) -> Result<Option<Addr>, Fault> {
        let mut first = self.rb_root(root)?;
        while let Some(node) = first {
            match self.child(node, Side::Left)? {
                None => break,
                left => first = left,
            }
        }
        Ok(first)
    }

    /// A child of a node (`bpf_rbtree_left`, `bpf_rbtree_right`); none for a node that is not in this tree.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no node of a live object is there.
    pub fn rb_child(&self, root: Addr, node: Addr, side: Side) -> Result<Option<Addr>, Fault> {
        self.check_field(node, &BtfFieldKind::RbNode)?;
        if self.get(node.offset(RB_OWNER))? != root.0 {
            return Ok(None);
        }
        self.child(node, side)
    }

    /// Puts a free node into a tree, below this parent, which has no child at that side; at the top where there is
    /// none.
    ///
    /// # Errors
    /// A [`Fault`] when an address is not what it must be.
    pub fn rb_insert(
        &self,
        root: Addr,
        node: Addr,
        below: Option<(Addr, Side)>,
    ) -> Result<(), Fault> {
        self.set(node.offset(Side::Left.link()), 0)?;
        self.set(node.offset(Side::Right.link()), 0)?;
        self.set(node.offset(PARENT), 0)?;
        self.set(node.offset(RB_OWNER), root.0)?;
        match below {
            Some((parent, side)) => self.link(parent, side, Some(node))?,
            None => self.set(root, node.0)?,
        }
        self.after_insert(root, node)
    }

    /// Takes a node out of a tree; `false` when it is not in it (`bpf_rbtree_remove`).
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no node of a live object is there.
    pub fn rb_remove(&self, root: Addr, node: Addr) -> Result<bool, Fault> {
        self.check_field(node, &BtfFieldKind::RbNode)?;
        if self.get(node.offset(RB_OWNER))? != root.0 {
            return Ok(false);
        }
        self.erase(root, node)?;
        self.set(node.offset(RB_OWNER), 0)?;
        Ok(true)
    }

    pub(super) fn rb_nodes(&self, root: Addr) -> Result<Vec<Addr>, Fault> {
        let (mut nodes, mut above) = (Vec::new(), Vec::new());
        let mut at = self.rb_root(root)?;
        loop {
            while let Some(node) = at {
                above.push(node);
                at = self.child(node, Side::Left)?;
            }
            let Some(node) = above.pop() else { return Ok(nodes) };
            nodes.push(node);
            at = self.child(node, Side::Right)?;
        }
    }

    fn child(&self, node: Addr, side: Side) -> Result<Option<Addr>, Fault> {
        self.get(node.offset(side.link())).map(pointer)
    }

    fn parent(&self, node: Addr) -> Result<Option<Addr>, Fault> {
        self.get(node.offset(PARENT)).map(|word| pointer(word & !BLACK))
    }

    /// Leaves are black.
    fn is_black(&self, node: Option<Addr>) -> Result<bool, Fault> {
        node.map_or(Ok(true), |node| Ok(self.get(node.offset(PARENT))? & BLACK != 0))
    }

    fn set_black(&self, node: Addr, black: bool) -> Result<(), Fault> {
        let parent = self.get(node.offset(PARENT))? & !BLACK;
        self.set(node.offset(PARENT), parent | u64::from(black))
    }

    fn set_parent(&self, node: Addr, parent: Option<Addr>) -> Result<(), Fault> {
        let black = self.get(node.offset(PARENT))? & BLACK;
        self.set(node.offset(PARENT), parent.map_or(0, |parent| parent.0) | black)
    }

    /// Makes a node, or nothing, the child of another.
    fn link(&self, parent: Addr, side: Side, child: Option<Addr>) -> Result<(), Fault> {
        self.set(parent.offset(side.link()), child.map_or(0, |child| child.0))?;
        child.map_or(Ok(()), |child| self.set_parent(child, Some(parent)))
    }

    /// At which side of its parent a node is.
    fn side_of(&self, parent: Addr, node: Addr) -> Result<Side, Fault> {
        let is_left = self.child(parent, Side::Left)? == Some(node);
        Ok(if is_left { Side::Left } else { Side::Right })
    }

    /// Puts another node, or nothing, where a node hangs.
    fn replace(&self, root: Addr, old: Addr, new: Option<Addr>) -> Result<(), Fault> {
        match self.parent(old)? {
            Some(parent) => self.link(parent, self.side_of(parent, old)?, new),
            None => {
                self.set(root, new.map_or(0, |new| new.0))?;
                new.map_or(Ok(()), |new| self.set_parent(new, None))
            }
        }
    }

    /// Turns a node down to one side; its child at the other side takes its place.
    fn rotate(&self, root: Addr, node: Addr, down: Side) -> Result<(), Fault> {
        let Some(up) = self.child(node, down.other())? else { return Ok(()) };
        self.replace(root, node, Some(up))?;
        self.link(node, down.other(), self.child(up, down)?)?;
        self.link(up, down, Some(node))
    }

    /// Restores the rules above a new red node.
    fn after_insert(&self, root: Addr, mut node: Addr) -> Result<(), Fault> {
        loop {
            let Some(parent) = self.parent(node)? else { return self.set_black(node, true) };
            if self.is_black(Some(parent))? {
                return Ok(());
            }
            // A red node is not at the top.
            let Some(above) = self.parent(parent)? else { return self.set_black(parent, true) };
            let side = self.side_of(above, parent)?;
            let uncle = self.child(above, side.other())?;
            if let Some(uncle) = uncle
                && !self.is_black(Some(uncle))?
            {
                self.set_black(uncle, true)?;
                self.set_black(parent, true)?;
                self.set_black(above, false)?;
                node = above;
                continue;
            }
            let mut middle = parent;
            if self.side_of(parent, node)? != side {
                self.rotate(root, parent, side)?;
                middle = node;
            }
            self.set_black(middle, true)?;
            self.set_black(above, false)?;
            return self.rotate(root, above, side.other());
        }
    }

    fn erase(&self, root: Addr, node: Addr) -> Result<(), Fault> {
        let (left, right) = (self.child(node, Side::Left)?, self.child(node, Side::Right)?);
        let (Some(left), Some(right)) = (left, right) else { return self.splice(root, node) };
        // The next node takes its place and colour, and leaves its own place to its right child.
        let mut next = right;
        while let Some(before) = self.child(next, Side::Left)? {
            next = before;
        }
        let was_black = self.is_black(Some(next))?;
        let orphan = self.child(next, Side::Right)?;
        let hole = match self.parent(next)? {
            Some(parent) if parent != node => {
                self.link(parent, Side::Left, orphan)?;
                self.link(next, Side::Right, Some(right))?;
                (parent, Side::Left)
            }
            _ => (next, Side::Right),
        };
        self.replace(root, node, Some(next))?;
        self.link(next, Side::Left, Some(left))?;
        self.set_black(next, self.is_black(Some(node))?)?;
        self.after_erase(root, was_black, orphan, Some(hole))
    }

    /// Takes out a node with at most one child, which takes its place.
    fn splice(&self, root: Addr, node: Addr) -> Result<(), Fault> {
        let child = match self.child(node, Side::Left)? {
            None => self.child(node, Side::Right)?,
            left => left,
        };
        let parent = self.parent(node)?;
        let hole = match parent {
            Some(parent) => Some((parent, self.side_of(parent, node)?)),
            None => None,
        };
        let was_black = self.is_black(Some(node))?;
        self.replace(root, node, child)?;
        self.after_erase(root, was_black, child, hole)
    }

    /// Restores the rules where a node went: `child` hangs there now, at this side of this parent.
    fn after_erase(
        &self,
        root: Addr,
        was_black: bool,
        child: Option<Addr>,
        hole: Option<(Addr, Side)>,
    ) -> Result<(), Fault> {
        if !was_black {
            return Ok(());
        }
        if let Some(child) = child {
            // It is red, and makes up for the black one that went.
            return self.set_black(child, true);
        }
        let Some((mut parent, mut side)) = hole else { return Ok(()) };
        loop {
            let Some(mut sibling) = self.child(parent, side.other())? else { return Ok(()) };
            if !self.is_black(Some(sibling))? {
                self.set_black(sibling, true)?;
                self.set_black(parent, false)?;
                self.rotate(root, parent, side)?;
                match self.child(parent, side.other())? {
                    Some(new) => sibling = new,
                    None => return Ok(()),
                }
            }
            let (near, far) = (self.child(sibling, side)?, self.child(sibling, side.other())?);
            if self.is_black(far)? {
                if self.is_black(near)? {
                    self.set_black(sibling, false)?;
                    if !self.is_black(Some(parent))? {
                        return self.set_black(parent, true);
                    }
                    let Some(above) = self.parent(parent)? else { return Ok(()) };
                    side = self.side_of(above, parent)?;
                    parent = above;
                    continue;
                }
                self.rotate(root, sibling, side.other())?;
                self.set_black(sibling, false)?;
                let Some(new) = self.child(parent, side.other())? else { return Ok(()) };
                self.set_black(new, true)?;
                sibling = new;
            }
            if let Some(far) = self.child(sibling, side.other())? {
                self.set_black(far, true)?;
            }
            self.set_black(sibling, self.is_black(Some(parent))?)?;
            self.set_black(parent, true)?;
            return self.rotate(root, parent, side);
        }
    }
}

fn pointer(word: u64) -> Option<Addr> {
    (word != 0).then_some(Addr(word))
}
