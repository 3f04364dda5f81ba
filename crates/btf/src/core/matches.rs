//! `TYPE_MATCHES`: whether the kernel's type has all that the object's has, with the same names and shapes.
//! Mirrors `__bpf_core_types_match` of `relo_core.c`.

use super::CoreError;
use super::compat::Comparison;
use crate::index::essential_name;
use crate::types::{Composite, Enum};
use crate::{Kind, Type, TypeId};

/// Whether essential names are equal; a nameless kernel type matches nameless ones only.
fn names_match(mine: &str, theirs: &str) -> bool {
    essential_name(mine) == essential_name(theirs)
}

/// Whether every enumerator of the object is one of the kernel's; values do not matter.
fn enums_match(mine: Enum<'_>, theirs: Enum<'_>) -> bool {
    mine.size == theirs.size
        && mine.len() <= theirs.len()
        && mine
            .values()
            .all(|mine| theirs.values().any(|theirs| names_match(mine.name, theirs.name)))
}

impl Comparison<'_> {
    pub(super) fn matches(
        &mut self,
        local_id: TypeId,
        kernel_id: TypeId,
        behind_ptr: bool,
        depth: u32,
    ) -> Result<bool, CoreError> {
        let (mut local_id, mut kernel_id) = (local_id, kernel_id);
        let (mut behind_ptr, mut depth) = (behind_ptr, depth);
        loop {
            depth = depth.checked_sub(1).ok_or(CoreError::TooDeep)?;
            self.step(local_id)?;
            (local_id, kernel_id) = (self.local.resolve(local_id), self.kernel.resolve(kernel_id));
            let (mine, theirs) = (self.local.ty(local_id), self.kernel.ty(kernel_id));
            if !names_match(mine.name(), theirs.name()) {
                return Ok(false);
            }
            (local_id, kernel_id) = match (mine, theirs) {
                (Type::Void, Type::Void) => return Ok(true),
                (Type::Fwd { is_union, .. }, theirs) => {
                    return Ok(match self.target.declared(&theirs) {
                        Some((kind, theirs_is_union)) => {
                            (behind_ptr || kind == Kind::Fwd) && is_union == theirs_is_union
                        }
                        None => false,
                    });
                }
                (
                    Type::Enum(mine) | Type::Enum64(mine),
                    Type::Enum(theirs) | Type::Enum64(theirs),
                ) => {
                    return Ok(enums_match(mine, theirs));
                }
                (Type::Struct(composite) | Type::Union(composite), theirs) => {
                    let is_union = mine.kind() == Kind::Union;
                    if behind_ptr {
                        let declared = self.target.declared(&theirs);
                        return Ok(declared.is_some_and(|(_, theirs)| theirs == is_union));
                    }
                    let Some(their_composite) =
                        theirs.composite().filter(|_| mine.kind() == theirs.kind())
                    else {
                        return Ok(false);
                    };
                    return self.members_match(composite, their_composite, depth);
                }
                (Type::Int(mine), Type::Int(theirs)) => {
                    return Ok(mine.size == theirs.size && mine.is_signed == theirs.is_signed);
                }
                (Type::Ptr { target: mine }, Type::Ptr { target: theirs }) => {
                    behind_ptr = true;
                    (mine, theirs)
                }
                (Type::Array(mine), Type::Array(theirs)) => {
                    if mine.len != theirs.len {
                        return Ok(false);
                    }
                    (mine.element, theirs.element)
                }
                (Type::FuncProto(mine), Type::FuncProto(theirs)) => {
                    if mine.len() != theirs.len() {
                        return Ok(false);
                    }
                    for (mine, theirs) in mine.params().zip(theirs.params()) {
                        if !self.matches(mine.ty, theirs.ty, behind_ptr, depth.saturating_sub(1))? {
                            return Ok(false);
                        }
                    }
                    (mine.ret, theirs.ret)
                }
                _ => return Ok(false),
            };
        }
    }

    /// Whether every member of the object's struct has one of the same name and a matching type.
    fn members_match(
        &mut self,
        mine: Composite<'_>,
        theirs: Composite<'_>,
        depth: u32,
    ) -> Result<bool, CoreError> {
        if mine.len() > theirs.len() {
            return Ok(false);
        }
        for mine in mine.members() {
            let mut found = false;
            for theirs in theirs.members() {
                self.step(mine.ty)?;
                if names_match(mine.name, theirs.name)
                    && self.matches(mine.ty, theirs.ty, false, depth.saturating_sub(1))?
                {
                    found = true;
                    break;
                }
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
