//! From what is kept to BTF bytes.

use std::collections::HashMap;

use skep_btf::core::KnownNames;
use skep_btf::{Btf, BtfBuilder, Kind, Type, TypeDef, TypeId};

use super::closure::{Closure, Kept};

/// A reduced BTF and the names of what was left out.
pub(super) struct Reduced {
    pub(super) btf: Vec<u8>,
    pub(super) types: u32,
    pub(super) left_out: KnownNames,
}

/// Writes the types of `closure` in the order of their ids, then decl tags on them and data sections.
pub(super) fn reduce(btf: &Btf, closure: &Closure<'_>) -> Result<Reduced, String> {
    let mut kept: Vec<TypeId> = btf.ids().filter(|&id| closure.kept(id) != Kept::Not).collect();
    kept.extend(btf.ids().filter(|&id| match btf.ty(id) {
        Type::DeclTag { target, .. } => is_whole(btf, closure, target),
        Type::DataSec(_) => true,
        _ => false,
    }));
    let mut new_ids = HashMap::from([(TypeId::VOID, TypeId::VOID)]);
    let mut declared = HashMap::new();
    let mut order = Vec::new();
    for id in kept {
        let next = TypeId(u32::try_from(order.len() + 1).map_err(|error| error.to_string())?);
        let new = match declaration(btf, closure, id) {
            Some(declaration) => *declared.entry(declaration).or_insert(next),
            None => next,
        };
        new_ids.insert(id, new);
        if new == next {
            order.push(id);
        }
    }
    let mut builder = BtfBuilder::new();
    for id in order {
        let def = match declaration(btf, closure, id) {
            Some((name, is_union)) => Some(TypeDef::Fwd { name: name.to_owned(), is_union }),
            None => btf.ty(id).to_def(|target| new_ids.get(&target).copied().unwrap_or_default()),
        };
        let def = def.map(without_lost_variables);
        let def = def.ok_or_else(|| format!("type {id} is void"))?;
        builder.push(&def).map_err(|error| error.to_string())?;
    }
    let left_out = KnownNames::of(btf, |id| match btf.ty(id) {
        Type::Func { .. } => false,
        // Listed as well where a declaration of the reduction takes its place.
        Type::Fwd { name, is_union } => {
            let defined = if is_union { Kind::Union } else { Kind::Struct };
            closure.kept(id) == Kept::Not
                || btf
                    .find_all(name)
                    .any(|id| btf.kind(id) == defined && closure.kept(id) != Kept::Whole)
        }
        _ => closure.kept(id) == Kept::Not || declaration(btf, closure, id).is_some(),
    });
    let types = builder.next_id().0 - 1;
    Ok(Reduced { btf: builder.finish().map_err(|error| error.to_string())?, types, left_out })
}

/// A data section without the variables that were left out.
fn without_lost_variables(mut def: TypeDef) -> TypeDef {
    if let TypeDef::DataSec { vars, .. } = &mut def {
        vars.retain(|var| var.ty != TypeId::VOID);
    }
    def
}

fn is_whole(btf: &Btf, closure: &Closure<'_>, id: TypeId) -> bool {
    closure.kept(id) != Kept::Not && declaration(btf, closure, id).is_none()
}

/// Name and sort of the forward declaration that a type becomes, or is.
fn declaration<'a>(btf: &'a Btf, closure: &Closure<'_>, id: TypeId) -> Option<(&'a str, bool)> {
    match btf.ty(id) {
        Type::Struct(composite) if closure.kept(id) == Kept::Named => Some((composite.name, false)),
        Type::Union(composite) if closure.kept(id) == Kept::Named => Some((composite.name, true)),
        Type::Fwd { name, is_union } => Some((name, is_union)),
        _ => None,
    }
}
