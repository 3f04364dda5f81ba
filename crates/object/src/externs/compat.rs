//! Whether the kernel's variable or kfunc is what the object declares: `bpf_core_types_are_compat`.

use skep_btf::{Btf, Kind, Type, TypeId};

use crate::profile::KernelProfile;

/// Types that are followed through pointers, arrays and prototypes.
const MAX_DEPTH: u32 = 32;

/// Comparisons that one pair may take; real ones take dozens.
const MAX_STEPS: u32 = 100_000;

/// Compares a type of the object with one of the kernel. Names and sizes do not matter; kinds do.
pub(super) fn are_compat(
    local: &Btf,
    local_id: TypeId,
    profile: &KernelProfile,
    kernel_id: TypeId,
) -> bool {
    let mut comparison = Comparison { local, profile, steps: MAX_STEPS };
    comparison.compare(local_id, kernel_id, MAX_DEPTH)
}

struct Comparison<'a> {
    local: &'a Btf,
    profile: &'a KernelProfile,
    steps: u32,
}

/// Both enum widths are one.
fn kind_of(kind: Kind) -> Kind {
    if kind == Kind::Enum64 { Kind::Enum } else { kind }
}

impl Comparison<'_> {
    /// A reduced profile keeps some structs as declarations only; what they are in the kernel.
    fn kernel_kind(&self, ty: &Type<'_>) -> Kind {
        let Type::Fwd { name, is_union } = *ty else { return kind_of(ty.kind()) };
        let defined = if is_union { Kind::Union } else { Kind::Struct };
        let is_defined =
            self.profile.known.as_ref().is_some_and(|known| known.contains(defined, name));
        if is_defined { defined } else { Kind::Fwd }
    }

    fn compare(&mut self, local_id: TypeId, kernel_id: TypeId, mut depth: u32) -> bool {
        let (mut local_id, mut kernel_id) = (local_id, kernel_id);
        loop {
            if depth == 0 || self.steps == 0 {
                return false;
            }
            (depth, self.steps) = (depth - 1, self.steps - 1);
            let (mine, theirs) =
                (self.local.resolved(local_id), self.profile.btf.resolved(kernel_id));
            if kind_of(mine.kind()) != self.kernel_kind(&theirs) {
                return false;
            }
            (local_id, kernel_id) = match (mine, theirs) {
                (Type::Int(mine), Type::Int(theirs)) => {
                    return mine.offset == 0 && theirs.offset == 0;
                }
                (Type::Ptr { target: mine }, Type::Ptr { target: theirs }) => (mine, theirs),
                (Type::Array(mine), Type::Array(theirs)) => (mine.element, theirs.element),
                (Type::FuncProto(mine), Type::FuncProto(theirs)) => {
                    let agree = mine.len() == theirs.len()
                        && mine
                            .params()
                            .zip(theirs.params())
                            .all(|(mine, theirs)| self.compare(mine.ty, theirs.ty, depth));
                    if !agree {
                        return false;
                    }
                    (mine.ret, theirs.ret)
                }
                (
                    Type::Void
                    | Type::Struct(_)
                    | Type::Union(_)
                    | Type::Enum(_)
                    | Type::Enum64(_)
                    | Type::Fwd { .. },
                    _,
                ) => {
                    return true;
                }
                _ => return false,
            };
        }
    }
}
