//! Access paths: `bpf_core_parse_spec` of `relo_core.c`.

use super::{CoreError, Relocation, RelocationKind};
use crate::{Array, Btf, Kind, Type, TypeId};

/// Steps that libbpf follows at most.
pub(super) const MAX_STEPS: usize = 64;

/// One step: a named member, an enumerator, or an array element (and the root, as if it were one).
#[derive(Clone, Copy, Debug)]
pub(super) struct Accessor<'a> {
    /// The struct, union or enum that holds the named thing; else the element's own type.
    pub(super) ty: TypeId,
    /// Which member, enumerator or element.
    pub(super) index: u32,
    /// The member's or enumerator's name.
    pub(super) name: Option<&'a str>,
}

/// A path through one side's types.
#[derive(Clone, Debug)]
pub(super) struct Spec<'a> {
    pub(super) btf: &'a Btf,
    pub(super) root: TypeId,
    pub(super) steps: Vec<Accessor<'a>>,
    /// Number of indexes, those through anonymous members counted.
    pub(super) raw_len: usize,
    pub(super) bit_offset: u64,
}

impl<'a> Spec<'a> {
    pub(super) fn empty(btf: &'a Btf, root: TypeId) -> Self {
        Self { btf, root, steps: Vec::new(), raw_len: 0, bit_offset: 0 }
    }

    /// The path that a relocation takes through the object's own types.
    pub(super) fn parse(btf: &'a Btf, relocation: &Relocation<'_>) -> Result<Self, CoreError> {
        let Relocation { kind, root, access } = *relocation;
        if btf.get(root).is_none() {
            return Err(CoreError::NoRoot(root));
        }
        let raw = indexes(access)?;
        let outside = |step, ty| CoreError::AccessOutside {
            access: access.to_owned(),
            step,
            ty,
            kind: btf.kind(ty).name(),
        };
        let mut spec = Self::empty(btf, root);
        if kind.is_type_based() {
            return if access == "0" { Ok(spec) } else { Err(outside(0, root)) };
        }
        let ty = btf.resolve(root);
        spec.raw_len = raw.len();
        if kind.is_enumval_based() {
            let value = btf.ty(ty).enumeration().filter(|_| raw.len() == 1);
            let index = usize::try_from(raw[0]).ok();
            let value = value.and_then(|enumeration| enumeration.values().nth(index?));
            let name = value.map(|value| value.name).ok_or_else(|| outside(0, ty))?;
            spec.steps.push(Accessor { ty, index: raw[0], name: Some(name) });
            return Ok(spec);
        }
        spec.walk(&raw, ty, outside)?;
        Ok(spec)
    }

    /// Walks a field path from `ty`, of which the first index names an element.
    fn walk(
        &mut self,
        raw: &[u32],
        ty: TypeId,
        outside: impl Fn(usize, TypeId) -> CoreError,
    ) -> Result<(), CoreError> {
        let mut ty = ty;
        self.steps.push(Accessor { ty, index: raw[0], name: None });
        self.bit_offset = element_bits(self.btf, ty, raw[0])?;
        for (step, &index) in raw.iter().enumerate().skip(1) {
            ty = self.btf.resolve(ty);
            match self.btf.ty(ty) {
                Type::Struct(composite) | Type::Union(composite) => {
                    let member =
                        usize::try_from(index).ok().and_then(|index| composite.member(index));
                    let member = member.ok_or_else(|| outside(step, ty))?;
                    self.bit_offset += u64::from(member.bit_offset);
                    if !member.name.is_empty() {
                        self.steps.push(Accessor { ty, index, name: Some(member.name) });
                    }
                    ty = member.ty;
                }
                Type::Array(array) => {
                    if index >= array.len && !self.is_flexible(&array) {
                        return Err(outside(step, ty));
                    }
                    ty = self.btf.resolve(array.element);
                    self.steps.push(Accessor { ty, index, name: None });
                    let bits = element_bits(self.btf, ty, index)?;
                    self.bit_offset =
                        self.bit_offset.checked_add(bits).ok_or(CoreError::NoSize(ty))?;
                }
                _ => return Err(outside(step, ty)),
            }
        }
        Ok(())
    }

    /// Whether an array reached by the last step may be indexed past its end: it has no length and is the
    /// last member of its struct.
    pub(super) fn is_flexible(&self, array: &Array) -> bool {
        let Some(last) = self.steps.last() else { return false };
        if last.name.is_none() || array.len > 0 {
            return false;
        }
        let members = self.btf.ty(last.ty).composite().map_or(0, |composite| composite.len());
        usize::try_from(last.index).is_ok_and(|index| index + 1 == members)
    }
}

/// Bit offset of an element of an array of `ty`.
pub(super) fn element_bits(btf: &Btf, ty: TypeId, index: u32) -> Result<u64, CoreError> {
    let size = btf.size_of(ty).ok_or(CoreError::NoSize(ty))?;
    size.checked_mul(u64::from(index))
        .and_then(|bytes| bytes.checked_mul(8))
        .ok_or(CoreError::NoSize(ty))
}

fn indexes(access: &str) -> Result<Vec<u32>, CoreError> {
    let mut raw = Vec::new();
    for part in access.split(':') {
        if raw.len() == MAX_STEPS {
            return Err(CoreError::AccessTooLong);
        }
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let index = part.parse::<u32>().ok().filter(|_| is_number);
        raw.push(index.ok_or_else(|| CoreError::BadAccess(access.chars().take(80).collect()))?);
    }
    Ok(raw)
}

impl Relocation<'_> {
    /// The relocation in words for messages: `byte_off of struct task_struct.real_parent (0:12)`.
    pub fn describe(&self, local: &Btf) -> String {
        let ty = local.ty(self.root);
        let word = match ty.kind() {
            Kind::Struct => "struct ",
            Kind::Union => "union ",
            kind if kind.is_any_enum() => "enum ",
            _ => "",
        };
        let name = if ty.name().is_empty() { "(anonymous)" } else { ty.name() };
        let mut text = format!("{} of {word}{name}", self.kind.name());
        if let Ok(spec) = Spec::parse(local, self) {
            for (at, step) in spec.steps.iter().enumerate() {
                match step.name {
                    Some(name) if self.kind.is_enumval_based() => text += &format!("::{name}"),
                    Some(name) => text += &format!(".{name}"),
                    None if at > 0 || step.index > 0 => text += &format!("[{}]", step.index),
                    None => {}
                }
            }
        }
        if self.kind == RelocationKind::TypeIdLocal || self.kind.is_type_based() {
            return text;
        }
        format!("{text} ({})", self.access)
    }
}
