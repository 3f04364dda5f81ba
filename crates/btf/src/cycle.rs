//! No type may contain itself, and no chain of pointers and modifiers may run in a circle: the rule of
//! `btf_check_all_types` in `kernel/bpf/btf.c`, which everything that walks types relies on to terminate.
//!
//! Two walks over every type, each iterative so that no input exhausts the stack:
//! - by value: struct and union members, array elements, modifiers and typedefs;
//! - by name: pointers, array elements, modifiers and typedefs (a struct has a name or is declared once).

use crate::btf::Parsed;
use crate::parse::byte_at;
use crate::{BtfError, BtfProblem, Kind, TypeId};

/// Structs within structs, or modifiers in a row. The kernel's `MAX_RESOLVE_DEPTH` is 32 and its own types
/// stay below 20.
pub(crate) const MAX_DEPTH: u32 = 96;

pub(crate) fn check(parsed: &Parsed, type_start: u64) -> Result<(), BtfError> {
    walk(parsed, type_start, |kind| kind != Kind::Ptr)?;
    walk(parsed, type_start, |kind| !kind.is_composite())
}

/// A type on the way down, and those of its targets that are still to be visited.
struct Step {
    id: TypeId,
    left: Vec<TypeId>,
    /// Length of the longest path below, as far as it is known.
    height: u32,
}

/// Depth-first over the types of `parsed` (its base was checked before) along the edges of the kinds that
/// `follow` takes. `heights` holds 0 for types not seen, else 1 + the longest path below.
fn walk(parsed: &Parsed, type_start: u64, follow: fn(Kind) -> bool) -> Result<(), BtfError> {
    let first = parsed.first_id;
    let slot = |id: TypeId| id.0.checked_sub(first).and_then(|number| usize::try_from(number).ok());
    let mut heights = vec![0_u8; parsed.starts.len()];
    const OPEN: u8 = u8::MAX;
    let open = |id: TypeId| {
        let mut left = Vec::new();
        if follow(parsed.raw_kind(id)) {
            parsed.edges(id, |target| left.push(target));
        }
        Step { id, left, height: 0 }
    };
    let fail = |id: TypeId, problem| {
        let start =
            slot(id).and_then(|slot| usize::try_from(parsed.starts[slot]).ok()).unwrap_or(0);
        Err(BtfError::in_type(byte_at(type_start, start), id, problem))
    };
    for root in (first..parsed.len()).map(TypeId) {
        if slot(root).is_some_and(|slot| heights[slot] != 0) {
            continue;
        }
        if let Some(slot) = slot(root) {
            heights[slot] = OPEN;
        }
        let mut path = vec![open(root)];
        while let Some(step) = path.last_mut() {
            let Some(target) = step.left.pop() else {
                let height = step.height + 1;
                if height > MAX_DEPTH {
                    return fail(step.id, BtfProblem::TooDeep(MAX_DEPTH));
                }
                if let Some(slot) = slot(step.id) {
                    heights[slot] = u8::try_from(height).unwrap_or(OPEN - 1);
                }
                path.pop();
                if let Some(above) = path.last_mut() {
                    above.height = above.height.max(height);
                }
                continue;
            };
            // A type of the base cannot reach ours.
            let Some(at) = slot(target) else { continue };
            match heights[at] {
                0 => {
                    heights[at] = OPEN;
                    path.push(open(target));
                }
                OPEN => return fail(step.id, BtfProblem::Cycle(target.0)),
                height => step.height = step.height.max(u32::from(height)),
            }
        }
    }
    Ok(())
}
