//! Cache events (`PERF_TYPE_HW_CACHE`): a cache, an operation, a result, with perf's many spellings.

use perf_event_open_sys::bindings as sys;

type Spellings = (&'static [&'static str], u64);

/// Caches; spellings that begin another one come after it.
const CACHES: [Spellings; 7] = [
    (&["L1-dcache", "l1-d", "l1d", "L1-data"], 0),
    (&["L1-icache", "l1-i", "l1i", "L1-instruction"], 1),
    (&["LLC", "L2"], 2),
    (&["dTLB", "d-tlb", "Data-TLB"], 3),
    (&["iTLB", "i-tlb", "Instruction-TLB"], 4),
    (&["branches", "branch", "bpu", "btb", "bpc"], 5),
    (&["node"], 6),
];

const OPERATIONS: [Spellings; 3] = [
    (&["load", "loads", "read"], 0),
    (&["store", "stores", "write"], 1),
    (&["prefetch", "prefetches", "speculative-read", "speculative-load"], 2),
];

const RESULTS: [Spellings; 2] =
    [(&["refs", "Reference", "ops", "access"], 0), (&["misses", "miss"], 1)];

/// The operations that each cache has, as bits: instruction caches are not written, instruction TLBs and branch
/// predictors only read.
const POSSIBLE: [u64; 7] = [0b111, 0b101, 0b111, 0b111, 0b001, 0b001, 0b111];

/// The type and number of a name.
pub(super) fn find(name: &str) -> Option<(u32, u64)> {
    parse(name)
        .filter(|(cache, op, _)| is_possible(*cache, *op))
        .map(|(cache, op, result)| (sys::PERF_TYPE_HW_CACHE, cache | op << 8 | result << 16))
}

/// Tells whether a name reads as a cache event that cannot be.
pub(super) fn is_refused(name: &str) -> bool {
    parse(name).is_some_and(|(cache, op, _)| !is_possible(cache, op))
}

fn is_possible(cache: u64, op: u64) -> bool {
    POSSIBLE.get(cache as usize).is_some_and(|ops| ops >> op & 1 != 0)
}

fn parse(name: &str) -> Option<(u64, u64, u64)> {
    let (cache, mut rest) = CACHES.iter().find_map(|(spellings, cache)| {
        let rest = spellings.iter().find_map(|spelling| after(name, spelling))?;
        Some((*cache, rest))
    })?;
    let (mut op, mut result) = (None, None);
    while !rest.is_empty() {
        rest = rest.strip_prefix('-')?;
        if let Some((found, after)) = take(rest, &OPERATIONS).filter(|_| op.is_none()) {
            (op, rest) = (Some(found), after);
        } else {
            let (found, after) = take(rest, &RESULTS).filter(|_| result.is_none())?;
            (result, rest) = (Some(found), after);
        }
    }
    // A bare cache name is no event, as perf has it; a missing half means loads, and accesses.
    (op.is_some() || result.is_some()).then(|| (cache, op.unwrap_or(0), result.unwrap_or(0)))
}

/// The longest spelling that the text begins with and that ends at a dash or the text's end.
fn take<'a>(text: &'a str, table: &[Spellings]) -> Option<(u64, &'a str)> {
    table.iter().find_map(|(spellings, number)| {
        let rests = spellings.iter().filter_map(|spelling| after(text, spelling));
        rests.min_by_key(|rest| rest.len()).map(|rest| (*number, rest))
    })
}

fn after<'a>(text: &'a str, spelling: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(spelling.len())?;
    let ends = rest.is_empty() || rest.starts_with('-');
    (ends && head.eq_ignore_ascii_case(spelling)).then_some(rest)
}
