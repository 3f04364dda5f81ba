//! The kernel's side of relocations: candidates by name, and what a reduced profile left out.

use super::compat::core_kind;
use super::{CoreError, KnownNames, Outcome, Relocation, RelocationKind, calc, search};
use crate::index::essential_name;
use crate::{Btf, Kind, Type, TypeId};

/// The types that an object is relocated against.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    vmlinux: &'a Btf,
    modules: &'a [Btf],
    known: Option<&'a KnownNames>,
}

/// A type of the kernel that may be what the object means.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) btf: &'a Btf,
    pub(super) id: TypeId,
}

impl<'a> Target<'a> {
    /// A kernel whose types are all at hand.
    pub fn new(vmlinux: &'a Btf) -> Self {
        Self { vmlinux, modules: &[], known: None }
    }

    /// Adds modules' BTF (split from the kernel's), which is looked at for names that the kernel lacks.
    #[must_use]
    pub fn modules(mut self, modules: &'a [Btf]) -> Self {
        self.modules = modules;
        self
    }

    /// Says that the kernel's BTF was reduced, and which names the kernel really has.
    #[must_use]
    pub fn reduced(mut self, known: &'a KnownNames) -> Self {
        self.known = Some(known);
        self
    }

    /// Answers a relocation of an object whose types are `local`.
    ///
    /// # Errors
    /// [`CoreError`] where libbpf refuses the object: a malformed record, a type without a name, or kernel
    /// types of one name that disagree.
    pub fn relocate(&self, local: &Btf, relocation: &Relocation<'_>) -> Result<Outcome, CoreError> {
        let spec = super::spec::Spec::parse(local, relocation)?;
        if relocation.kind == RelocationKind::TypeIdLocal {
            return Ok(calc::local_id(relocation.root));
        }
        let ty = local.ty(relocation.root);
        let name = ty.name();
        if name.is_empty() {
            return Err(CoreError::Anonymous(relocation.root));
        }
        let candidates = self.candidates(ty.kind(), name);
        if let Some(outcome) = self.left_out(relocation.kind, &ty, &candidates) {
            return Ok(outcome);
        }
        search::answer(self, &spec, relocation.kind, &candidates)
    }

    /// The outcome where the reduction left out what would give the answer.
    fn left_out(
        &self,
        ask: RelocationKind,
        ty: &Type<'_>,
        candidates: &[Candidate<'_>],
    ) -> Option<Outcome> {
        let known = self.known?;
        let name = essential_name(ty.name());
        let is_gone = |found: &Candidate<'_>| {
            let ty = found.btf.resolved(found.id);
            ty.kind() == Kind::Fwd && self.kind_in_kernel(&ty) != Kind::Fwd
        };
        let missing = if candidates.is_empty() {
            known.contains(ty.kind(), name)
        } else {
            candidates.iter().any(is_gone)
        };
        if !missing {
            return None;
        }
        // Of these kinds, the name alone decides whether the type exists.
        let kind = ty.kind();
        let by_name = kind.is_composite() || kind.is_any_enum() || kind == Kind::Fwd;
        if ask == RelocationKind::TypeExists && by_name {
            return Some(calc::exists());
        }
        Some(Outcome::MissingFromProfile(name.to_owned()))
    }

    /// Types of the same essential name and kind: the kernel's, or else the modules'.
    fn candidates(&self, kind: Kind, name: &str) -> Vec<Candidate<'a>> {
        let name = essential_name(name);
        let of = |btf: &'a Btf, own_only: bool| {
            let layers: Vec<&Btf> = if own_only { vec![btf] } else { btf.layers().collect() };
            let ids = layers
                .into_iter()
                .flat_map(|layer| layer.own_index().essentially(layer, name).collect::<Vec<_>>());
            ids.filter(|&id| core_kind(self.kind_in_kernel(&btf.ty(id))) == core_kind(kind))
                .map(|id| Candidate { btf, id })
                .collect::<Vec<_>>()
        };
        let found = of(self.vmlinux, false);
        if !found.is_empty() {
            return found;
        }
        self.modules.iter().flat_map(|module| of(module, true)).collect()
    }

    /// The kind that a type has in the whole kernel: a reduced profile holds pointees that it does not
    /// model as forward declarations.
    pub(super) fn kind_in_kernel(&self, ty: &Type<'_>) -> Kind {
        let Type::Fwd { name, is_union } = *ty else { return ty.kind() };
        let defined = if is_union { Kind::Union } else { Kind::Struct };
        match self.known {
            Some(known) if known.contains(defined, name) => defined,
            _ => Kind::Fwd,
        }
    }

    /// For a struct, union or forward declaration: its kind in the whole kernel, and whether it is a union.
    pub(super) fn declared(&self, ty: &Type<'_>) -> Option<(Kind, bool)> {
        match *ty {
            Type::Struct(_) => Some((Kind::Struct, false)),
            Type::Union(_) => Some((Kind::Union, true)),
            Type::Fwd { is_union, .. } => Some((self.kind_in_kernel(ty), is_union)),
            _ => None,
        }
    }
}
