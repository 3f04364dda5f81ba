//! What the arguments of a kfunc tell of its result and effects (`struct bpf_kfunc_call_arg_meta`).

use skep_btf::TypeId;
use skep_isa::Reg;

use crate::call::MapRef;
use crate::call::dynptr::View;
use crate::call::stack_object::StackPlace;
use crate::fields::Field;

/// Gathered while the arguments are checked, in their order.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The reference that an argument carries; 0 when none does.
    pub(super) ref_id: u32,
    /// The argument that is released.
    pub(super) release: Option<Reg>,
    /// The constant argument.
    pub(super) constant: Option<u64>,
    /// Bytes of the memory that is returned; 0 when no argument says so.
    pub(super) ret_size: u64,
    /// Whether that memory may only be read.
    pub(super) ret_rdonly: bool,
    /// The callback's subprogram.
    pub(super) callback: Option<u32>,
    /// The struct, in the program's BTF, of the object or node that is passed.
    pub(super) object: Option<TypeId>,
    /// Whether that object is passed by an owning reference.
    pub(super) is_owning: bool,
    /// The root of the list or tree.
    pub(super) root: Option<Field>,
    /// The initialised dynptr that was passed last.
    pub(super) dynptr: Option<View>,
    /// The iterator.
    pub(super) iter: Option<StackPlace>,
    /// The map argument, or the map of the object in a map value.
    pub(super) map: Option<MapRef>,
    /// The kernel's type of the context.
    pub(super) kern_ctx: Option<TypeId>,
}
