//! Rules that every entry of the catalogue keeps, and its agreement with the measured tables.

use std::collections::{BTreeMap, HashSet};

use skep_abi::{ArgType, CallKind, CallSpec, KernelVersion, Permit, ProgType};
use skep_calls::{SurfaceKind, calls, surface};

const TABLE_6_18: &str = include_str!("../../../../facts/helper-by-prog-type-6.18.44.tsv");
const TABLE_6_19: &str = include_str!("../../../../facts/helper-by-prog-type-6.19.14.tsv");

fn id_of(spec: &CallSpec) -> Option<u32> {
    match spec.kind {
        CallKind::Helper(id) => Some(id),
        CallKind::Kfunc => None,
    }
}

/// The program type of a column such as `KPROBE.s(uprobe)` or `TRACING:raw_tp`.
pub(crate) fn prog_type_of(column: &str) -> ProgType {
    let name = column.split([':', '.', '(']).next().unwrap().to_lowercase();
    let name = if name == "raw_tp_writable" { "raw_tracepoint_writable" } else { name.as_str() };
    *ProgType::ALL.iter().find(|prog| prog.name() == name).unwrap_or_else(|| panic!("{column}"))
}

/// What one kernel said to each program type, by helper number: the best answer of all ways to load the type.
fn measured(table: &str) -> BTreeMap<u32, BTreeMap<ProgType, Permit>> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    // The column of sleepable fentry says yes to all 211 helpers: its loader never asked the kernel.
    let is_column = |name: &&str| !matches!(*name, "helper" | "kfunc" | "id" | "TRACING:fentry.s");
    let mut rows = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let id = match head.iter().position(|name| *name == "id") {
            Some(at) => cells[at].parse().unwrap(),
            None => cells[0].trim_start_matches('h').parse().unwrap(),
        };
        let row: &mut BTreeMap<ProgType, Permit> = rows.entry(id).or_default();
        for (column, cell) in head.iter().zip(&cells).filter(|(column, _)| is_column(column)) {
            let best = row.entry(prog_type_of(column)).or_insert(Permit::Denied);
            match *cell {
                "Y" => *best = Permit::Allowed,
                "x" if *best == Permit::Denied => *best = Permit::Unsupported,
                // `s` is only for sleepable programs, which no call of ours is.
                "x" | "-" | "s" => {}
                other => panic!("{column} {id}: {other}"),
            }
        }
    }
    rows
}

#[test]
fn names_and_numbers_are_unique() {
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    for call in calls() {
        let family = call.spec.name.trim_start_matches('_').split('_').next();
        assert!(matches!(family, Some("bpf" | "scx")), "{}", call.spec.name);
        assert!(names.insert(call.spec.name), "{} is declared twice", call.spec.name);
        if let Some(id) = id_of(&call.spec) {
            assert!(ids.insert(id), "{} has a number that is taken", call.spec.name);
            assert!(std::ptr::eq(skep_calls::helper(id).unwrap(), call));
        }
        assert!(std::ptr::eq(skep_calls::by_name(call.spec.name).unwrap(), call));
    }
    assert!(skep_calls::helper(0).is_none());
    assert!(skep_calls::helper(u32::MAX).is_none());
    assert!(skep_calls::by_name("bpf_no_such_call").is_none());
}

#[test]
fn every_entry_is_documented_in_one_sentence_and_a_contract() {
    for call in calls() {
        let first = call.spec.doc.split("\n\n").next().unwrap();
        assert!(first.len() > 20, "{}: {first}", call.spec.name);
        assert!(first.contains('.'), "{}: {first}", call.spec.name);
        assert!(call.spec.file.ends_with(".rs") && call.spec.line > 0, "{}", call.spec.name);
        let named = call.spec.arg_names.len();
        assert_eq!(named, call.spec.args.len(), "{}", call.spec.name);
    }
}

