//! From candidates to the one answer: `bpf_core_spec_match` and `bpf_core_calc_relo_insn` of `relo_core.c`.

use super::calc::{self, Answer};
use super::compat::{Comparison, fields_are_compat};
use super::spec::{Accessor, MAX_STEPS, Spec, element_bits};
use super::target::{Candidate, Target};
use super::{CoreError, Outcome, RelocationKind};
use crate::index::essential_name;
use crate::{Btf, Type, TypeId};

/// Answers by all candidates that match; they must agree.
pub(super) fn answer(
    target: &Target<'_>,
    local: &Spec<'_>,
    kind: RelocationKind,
    candidates: &[Candidate<'_>],
) -> Result<Outcome, CoreError> {
    let mut agreed: Option<(Answer, u64)> = None;
    for candidate in candidates {
        let Some(found) = find(target, local, kind, candidate)? else { continue };
        let answer = calc::answer(kind, local, Some(&found))?;
        let Some((first, bit_offset)) = &agreed else {
            agreed = Some((answer, found.bit_offset));
            continue;
        };
        let ambiguous = |first, second| CoreError::Ambiguous {
            name: essential_name(local.btf.name(local.root)).to_owned(),
            first,
            second,
        };
        if *bit_offset != found.bit_offset {
            let in_words = |bits| format!("offset {} (bit {bits})", bits / 8);
            return Err(ambiguous(in_words(*bit_offset), in_words(found.bit_offset)));
        }
        if *first != answer {
            return Err(ambiguous(first.to_string(), answer.to_string()));
        }
    }
    let answer = match agreed {
        Some((answer, _)) => answer,
        None => calc::answer(kind, local, None)?,
    };
    Ok(answer.into())
}

/// The path through the candidate that the local one means, if there is one.
fn find<'a>(
    target: &Target<'_>,
    local: &Spec<'_>,
    kind: RelocationKind,
    candidate: &Candidate<'a>,
) -> Result<Option<Spec<'a>>, CoreError> {
    let Candidate { btf, id } = *candidate;
    let mut spec = Spec::empty(btf, id);
    if kind.is_type_based() {
        let found = Comparison::new(local.btf, target, btf).answers(kind, local.root, id)?;
        return Ok(found.then_some(spec));
    }
    if kind.is_enumval_based() {
        let ty = btf.resolve(id);
        let wanted = local.steps.first().and_then(|step| step.name).map(essential_name);
        let mut values =
            btf.ty(ty).enumeration().into_iter().flat_map(|found| found.values()).zip(0..);
        let Some((value, index)) =
            values.find(|(value, _)| Some(essential_name(value.name)) == wanted)
        else {
            return Ok(None);
        };
        spec.steps.push(Accessor { ty, index, name: Some(value.name) });
        return Ok(Some(spec));
    }
    let mut at = id;
    let mut budget = 1_000_000;
    for (step, accessor) in local.steps.iter().enumerate() {
        at = btf.resolve(at);
        let next = match accessor.name {
            Some(_) => member(local.btf, accessor, &mut spec, at, &mut budget)?,
            None => element(accessor, step, &mut spec, at)?,
        };
        let Some(next) = next else { return Ok(None) };
        at = next;
    }
    Ok(Some(spec))
}

/// Follows an array index (or the root's, which is one already). Gives the element's type.
fn element(
    accessor: &Accessor<'_>,
    step: usize,
    spec: &mut Spec<'_>,
    at: TypeId,
) -> Result<Option<TypeId>, CoreError> {
    let mut ty = at;
    if step > 0 {
        let Type::Array(array) = spec.btf.ty(at) else { return Ok(None) };
        if accessor.index >= array.len && !spec.is_flexible(&array) {
            return Ok(None);
        }
        ty = spec.btf.resolve(array.element);
    }
    push(spec, Accessor { ty, index: accessor.index, name: None })?;
    let bits = element_bits(spec.btf, ty, accessor.index)?;
    spec.bit_offset = spec.bit_offset.checked_add(bits).ok_or(CoreError::NoSize(ty))?;
    Ok(Some(ty))
}

fn push<'a>(spec: &mut Spec<'a>, accessor: Accessor<'a>) -> Result<(), CoreError> {
    if spec.raw_len == MAX_STEPS {
        return Err(CoreError::AccessTooLong);
    }
    spec.raw_len += 1;
    spec.steps.push(accessor);
    Ok(())
}

/// Follows a member by name, into anonymous structs and unions too. Gives the member's type.
fn member(
    local: &Btf,
    accessor: &Accessor<'_>,
    spec: &mut Spec<'_>,
    at: TypeId,
    budget: &mut u32,
) -> Result<Option<TypeId>, CoreError> {
    let at = spec.btf.resolve(at);
    let Some(composite) = spec.btf.ty(at).composite() else { return Ok(None) };
    let wanted = accessor.name.unwrap_or("");
    let local_member = usize::try_from(accessor.index)
        .ok()
        .and_then(|index| local.ty(accessor.ty).composite()?.member(index))
        .ok_or(CoreError::NoRoot(accessor.ty))?;
    for (found, index) in composite.members().zip(0..) {
        *budget = budget.checked_sub(1).ok_or_else(|| CoreError::TooComplex(wanted.to_owned()))?;
        let bits = u64::from(found.bit_offset);
        if found.name.is_empty() {
            if spec.raw_len == MAX_STEPS {
                return Err(CoreError::AccessTooLong);
            }
            spec.raw_len += 1;
            spec.bit_offset += bits;
            if let Some(next) = member(local, accessor, spec, found.ty, budget)? {
                return Ok(Some(next));
            }
            spec.raw_len -= 1;
            spec.bit_offset -= bits;
        } else if found.name == wanted {
            if !fields_are_compat(local, local_member.ty, spec.btf, found.ty) {
                return Ok(None);
            }
            push(spec, Accessor { ty: at, index, name: Some(found.name) })?;
            spec.bit_offset += bits;
            return Ok(Some(found.ty));
        }
    }
    Ok(None)
}
