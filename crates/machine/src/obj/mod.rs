//! Objects of programs' own types (`bpf_obj_new`), and the lists and trees that hold them.
//!
//! An object is held by its reference count, where its type has one, else by the one who has it: a program, a kptr
//! field, a list or a tree. What holds it last gives up what it owns itself. The memory of one that has gone is not
//! taken again before the sections of programs that may know it have ended.

mod heap;
mod list;
mod rbtree;
#[cfg(test)]
mod tests;

use skep_abi::Addr;

pub use heap::{ObjType, Objs};
pub use list::End;
pub use rbtree::Side;

use crate::btf_record::BtfFieldKind;
use crate::memory::Width;
use crate::{Fault, Machine};

/// Offset of what a node of a list or tree lies in: the address of the head or root, 0 while it is in none.
const LIST_OWNER: i64 = 16;
const RB_OWNER: i64 = 24;

impl Objs {
    fn get(&self, at: Addr) -> Result<u64, Fault> {
        self.memory().kernel_load(at, Width::Dw)
    }

    fn set(&self, at: Addr, value: u64) -> Result<(), Fault> {
        self.memory().kernel_store(at, Width::Dw, value)
    }

    /// Takes all objects out of a list or tree; their addresses.
    pub(crate) fn take_all(&self, kind: &BtfFieldKind, root: Addr) -> Vec<Addr> {
        let nodes = self.nodes(kind, root);
        let owner = if *kind == BtfFieldKind::ListHead { LIST_OWNER } else { RB_OWNER };
        for node in &nodes {
            let _ = self.set(node.offset(owner), 0);
        }
        let _ = self.set(root, 0).and_then(|()| self.set(root.offset(8), 0));
        nodes.into_iter().filter_map(|node| self.start_of(node)).collect()
    }

    /// The objects in a list or tree, in its order.
    pub(crate) fn linked(&self, kind: &BtfFieldKind, root: Addr) -> Vec<Addr> {
        self.nodes(kind, root).into_iter().filter_map(|node| self.start_of(node)).collect()
    }

    /// The nodes of a list or tree, in its order; none where they are no nodes of live objects.
    fn nodes(&self, kind: &BtfFieldKind, root: Addr) -> Vec<Addr> {
        let nodes = match kind {
            BtfFieldKind::ListHead => self.list_nodes(root),
            _ => self.rb_nodes(root),
        };
        nodes.unwrap_or_default()
    }
}

impl Machine {
    /// Gives up a reference to an object (`bpf_obj_drop`, `bpf_percpu_obj_drop`).
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when none is there.
    pub fn obj_drop(&self, object: Addr) -> Result<(), Fault> {
        self.objs().put(object, self.dtors())
    }

    /// The variable of a CPU that a per-CPU pointer stands for: a per-CPU object's or a per-CPU variable's of the kernel
    /// (`per_cpu_ptr`). `None` for a CPU that there cannot be.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when the address is no per-CPU pointer.
    pub fn per_cpu_ptr(&self, ptr: Addr, cpu: u32) -> Result<Option<Addr>, Fault> {
        let memory = self.memory();
        let unit = self.objs().percpu_unit(ptr).or_else(|| memory.percpu_unit(ptr));
        let unit = unit.ok_or_else(|| {
            let found = memory.describe(ptr);
            Fault::WrongObject { addr: ptr, what: "per-CPU pointer", found }
        })?;
        Ok((cpu < self.nr_cpu_ids()).then(|| Addr(ptr.0 + unit * u64::from(cpu))))
    }
}
