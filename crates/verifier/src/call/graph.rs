//! Lists and trees of allocated objects: roots and nodes as arguments, owning and non-owning references
//! (`__process_kf_arg_ptr_to_graph_root`, `ref_convert_owning_non_owning`).

use skep_abi::{Effect, TypeFlags};
use skep_btf::{Btf, Kind, TypeId};
use skep_isa::Reg;

use super::record::{const_off, is_alloc_object};
use super::{lock, refs};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::{Field, FieldKind, GraphRoot};
use crate::insn::Shape;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// The root of a list or tree must lie in a map value or an allocated object.
    RootElsewhere("graph-root-elsewhere", EINVAL, help: "pass the address of the root in a map value, a global variable or an allocated object") {
        arg: u8,
    } => "arg#{arg} expected pointer to map value or allocated object";

    /// The program gives away an object that it does not own.
    NodeNotOwned("graph-node-not-owned", EINVAL, help: "take an owning reference first, for instance by bpf_refcount_acquire()") {
    } => "allocated object must be referenced";

    /// The node of a list or tree must lie in an allocated object.
    NodeElsewhere("graph-node-elsewhere", EINVAL, help: "pass the address of the node member of an object from bpf_obj_new()") {
        arg: u8,
    } => "arg#{arg} expected pointer to allocated object";

    /// A root or node is passed by a pointer whose distance from the start of its object is not known.
    GraphVariableOffset("graph-variable-offset", EINVAL, help: "take the address of the member itself") {
        regno: u8, what: &'static str,
    } => "R{regno} doesn't have constant offset. {what} has to be at the constant offset";

    /// There is no root or node where the pointer points to.
    GraphNotFound("graph-field-not-found", EINVAL, help: "take the address of the member itself, and tag the root with __contains(…)") {
        what: &'static str, off: u32,
    } => "{what} not found at offset={off}";

    /// A list or tree may only be used while the lock that lies beside it is held.
    GraphLockNotHeld("graph-lock-not-held", EINVAL, help: "call bpf_spin_lock() on the lock in the same value or object first") {
        before: &'static str, off: i64, what: &'static str,
    } => "{before}bpf_spin_lock at off={off} must be held for {what}";

    /// The collection holds objects of another type.
    WrongNodeType("graph-node-type", EINVAL, help: "use a collection whose __contains(…) names this struct and member") {
        root: &'static str, node: &'static str, node_off: u32, ty: String, off: i64, found: String,
    } => "operation on {root} expects arg#1 {node} at offset={node_off} in struct {ty}, but arg is at offset={off} in struct {found}";

    /// The collection links its objects by another node member.
    WrongNodeOffset("graph-node-offset", EINVAL, help: "pass the member that __contains(…) names") {
        off: i64, node: &'static str, node_off: u32, ty: String,
    } => "arg#1 offset={off}, but expected {node} at offset={node_off} in struct {ty}";

    /// The call takes a node that is in the tree: one that was found there, not one that the program owns alone.
    NodeMustBeInTree("rbtree-node-not-in-tree", EINVAL, help: "pass a node from bpf_rbtree_first() or another walk of the tree") {
        name: &'static str,
    } => "{name} can only take non-owning or refcounted bpf_rb_node pointer";

    /// The comparison callback runs while the tree is being changed, so it must not walk or change it.
    TreeCallInCallback("rbtree-call-in-callback", EINVAL, help: "only compare the two nodes in the callback") {
        name: &'static str,
    } => "{name} not allowed in rbtree cb";

    /// A node is removed from a tree that is known to be in none.
    RemoveOwned("rbtree-remove-owned", EINVAL, help: "pass a node from bpf_rbtree_first()") {
    } => "rbtree_remove node input must be non-owning ref";

    /// The comparison callback must not remove nodes.
    RemoveInCallback("rbtree-remove-in-callback", EINVAL, help: "only compare the two nodes in the callback") {
    } => "rbtree_remove not allowed in rbtree cb";

    /// An object that is given away is not held.
    ConversionFailed("graph-conversion-failed", EFAULT, help: "give away an object once") {
        name: &'static str, id: u32,
    } => "kfunc {name}#{id} conversion of owning ref to non-owning failed";
}