#[test]
fn availability_is_what_was_measured_on_6_18_and_6_19() {
    let kernels =
        [(TABLE_6_18, KernelVersion::new(6, 18)), (TABLE_6_19, KernelVersion::new(6, 19))];
    let mut wrong = Vec::new();
    for (table, version) in kernels {
        let measured = measured(table);
        for call in calls().filter(|call| id_of(&call.spec).is_some()) {
            let Some(row) = id_of(&call.spec).and_then(|id| measured.get(&id)) else {
                wrong.push(format!("{version}: no row for {}", call.spec.name));
                continue;
            };
            for (prog, theirs) in row {
                let mut ours = call.spec.permit(*prog, version);
                if version.minor == 18 && ours == Permit::Unsupported {
                    // The table of 6.18 does not tell what is listed but unsupported from what is allowed.
                    ours = Permit::Allowed;
                }
                if ours != *theirs {
                    let prog = prog.name();
                    wrong.push(format!(
                        "{version} {prog} {}: {ours:?}, not {theirs:?}",
                        call.spec.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_could_make_a_call_before_it_existed() {
    for call in calls() {
        for prog in ProgType::ALL {
            if let Some(since) = call.spec.since(*prog) {
                assert!(since >= call.spec.since && since >= prog.since(), "{}", call.spec.name);
            }
        }
    }
}

#[test]
fn prototypes_licences_and_releases_are_those_of_the_surface_table() {
    let mut compared = 0;
    for row in surface() {
        let Some(call) = skep_calls::by_name(row.name) else { continue };
        let spec = &call.spec;
        assert_eq!(row.kind == SurfaceKind::Helper, id_of(spec).is_some(), "{}", row.name);
        assert_eq!(spec.needs_gpl(ProgType::PerfEvent), row.gpl_only, "{}", row.name);
        assert_eq!(spec.since, row.since, "{}", row.name);
        compared += 1;
        if row.kind == SurfaceKind::Kfunc {
            // Its flags and its C prototype have tests of their own.
            continue;
        }
        // Where the table could not read the prototype, it is tested against the running kernel alone.
        if matches!(row.name, "bpf_probe_read" | "bpf_probe_read_str" | "bpf_get_func_ip") {
            assert_eq!(row.prototype, "()", "{}", row.name);
            continue;
        }
        let args = spec.args.iter().filter(|arg| **arg != ArgType::DontCare);
        let ours: Vec<&str> = args.map(ArgType::kernel_name).collect();
        assert_eq!(format!("({})", ours.join(", ")), row.prototype, "{}", row.name);
        let ret = row.flags.trim_start_matches("might_sleep ");
        assert_eq!(spec.ret.kernel_name(), ret, "{}", row.name);
        assert_eq!(spec.might_sleep, row.flags.contains("might_sleep"), "{}", row.name);
    }
    let is_listed = |name| surface().iter().any(|row| row.name == name);
    let outside = calls().filter(|call| !call.spec.names().any(is_listed));
    assert_eq!(compared, calls().count() - outside.count());
}

#[test]
fn releases_that_were_read_in_the_sources() {
    // (call, program type, first release): a change of a table each.
    for (name, prog, since) in [
        ("bpf_get_current_pid_tgid", ProgType::Xdp, (6, 10)),
        ("bpf_get_current_pid_tgid", ProgType::CgroupSock, (5, 7)),
        ("bpf_get_current_comm", ProgType::SchedCls, (6, 16)),
        ("bpf_get_attach_cookie", ProgType::PerfEvent, (5, 15)),
        ("bpf_get_attach_cookie", ProgType::RawTracepoint, (6, 10)),
        ("bpf_get_attach_cookie", ProgType::Lsm, (5, 19)),
        ("bpf_probe_read_kernel", ProgType::Xdp, (5, 8)),
        ("bpf_probe_read_kernel", ProgType::Kprobe, (5, 5)),
        ("bpf_ktime_get_tai_ns", ProgType::PerfEvent, (6, 1)),
        ("bpf_get_stackid", ProgType::PerfEvent, (4, 9)),
        ("bpf_get_stackid", ProgType::Kprobe, (4, 6)),
        ("bpf_map_lookup_elem", ProgType::Netfilter, (6, 4)),
    ] {
        let call = skep_calls::by_name(name).unwrap();
        let since = KernelVersion::new(since.0, since.1);
        assert_eq!(call.spec.since(prog), Some(since), "{name} {}", prog.name());
    }
    let coarse = skep_calls::by_name("bpf_ktime_get_coarse_ns").unwrap().spec;
    let at = |minor| coarse.permit(ProgType::PerfEvent, KernelVersion::new(5, minor));
    assert_eq!((at(10), at(11)), (Permit::Denied, Permit::Allowed));
    assert_eq!((at(15), at(16)), (Permit::Allowed, Permit::Denied));
}
