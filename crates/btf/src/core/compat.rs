//! Whether two types may stand for one another: `bpf_core_fields_are_compat` and
//! `__bpf_core_types_are_compat` of `relo_core.c`. Names of members and sizes do not matter here.

use super::target::Target;
use super::{CoreError, RelocationKind};
use crate::index::essential_name;
use crate::{Btf, Kind, Type, TypeId};

/// Types that libbpf follows through pointers, arrays and prototypes.
pub(super) const MAX_DEPTH: u32 = 32;

/// The kind that matters for matching: both enum widths are one.
pub(super) fn core_kind(kind: Kind) -> Kind {
    if kind == Kind::Enum64 { Kind::Enum } else { kind }
}

/// Whether a field of one type may be read as a field of another.
pub(super) fn fields_are_compat(
    local: &Btf,
    local_id: TypeId,
    kernel: &Btf,
    kernel_id: TypeId,
) -> bool {
    let (mut local_id, mut kernel_id) = (local_id, kernel_id);
    loop {
        let (mine, theirs) = (local.resolved(local_id), kernel.resolved(kernel_id));
        if mine.composite().is_some() && theirs.composite().is_some() {
            return true;
        }
        if core_kind(mine.kind()) != core_kind(theirs.kind()) {
            return false;
        }
        return match (mine, theirs) {
            (Type::Ptr { .. } | Type::Float { .. }, _) => true,
            (Type::Fwd { .. } | Type::Enum(_) | Type::Enum64(_), _) => {
                let (mine, theirs) = (essential_name(mine.name()), essential_name(theirs.name()));
                mine.is_empty() || theirs.is_empty() || mine == theirs
            }
            // Bitfields as old compilers wrote them are left alone.
            (Type::Int(mine), Type::Int(theirs)) => mine.offset == 0 && theirs.offset == 0,
            (Type::Array(mine), Type::Array(theirs)) => {
                (local_id, kernel_id) = (mine.element, theirs.element);
                continue;
            }
            _ => false,
        };
    }
}

/// Comparison of whole types, with a bound on the work.
pub(super) struct Comparison<'a> {
    pub(super) local: &'a Btf,
    pub(super) target: &'a Target<'a>,
    pub(super) kernel: &'a Btf,
    pub(super) steps_left: u32,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(local: &'a Btf, target: &'a Target<'a>, kernel: &'a Btf) -> Self {
        Self { local, target, kernel, steps_left: 1_000_000 }
    }

    /// Counts one step of work on `id`.
    pub(super) fn step(&mut self, id: TypeId) -> Result<(), CoreError> {
        self.steps_left = self
            .steps_left
            .checked_sub(1)
            .ok_or_else(|| CoreError::TooComplex(self.local.name(id).to_owned()))?;
        Ok(())
    }

    /// Whether a candidate answers a type-based relocation.
    pub(super) fn answers(
        &mut self,
        kind: RelocationKind,
        local_id: TypeId,
        kernel_id: TypeId,
    ) -> Result<bool, CoreError> {
        if kind == RelocationKind::TypeMatches {
            return self.matches(local_id, kernel_id, false, MAX_DEPTH);
        }
        if core_kind(self.local.kind(local_id)) != core_kind(self.kernel.kind(kernel_id)) {
            return Ok(false);
        }
        self.are_compat(local_id, kernel_id, MAX_DEPTH)
    }

    fn are_compat(
        &mut self,
        local_id: TypeId,
        kernel_id: TypeId,
        depth: u32,
    ) -> Result<bool, CoreError> {
        let (mut local_id, mut kernel_id, mut depth) = (local_id, kernel_id, depth);
        loop {
            depth = depth.checked_sub(1).ok_or(CoreError::TooDeep)?;
            self.step(local_id)?;
            (local_id, kernel_id) = (self.local.resolve(local_id), self.kernel.resolve(kernel_id));
            let (mine, theirs) = (self.local.ty(local_id), self.kernel.ty(kernel_id));
            if core_kind(mine.kind()) != core_kind(self.target.kind_in_kernel(&theirs)) {
                return Ok(false);
            }
            (local_id, kernel_id) = match (mine, theirs) {
                (Type::Int(mine), Type::Int(theirs)) => {
                    return Ok(mine.offset == 0 && theirs.offset == 0);
                }
                (Type::Ptr { target: mine }, Type::Ptr { target: theirs }) => (mine, theirs),
                (Type::Array(mine), Type::Array(theirs)) => (mine.element, theirs.element),
                (Type::FuncProto(mine), Type::FuncProto(theirs)) => {
                    if mine.len() != theirs.len() {
                        return Ok(false);
                    }
                    for (mine, theirs) in mine.params().zip(theirs.params()) {
                        if depth == 0 {
                            return Err(CoreError::TooDeep);
                        }
                        if !self.are_compat(mine.ty, theirs.ty, depth - 1)? {
                            return Ok(false);
                        }
                    }
                    (mine.ret, theirs.ret)
                }
                (mine, _) => {
                    let kind = core_kind(mine.kind());
                    return Ok(
                        kind.is_composite() || matches!(kind, Kind::Void | Kind::Enum | Kind::Fwd)
                    );
                }
            };
        }
    }
}
