//! What Linux offers to programs: the catalogue of implemented calls, and measured facts about all others.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use skep_abi::{CallKind, KernelVersion, Permit, ProgType};
use skep_calls::{SurfaceKind, SurfaceRow};

/// One helper a row, with its number and `Y` where a program type may call it; measured on 6.18.
const HELPERS: &str = include_str!("../../../facts/helper-by-prog-type-6.18.44.tsv");
/// The same for kfuncs, which have no number; measured on 6.19.
const KFUNCS: &str = include_str!("../../../facts/kfunc-by-prog-type-6.19.14.tsv");

/// Later than any release.
const NEWEST: KernelVersion = KernelVersion::new(u8::MAX, u8::MAX);

/// A helper or kfunc as `skep list` shows it.
#[derive(Clone, Debug)]
pub(crate) struct CallRow {
    pub(crate) name: &'static str,
    /// Of helpers.
    pub(crate) id: Option<u32>,
    /// The first release that has it; for one program type, the first in which that may call it.
    pub(crate) since: KernelVersion,
    pub(crate) category: &'static str,
    pub(crate) flags: &'static str,
    pub(crate) gpl_only: bool,
    pub(crate) implemented: bool,
    pub(crate) summary: &'static str,
}

/// The helpers or kfuncs that `kernel` has and `prog_type` may call, by name.
pub(crate) fn calls(
    kind: SurfaceKind,
    kernel: Option<KernelVersion>,
    prog_type: Option<ProgType>,
) -> Vec<CallRow> {
    let facts = match kind {
        SurfaceKind::Helper => &HELPER_FACTS,
        SurfaceKind::Kfunc => &KFUNC_FACTS,
    };
    let mut rows: Vec<CallRow> = skep_calls::surface()
        .iter()
        .filter(|row| row.kind == kind)
        .map(|row| known(row, facts))
        .collect();
    for call in skep_calls::calls() {
        let spec = &call.spec;
        let is_helper = matches!(spec.kind, CallKind::Helper(_));
        if is_helper == (kind == SurfaceKind::Helper)
            && !rows.iter().any(|row| row.name == spec.name)
        {
            rows.push(implemented(call));
        }
    }
    rows.retain_mut(|row| {
        if let Some(prog_type) = prog_type {
            let Some(since) = since_for(row, prog_type, kernel, facts) else { return false };
            row.since = since;
        }
        kernel.is_none_or(|kernel| row.since <= kernel)
    });
    rows.sort_by_key(|row| row.name);
    rows
}

fn known(row: &SurfaceRow, facts: &Facts) -> CallRow {
    CallRow {
        name: row.name,
        id: facts.names.iter().find(|(_, name)| **name == row.name).map(|(id, _)| *id),
        since: row.since,
        category: row.category,
        flags: row.flags,
        gpl_only: row.gpl_only,
        implemented: row.implemented(),
        summary: row.semantics,
    }
}

/// A call that is in the catalogue alone.
fn implemented(call: &skep_calls::Call) -> CallRow {
    let spec = &call.spec;
    CallRow {
        name: spec.name,
        id: match spec.kind {
            CallKind::Helper(id) => Some(id),
            CallKind::Kfunc => None,
        },
        since: spec.since,
        category: "",
        flags: "",
        gpl_only: spec.gpl_only,
        implemented: true,
        summary: spec.doc.trim().lines().next().unwrap_or_default(),
    }
}

/// The release since which a program type may make a call that `kernel` lets it make, the newest release where
/// none is given: the catalogue's answer, else by measurement.
fn since_for(
    row: &CallRow,
    prog_type: ProgType,
    kernel: Option<KernelVersion>,
    facts: &Facts,
) -> Option<KernelVersion> {
    if let Some(call) = skep_calls::by_name(row.name) {
        let permit = call.spec.permit(prog_type, kernel.unwrap_or(NEWEST));
        return call.spec.since(prog_type).filter(|_| permit == Permit::Allowed);
    }
    let may_call = facts.callers.get(row.name)?.contains(&prog_type);
    may_call.then(|| row.since.max(prog_type.since()))
}

/// What a table of facts says.
struct Facts {
    /// Names by number.
    names: BTreeMap<u32, &'static str>,
    /// Program types that may make a call, by its name; also those that may in sleepable programs only.
    callers: BTreeMap<&'static str, Vec<ProgType>>,
}

static HELPER_FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::read(HELPERS, true));
static KFUNC_FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::read(KFUNCS, false));

impl Facts {
    fn read(table: &'static str, numbered: bool) -> Self {
        let (mut names, mut callers) = (BTreeMap::new(), BTreeMap::new());
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let first = if numbered { 2 } else { 1 };
        let columns: Vec<Option<ProgType>> =
            lines.next().unwrap_or_default().split('\t').skip(first).map(column).collect();
        for line in lines {
            let mut cells = line.split('\t');
            let Some(name) = cells.next() else { continue };
            if let (true, Some(id)) = (numbered, cells.next()) {
                // Every row of the table has one: a test counts them.
                names.extend(id.parse().ok().map(|id: u32| (id, name)));
            }
            let may = cells.zip(&columns).filter(|(cell, _)| matches!(*cell, "Y" | "s"));
            let mut types: Vec<ProgType> = may.filter_map(|(_, column)| *column).collect();
            types.dedup();
            callers.insert(name, types);
        }
        Self { names, callers }
    }
}

/// The program type of a column: `PERF_EVENT`, `TRACING:raw_tp`, `KPROBE.s(uprobe)`.
fn column(heading: &str) -> Option<ProgType> {
    let name = heading.split([':', '.']).next()?.to_ascii_lowercase();
    let name = if name == "raw_tp_writable" { "raw_tracepoint_writable" } else { &name };
    ProgType::ALL.iter().copied().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_211_helpers_have_numbers() {
        assert_eq!(HELPER_FACTS.names.len(), 211);
        for (id, name) in &HELPER_FACTS.names {
            assert_eq!(skep_calls::helper_name(*id), Some(*name));
        }
    }

    #[test]
    fn every_column_of_the_facts_is_a_program_type() {
        for (table, skipped) in [(HELPERS, 2), (KFUNCS, 1)] {
            for heading in table.lines().next().unwrap().split('\t').skip(skipped) {
                assert!(column(heading).is_some(), "{heading}");
            }
        }
    }

    #[test]
    fn narrowing_never_adds_a_call() {
        let names = |kernel, prog_type| -> Vec<&str> {
            calls(SurfaceKind::Helper, kernel, prog_type).iter().map(|row| row.name).collect()
        };
        let all = names(None, None);
        let old = names(Some(KernelVersion::new(4, 9)), Some(ProgType::PerfEvent));
        assert!(all.len() >= 75 && !old.is_empty() && old.len() < all.len());
        assert!(old.iter().all(|name| all.contains(name)));
        assert!(old.contains(&"bpf_get_stackid"));
        assert!(!old.contains(&"bpf_ringbuf_output"));
    }
}