/// Whether the path is within a callback of a tree operation, which runs with the tree's lock held
/// (`in_rbtree_lock_required_cb`).
pub(crate) fn in_tree_callback(env: &Env<'_>) -> bool {
    let frame = env.state.frame();
    // Only trees have kfuncs that run a callback at once.
    frame.is_sync_callback()
        && env.insns.get(frame.callsite as usize).is_some_and(|insn| insn.is_kfunc_call())
}

/// Checks the root of a list or tree, and that its lock is held: the field.
pub(super) fn check_root(env: &Env<'_>, regno: Reg, is_tree: bool) -> Step<Field> {
    let reg = env.reg(regno);
    let what = if is_tree { "bpf_rb_root" } else { "bpf_list_head" };
    let is_object = reg.ty == RegType::with(Base::BtfId, TypeFlags::MEM_ALLOC);
    if !reg.ty.is(Base::MapValue) && !is_object {
        return Err(RootElsewhere { arg: regno.0 - 1 }.into());
    }
    if is_object && reg.ref_id == 0 {
        return Err(NodeNotOwned {}.into());
    }
    let Some(off) = const_off(reg) else {
        return Err(GraphVariableOffset { regno: regno.0, what }.into());
    };
    let field = field_at(env, reg, off, |kind| match kind {
        FieldKind::ListHead(_) => !is_tree,
        FieldKind::RbRoot(_) => is_tree,
        _ => false,
    });
    let Some(field) = field else { return Err(GraphNotFound { what, off: off as u32 }.into()) };
    if !lock::is_held(env, reg) {
        let before = match env.state.refs.active_locks {
            0 => "",
            _ => "held lock and object are not in the same allocation\n",
        };
        let at = env.record_of(reg).and_then(|record| record.spin_lock_off);
        // Beside a `bpf_res_spin_lock` there is none; the kernel prints its mark for that.
        return Err(GraphLockNotHeld { before, off: at.map_or(-22, i64::from), what }.into());
    }
    Ok(field)
}

fn field_at(
    env: &Env<'_>,
    reg: &RegState,
    off: i64,
    is: impl Fn(FieldKind) -> bool,
) -> Option<Field> {
    let off = u32::try_from(off).ok()?;
    env.record_of(reg)?.at(off).copied().filter(|field| is(field.kind))
}

/// Checks how a node is held: owned where it is put into a collection, within it where it is walked or removed.
pub(super) fn check_node_owner(
    env: &Env<'_>,
    name: &'static str,
    effect: Option<Effect>,
    regno: Reg,
) -> Step {
    let reg = env.reg(regno);
    if matches!(effect, Some(Effect::ListPush | Effect::RbtreeAdd)) {
        if reg.ty != RegType::with(Base::BtfId, TypeFlags::MEM_ALLOC) {
            return Err(NodeElsewhere { arg: regno.0 - 1 }.into());
        }
        return if reg.ref_id == 0 { Err(NodeNotOwned {}.into()) } else { Ok(()) };
    }
    let is_non_owning = is_alloc_object(reg) && reg.ty.has(TypeFlags::NON_OWN_REF);
    if env.features.walks_trees() {
        if !is_non_owning && reg.ref_id == 0 {
            return Err(NodeMustBeInTree { name }.into());
        }
        if in_tree_callback(env) {
            return Err(TreeCallInCallback { name }.into());
        }
        return Ok(());
    }
    if !is_non_owning || reg.ref_id != 0 {
        return Err(RemoveOwned {}.into());
    }
    if in_tree_callback(env) { Err(RemoveInCallback {}.into()) } else { Ok(()) }
}

