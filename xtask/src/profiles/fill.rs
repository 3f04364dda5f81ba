//! As many types as fit: nearest to the seeds first, and among equals those that most others point to.

use std::collections::HashMap;

use skep_btf::{Btf, Type, TypeId};

use super::closure::{Closure, Kept};
use super::source::Source;
use super::{file, reduce, seed};

/// A shipped profile stays under 300 kB.
const MAX_BYTES: usize = 299_000;

/// A profile's bytes, and what to say of it.
pub(super) struct Filled {
    pub(super) bytes: Vec<u8>,
    pub(super) summary: String,
    pub(super) reduced: reduce::Reduced,
}

/// The largest profile of `btf` that may be shipped.
pub(super) fn fill(source: &Source, btf: &Btf, kfuncs: &[String]) -> Result<Filled, String> {
    let mut seeds = Closure::new(btf);
    for id in seed::seeds(btf, kfuncs) {
        seeds.keep(id);
    }
    let order = order(btf, &seeds);
    let attempt = |count: usize| -> Result<Filled, String> {
        let mut closure = seeds.clone();
        for &id in &order[..count] {
            closure.keep(id);
        }
        closure.keep_variables();
        let reduced = reduce::reduce(btf, &closure)?;
        let summary = format!(
            "{} of {} types, {count} of {} beyond the seeds, {} names left out",
            reduced.types,
            btf.len() - 1,
            order.len(),
            reduced.left_out.len()
        );
        Ok(Filled { bytes: file::write(source, btf, &reduced)?, summary, reduced })
    };
    let mut best = attempt(0)?;
    if best.bytes.len() > MAX_BYTES {
        let size = best.bytes.len();
        return Err(format!(
            "{}: the seeds alone take {size} bytes ({})",
            source.file, best.summary
        ));
    }
    // Invariant: `low` types fit, `high` do not.
    let (mut low, mut high) = (0, order.len() + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let filled = attempt(middle)?;
        if filled.bytes.len() <= MAX_BYTES {
            (low, best) = (middle, filled);
        } else {
            high = middle;
        }
    }
    Ok(best)
}

/// All types beyond the seeds in the order in which they are worth keeping.
fn order(btf: &Btf, seeds: &Closure<'_>) -> Vec<TypeId> {
    let popularity = popularity(btf);
    let by_popularity = |ids: &mut Vec<TypeId>| {
        ids.sort_by_key(|id| (std::cmp::Reverse(popularity.get(id).copied().unwrap_or(0)), *id));
    };
    let mut closure = seeds.clone();
    let mut order = Vec::new();
    loop {
        let mut layer = closure.declared();
        if layer.is_empty() {
            break;
        }
        by_popularity(&mut layer);
        for &id in &layer {
            closure.keep(id);
        }
        order.extend(layer);
    }
    // What no pointer leads to from the seeds.
    let mut rest: Vec<TypeId> = btf
        .ids()
        .filter(|&id| closure.kept(id) == Kept::Not && !btf.name(id).is_empty())
        .filter(|&id| {
            let ty = btf.ty(id);
            ty.composite().is_some()
                || ty.enumeration().is_some()
                || matches!(ty, Type::Typedef { .. })
        })
        .collect();
    by_popularity(&mut rest);
    order.extend(rest);
    order
}

/// How many members and parameters point to, or hold, each type.
fn popularity(btf: &Btf) -> HashMap<TypeId, u32> {
    let mut counts = HashMap::new();
    let mut count = |mut id: TypeId| {
        id = btf.skip_modifiers(id);
        while let Type::Ptr { target } = btf.ty(id) {
            id = btf.skip_modifiers(target);
        }
        *counts.entry(btf.resolve(id)).or_insert(0) += 1;
    };
    for id in btf.ids() {
        match btf.ty(id) {
            Type::Struct(composite) | Type::Union(composite) => {
                composite.members().for_each(|member| count(member.ty));
            }
            Type::FuncProto(proto) => proto.params().for_each(|param| count(param.ty)),
            _ => {}
        }
    }
    counts
}
