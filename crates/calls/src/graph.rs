//! `kernel/bpf/helpers.c`: lists and trees of objects.
//!
//! An object that is put into one is the collection's from then on. Where its node is in a collection already, which only
//! objects with counted references can come to, the reference is given up instead.

use skep_abi::{Addr, Errno};
use skep_machine::obj::{End, Side};
use skep_machine::{Fault, Kernel, Objs};
use skep_macros::calls;

use crate::arg::{DontCare, Func, ListHead, ListNode, RbNode, RbRoot};
use crate::ret::{Answer, ListNodeOrNull, RbNodeOrNull, Success};

/// Lists.
pub(crate) struct Lists;

fn objs<'m>(k: &Kernel<'_, 'm>) -> &'m Objs {
    k.run.machine.objs()
}

/// Gives up the object of a node that cannot be put anywhere.
fn refuse(k: &Kernel<'_, '_>, node: Addr) -> Answer<Success> {
    let object = objs(k).start_of(node).unwrap_or(node);
    k.run.machine.obj_drop(object)?;
    Err(Errno::EINVAL.into())
}

fn push(k: &Kernel<'_, '_>, (head, node): (ListHead, ListNode), end: End) -> Answer<Success> {
    match objs(k).list_add(head.0, node.0, end)? {
        true => Ok(Success),
        false => refuse(k, node.0),
    }
}

#[calls(
    since = "6.2",
    hooks { XDP, TC, STRUCT_OPS, TRACING, SYSCALL, CGROUP },
    gpl,
)]
impl Lists {
    /// Puts an object to the front of a list. Returns 0.
    ///
    /// *Errors*: `EINVAL` when its node is in a list; the program's reference is gone then.
    #[kfunc(
        since = "6.4",
        flags { "6.4": NONE, "7.1": IMPLICIT_ARGS },
        effect = ListPush,
        renamed { "7.1": "bpf_list_push_front_impl" },
        proto { "7.1": list_push_front_impl },
    )]
    fn bpf_list_push_front(
        k: &mut Kernel<'_, '_>,
        head: ListHead,
        node: ListNode,
    ) -> Answer<Success> {
        push(k, (head, node), End::Front)
    }

    fn list_push_front_impl(
        k: &mut Kernel<'_, '_>,
        head: ListHead,
        node: ListNode,
        _meta_ign: DontCare,
        _off: u64,
    ) -> Answer<Success> {
        push(k, (head, node), End::Front)
    }

    /// Puts an object to the end of a list. Returns 0.
    ///
    /// *Errors*: as `bpf_list_push_front`.
    #[kfunc(
        since = "6.4",
        flags { "6.4": NONE, "7.1": IMPLICIT_ARGS },
        effect = ListPush,
        renamed { "7.1": "bpf_list_push_back_impl" },
        proto { "7.1": list_push_back_impl },
    )]
    fn bpf_list_push_back(
        k: &mut Kernel<'_, '_>,
        head: ListHead,
        node: ListNode,
    ) -> Answer<Success> {
        push(k, (head, node), End::Back)
    }

    fn list_push_back_impl(
        k: &mut Kernel<'_, '_>,
        head: ListHead,
        node: ListNode,
        _meta_ign: DontCare,
        _off: u64,
    ) -> Answer<Success> {
        push(k, (head, node), End::Back)
    }

    /// Takes the first object off a list: its node, or null when the list is empty.
    #[kfunc(flags { "6.2": ACQUIRE | RET_NULL }, effect = ListPop)]
    fn bpf_list_pop_front(k: &mut Kernel<'_, '_>, head: ListHead) -> Result<ListNodeOrNull, Fault> {
        objs(k).list_del(head.0, End::Front).map(ListNodeOrNull)
    }

    /// Takes the last object off a list: its node, or null when the list is empty.
    #[kfunc(flags { "6.2": ACQUIRE | RET_NULL }, effect = ListPop)]
    fn bpf_list_pop_back(k: &mut Kernel<'_, '_>, head: ListHead) -> Result<ListNodeOrNull, Fault> {
        objs(k).list_del(head.0, End::Back).map(ListNodeOrNull)
    }

    /// Returns the first object's node, which stays in the list, or null when the list is empty.
    #[kfunc(since = "6.16", flags { "6.16": RET_NULL }, effect = ListPeek)]
    fn bpf_list_front(k: &mut Kernel<'_, '_>, head: ListHead) -> Result<ListNodeOrNull, Fault> {
        objs(k).list_end(head.0, End::Front).map(ListNodeOrNull)
    }

    /// Returns the last object's node, which stays in the list, or null when the list is empty.
    #[kfunc(since = "6.16", flags { "6.16": RET_NULL }, effect = ListPeek)]
    fn bpf_list_back(k: &mut Kernel<'_, '_>, head: ListHead) -> Result<ListNodeOrNull, Fault> {
        objs(k).list_end(head.0, End::Back).map(ListNodeOrNull)
    }
}

