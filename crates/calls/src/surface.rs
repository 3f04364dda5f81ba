//! Every call that a perf_event program is documented to have, whether skep implements it or not.
//!
//! The rows are measured facts (`facts/call-surface.tsv`): 75 helpers and 180 kfuncs of Linux 6.19.

use std::sync::LazyLock;

use skep_abi::KernelVersion;

/// The table as it was measured.
const TABLE: &str = include_str!("../../../facts/call-surface.tsv");

/// Helper or kfunc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SurfaceKind {
    /// Called by number.
    Helper,
    /// Called by name.
    Kfunc,
}

/// One documented call.
#[derive(Clone, Copy, Debug)]
pub struct SurfaceRow {
    /// Helper or kfunc.
    pub kind: SurfaceKind,
    /// Full kernel name.
    pub name: &'static str,
    /// The release that brought it.
    pub since: KernelVersion,
    /// What it is about, such as `probe read`.
    pub category: &'static str,
    /// Kfunc flags of 6.19; of a helper, its return type and whether it might sleep.
    pub flags: &'static str,
    /// Whether the program's licence must be GPL-compatible.
    pub gpl_only: bool,
    /// What it does, in a line.
    pub semantics: &'static str,
    /// What 6.18.44 says to a perf_event program that makes the call, such as `allowed`.
    pub perf_event_6_18: &'static str,
    /// What 6.19.14 says.
    pub perf_event_6_19: &'static str,
    /// The kernel's prototype; `()` also where it could not be read.
    pub prototype: &'static str,
}

impl SurfaceRow {
    /// Tells whether skep implements the call.
    #[must_use]
    pub fn implemented(&self) -> bool {
        crate::by_name(self.name).is_some()
    }
}

/// All documented calls, helpers first, each kind by name.
///
/// # Panics
/// Never: the table is part of the build, and a test reads all of it.
pub fn surface() -> &'static [SurfaceRow] {
    static ROWS: LazyLock<Vec<SurfaceRow>> =
        LazyLock::new(|| parse(TABLE).expect("the built-in table is tested to be well-formed"));
    &ROWS
}

fn parse(table: &'static str) -> Result<Vec<SurfaceRow>, String> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
    let column = |name: &str| {
        head.iter().position(|c| *c == name).ok_or_else(|| format!("no column {name}"))
    };
    let columns = [
        "kind",
        "name",
        "since",
        "category",
        "flags_6.19",
        "gpl_only",
        "semantics",
        "perf_event_on_6.18.44",
        "perf_event_on_6.19.14",
        "prototype",
    ];
    let places = columns.into_iter().map(column).collect::<Result<Vec<_>, _>>()?;
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let mut values = [""; 10];
            for (value, place) in values.iter_mut().zip(&places) {
                *value = cells.get(*place).ok_or_else(|| format!("short row: {line}"))?;
            }
            row(values).ok_or_else(|| format!("malformed row: {line}"))
        })
        .collect()
}

fn row(values: [&'static str; 10]) -> Option<SurfaceRow> {
    let [kind, name, since, category, flags, gpl, semantics, on_6_18, on_6_19, prototype] = values;
    Some(SurfaceRow {
        kind: match kind {
            "helper" => SurfaceKind::Helper,
            "kfunc" => SurfaceKind::Kfunc,
            _ => return None,
        },
        name,
        since: KernelVersion::from_release(since.trim_start_matches('v'))?,
        category,
        flags,
        gpl_only: match gpl {
            "yes" => true,
            "no" => false,
            _ => return None,
        },
        semantics,
        perf_event_6_18: on_6_18,
        perf_event_6_19: on_6_19,
        prototype,
    })
}

#[cfg(test)]
mod tests {
    use super::{SurfaceKind, TABLE, parse, surface};

    #[test]
    fn the_table_has_75_helpers_and_180_kfuncs() {
        let rows = parse(TABLE).unwrap();
        let helpers = rows.iter().filter(|row| row.kind == SurfaceKind::Helper).count();
        assert_eq!((helpers, rows.len() - helpers), (75, 180));
        assert!(rows.iter().all(|row| !row.name.is_empty() && !row.semantics.is_empty()));
    }

    #[test]
    fn rows_say_whether_skep_implements_them() {
        let implemented =
            |name| surface().iter().find(|row| row.name == name).unwrap().implemented();
        assert!(implemented("bpf_map_lookup_elem"));
        assert!(implemented("bpf_cpumask_create") && !implemented("bpf_key_put"));
        let count = surface().iter().filter(|row| row.implemented()).count();
        let outside = crate::calls()
            .filter(|call| {
                !call.spec.names().any(|name| surface().iter().any(|row| row.name == name))
            })
            .map(|call| call.spec.name)
            .collect::<Vec<_>>();
        assert_eq!(count, crate::calls().count() - outside.len());
    }
}