/// Checks that a node belongs into a collection: the struct that it is in.
pub(super) fn check_node(env: &Env<'_>, regno: Reg, root: Field) -> Step<TypeId> {
    let reg = env.reg(regno);
    let is_tree = matches!(root.kind, FieldKind::RbRoot(_));
    let node = if is_tree { "bpf_rb_node" } else { "bpf_list_node" };
    let Some(off) = const_off(reg) else {
        return Err(GraphVariableOffset { regno: regno.0, what: node }.into());
    };
    let found = field_at(env, reg, off, |kind| match kind {
        FieldKind::ListNode => !is_tree,
        FieldKind::RbNode => is_tree,
        _ => false,
    });
    let (Some(_), Payload::Btf { id, .. }) = (found, reg.payload) else {
        return Err(GraphNotFound { what: node, off: off as u32 }.into());
    };
    let Some(GraphRoot { contains, node_off }) = root.kind.graph_root() else {
        return Stop::bug("a node is put into no collection");
    };
    let name = |ty| env.prog.btf.map_or("", |btf| btf.name(ty)).to_owned();
    if id != contains {
        let (ty, found) = (name(contains), name(id));
        let root = root.kind.name();
        return Err(WrongNodeType { root, node, node_off, ty, off, found }.into());
    }
    if off != i64::from(node_off) {
        return Err(WrongNodeOffset { off, node, node_off, ty: name(contains) }.into());
    }
    Ok(id)
}

/// A pointer to the node of an object in a collection (`mark_reg_graph_node`).
pub(super) fn node(root: GraphRoot) -> RegState {
    RegState {
        payload: Payload::Btf { local: true, id: root.contains },
        off: i32::try_from(root.node_off).unwrap_or(0),
        ..RegState::pointer(RegType::with(Base::BtfId, TypeFlags::MEM_ALLOC))
    }
}

/// The same, which the collection owns.
pub(super) fn non_owning(env: &Env<'_>, root: GraphRoot) -> Step<RegState> {
    let mut reg = node(root);
    make_non_owning(env, &mut reg)?;
    Ok(reg)
}

/// Makes a pointer one that something else owns (`ref_set_non_owning`): it dies at the unlock.
pub(super) fn make_non_owning(env: &Env<'_>, reg: &mut RegState) -> Step {
    if env.state.refs.active_locks == 0 {
        return Stop::bug("a non-owning reference without a lock");
    }
    reg.ty.flags |= TypeFlags::NON_OWN_REF;
    let counted = match reg.payload {
        Payload::Btf { local: true, id } => {
            env.local_record(id).is_some_and(|record| record.refcount_off.is_some())
        }
        _ => false,
    };
    if counted {
        reg.ty.flags |= TypeFlags::MEM_RCU;
    }
    Ok(())
}

/// Puts an object into a collection, which owns it from now on: all pointers to it become non-owning.
pub(super) fn give_away(env: &mut Env<'_>, regno: Reg, name: &'static str, func: TypeId) -> Step {
    let id = env.reg(regno).ref_id;
    if id == 0 || !env.state.refs.has(id) {
        return Err(ConversionFailed { name, id: func.0 }.into());
    }
    let counted = |env: &Env<'_>, reg: &RegState| {
        let mut reg = *reg;
        reg.ref_id = 0;
        make_non_owning(env, &mut reg).map(|()| reg)
    };
    // All pointers with one reference are of one type.
    let sample = counted(env, env.reg(regno))?;
    env.state.for_each_reg(|reg| {
        if reg.ref_id == id {
            reg.ref_id = 0;
            reg.ty.flags |= sample.ty.flags & (TypeFlags::NON_OWN_REF | TypeFlags::MEM_RCU);
        }
    });
    refs::release(&mut env.state, id);
    Ok(())
}

/// Whether a type of the kernel is a node of a list or tree.
pub(super) fn is_node_type(btf: &Btf, ty: TypeId) -> bool {
    btf.kind(ty) == Kind::Struct && matches!(btf.name(ty), "bpf_list_node" | "bpf_rb_node")
}