/// Trees.
pub(crate) struct Trees;

#[calls(
    since = "6.3",
    hooks { XDP, TC, STRUCT_OPS, TRACING, SYSCALL, CGROUP },
    gpl,
)]
impl Trees {
    /// Puts an object into a tree, after all those that `less(node, other)` does not put it before. Returns 0.
    ///
    /// *Errors*: `EINVAL` when its node is in a tree; the program's reference is gone then.
    #[kfunc(
        since = "6.4",
        flags { "6.4": NONE, "7.1": IMPLICIT_ARGS },
        effect = RbtreeAdd,
        renamed { "7.1": "bpf_rbtree_add_impl" },
        proto { "7.1": rbtree_add_impl },
    )]
    fn bpf_rbtree_add(
        k: &mut Kernel<'_, '_>,
        root: RbRoot,
        node: RbNode,
        less: Func,
    ) -> Answer<Success> {
        let objs = objs(k);
        if !objs.rb_is_free(node.0)? {
            return refuse(k, node.0);
        }
        let (mut at, mut below) = (objs.rb_root(root.0)?, None);
        while let Some(parent) = at {
            let args = [node.0.0, parent.0, 0, 0, 0];
            let is_less = k.vm.invoke(k.run, less.0, args)? != 0;
            let side = if is_less { Side::Left } else { Side::Right };
            below = Some((parent, side));
            at = objs.rb_child(root.0, parent, side)?;
        }
        objs.rb_insert(root.0, node.0, below)?;
        Ok(Success)
    }

    fn rbtree_add_impl(
        k: &mut Kernel<'_, '_>,
        root: RbRoot,
        node: RbNode,
        less: Func,
        _meta_ign: DontCare,
        _off: u64,
    ) -> Answer<Success> {
        Self::bpf_rbtree_add(k, root, node, less)
    }

    /// Takes an object out of a tree: its node, or null when it is not in this tree.
    #[kfunc(flags { "6.3": ACQUIRE | RET_NULL }, effect = RbtreeRemove)]
    fn bpf_rbtree_remove(
        k: &mut Kernel<'_, '_>,
        root: RbRoot,
        node: RbNode,
    ) -> Result<RbNodeOrNull, Fault> {
        Ok(RbNodeOrNull(objs(k).rb_remove(root.0, node.0)?.then_some(node.0)))
    }

    /// Returns the first object's node, or null when the tree is empty.
    #[kfunc(flags { "6.3": RET_NULL }, effect = RbtreeFirst)]
    fn bpf_rbtree_first(k: &mut Kernel<'_, '_>, root: RbRoot) -> Result<RbNodeOrNull, Fault> {
        objs(k).rb_first(root.0).map(RbNodeOrNull)
    }

    /// Returns the node at the top of a tree, or null when the tree is empty.
    #[kfunc(since = "6.16", flags { "6.16": RET_NULL }, effect = RbtreeFirst)]
    fn bpf_rbtree_root(k: &mut Kernel<'_, '_>, root: RbRoot) -> Result<RbNodeOrNull, Fault> {
        objs(k).rb_root(root.0).map(RbNodeOrNull)
    }

    /// Returns the node to the left below another, or null where there is none.
    #[kfunc(since = "6.16", flags { "6.16": RET_NULL }, effect = RbtreeChild)]
    fn bpf_rbtree_left(
        k: &mut Kernel<'_, '_>,
        root: RbRoot,
        node: RbNode,
    ) -> Result<RbNodeOrNull, Fault> {
        objs(k).rb_child(root.0, node.0, Side::Left).map(RbNodeOrNull)
    }

    /// Returns the node to the right below another, or null where there is none.
    #[kfunc(since = "6.16", flags { "6.16": RET_NULL }, effect = RbtreeChild)]
    fn bpf_rbtree_right(
        k: &mut Kernel<'_, '_>,
        root: RbRoot,
        node: RbNode,
    ) -> Result<RbNodeOrNull, Fault> {
        objs(k).rb_child(root.0, node.0, Side::Right).map(RbNodeOrNull)
    }
}
