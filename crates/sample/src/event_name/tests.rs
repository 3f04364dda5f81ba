use std::fs;
use std::path::Path;

use super::*;

fn parse(name: &str) -> (u32, u64) {
    let event = EventSpec::parse_from(name, &nowhere()).unwrap_or_else(|e| panic!("{name}: {e}"));
    (event.kind, event.config)
}

fn nowhere() -> EventSource {
    EventSource { pmus: "/nowhere".into(), tracefs: vec!["/nowhere".into()] }
}

fn refusal(name: &str) -> EventNameError {
    EventSpec::parse_from(name, &nowhere()).expect_err(name)
}

#[test]
fn names_have_the_numbers_of_the_kernels_header() {
    let rows = [
        ("cycles", 0, 0),
        ("cpu-cycles", 0, 0),
        ("instructions", 0, 1),
        ("cache-references", 0, 2),
        ("cache-misses", 0, 3),
        ("branches", 0, 4),
        ("branch-misses", 0, 5),
        ("bus-cycles", 0, 6),
        ("stalled-cycles-frontend", 0, 7),
        ("stalled-cycles-backend", 0, 8),
        ("ref-cycles", 0, 9),
        ("cpu-clock", 1, 0),
        ("task-clock", 1, 1),
        ("page-faults", 1, 2),
        ("faults", 1, 2),
        ("context-switches", 1, 3),
        ("cs", 1, 3),
        ("cpu-migrations", 1, 4),
        ("minor-faults", 1, 5),
        ("major-faults", 1, 6),
        ("alignment-faults", 1, 7),
        ("emulation-faults", 1, 8),
        ("dummy", 1, 9),
        ("bpf-output", 1, 10),
        ("cgroup-switches", 1, 11),
        ("L1-dcache-load-misses", 3, 0x10000),
        ("L1-dcache-loads", 3, 0),
        ("L1-dcache-stores", 3, 0x100),
        ("L1-dcache-prefetch-misses", 3, 0x10200),
        ("L1-icache-load-misses", 3, 0x10001),
        ("LLC-loads", 3, 2),
        ("LLC-load-misses", 3, 0x10002),
        ("LLC-store-misses", 3, 0x10102),
        ("LLC-prefetches", 3, 0x202),
        ("dTLB-load-misses", 3, 0x10003),
        ("iTLB-loads", 3, 4),
        ("branch-load-misses", 3, 0x10005),
        ("branch-loads", 3, 5),
        ("node-store-misses", 3, 0x10106),
        ("node-prefetch-misses", 3, 0x10206),
        ("l1d-misses", 3, 0x10000),
        ("llc-miss-load", 3, 0x10002),
        ("L2-speculative-read-miss", 3, 0x10202),
        ("r1a8", 4, 0x1a8),
        ("rFF", 4, 0xff),
    ];
    for (name, kind, config) in rows {
        assert_eq!(parse(name), (kind, config), "{name}");
    }
}

#[test]
fn every_cache_name_that_perf_lists_parses() {
    let (loads, stores) = (["loads", "load-misses"], ["stores", "store-misses"]);
    let prefetches = ["prefetches", "prefetch-misses"];
    let mut seen = std::collections::BTreeSet::new();
    for cache in ["L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node"] {
        for op in loads.iter().chain(&stores).chain(&prefetches) {
            let name = format!("{cache}-{op}");
            let possible = match cache {
                "L1-icache" => !stores.contains(op),
                "iTLB" | "branch" => loads.contains(op),
                _ => true,
            };
            if possible {
                assert!(seen.insert(parse(&name)), "{name} is the same as another");
            } else {
                assert!(matches!(refusal(&name), EventNameError::CacheOperation { .. }), "{name}");
            }
        }
    }
    assert_eq!(seen.len(), 4 * 6 + 4 + 2 + 2);
}

#[test]
fn modifiers_exclude_what_they_do_not_name() {
    let event = EventSpec::parse_from("cycles:uppD", &nowhere()).unwrap().modifiers;
    assert!(event.exclude_kernel && event.exclude_hv && !event.exclude_user && event.pinned);
    assert_eq!(event.precise, 2);
    let event = EventSpec::parse_from("cpu-clock:k", &nowhere()).unwrap().modifiers;
    assert!(event.exclude_user && !event.exclude_kernel);
    assert_eq!(
        EventSpec::parse_from("cycles", &nowhere()).unwrap().modifiers,
        Modifiers::default()
    );
    assert!(matches!(refusal("cycles:uz"), EventNameError::Modifier { bad: 'z', .. }));
    assert!(matches!(refusal("cycles:pppp"), EventNameError::Precision { .. }));
}

#[test]
fn breakpoints_have_address_length_and_access() {
    let event = EventSpec::parse_from("mem:0x1000", &nowhere()).unwrap();
    assert_eq!((event.kind, event.config_more, event.bp_type), (5, [0x1000, 4, 0], 3));
    let event = EventSpec::parse_from("mem:0x1000/8:w:u", &nowhere()).unwrap();
    assert_eq!((event.config_more, event.bp_type), ([0x1000, 8, 0], 2));
    assert!(event.modifiers.exclude_kernel);
    let event = EventSpec::parse_from("mem:4096:x", &nowhere()).unwrap();
    assert_eq!((event.config_more, event.bp_type), ([0x1000, 8, 0], 4));
    let event = EventSpec::parse_from("mem:4096:u", &nowhere()).unwrap();
    assert!(event.modifiers.exclude_kernel && event.bp_type == 3);
    for bad in
        ["mem:", "mem:main", "mem:0x1/3", "mem:0x1:rwx", "mem:0x1:w:u:u", "mem:0xfffffffffffffffff"]
    {
        assert!(matches!(refusal(bad), EventNameError::Breakpoint { .. }), "{bad}");
    }
}

#[test]
fn a_misspelt_event_is_told_its_neighbour() {
    assert_eq!(refusal("cylces").to_string(), "there is no event `cylces`; did you mean `cycles`?");
    assert_eq!(
        refusal("cpuclock:u").to_string(),
        "there is no event `cpuclock:u`; did you mean `cpu-clock:u`?"
    );
    assert!(refusal("r").to_string().starts_with("there is no event `r`"));
    assert!(matches!(refusal(""), EventNameError::Empty));
    assert!(matches!(refusal("r11112222333344445"), EventNameError::Unknown { .. }));
    assert!(matches!(refusal("sched:sched_switch"), EventNameError::NoTracefs { .. }));
    assert!(matches!(refusal("a:b c"), EventNameError::Unknown { .. }));
}

fn write(path: impl AsRef<Path>, text: &str) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A sysfs and a tracefs of our own.
fn published() -> (tempfile::TempDir, EventSource) {
    let root = tempfile::tempdir().unwrap();
    let pmus = root.path().join("devices");
    write(pmus.join("cpu/type"), "4\n");
    write(pmus.join("cpu/format/event"), "config:0-7,32-35\n");
    write(pmus.join("cpu/format/umask"), "config:8-15\n");
    write(pmus.join("cpu/format/ldlat"), "config1:0-15\n");
    write(pmus.join("cpu/format/inv"), "config:23\n");
    write(pmus.join("cpu/format/broken"), "config\n");
    write(pmus.join("cpu/events/mem-loads"), "event=0xcd,umask=0x1,ldlat=3\n");
    write(pmus.join("cpu/events/mem-loads.unit"), "x\n");
    write(pmus.join("msr/type"), "9\n");
    let tracefs = root.path().join("tracing");
    write(tracefs.join("events/sched/sched_switch/id"), "316\n");
    let source = EventSource { pmus, tracefs: vec!["/nowhere".into(), tracefs] };
    (root, source)
}

#[test]
fn pmu_terms_fill_the_bits_that_sysfs_names() {
    let (_root, source) = published();
    let event = EventSpec::parse_from("cpu/event=0x13c,umask=1,inv/u", &source).unwrap();
    assert_eq!((event.kind, event.config), (4, 0x1_0080_013c));
    assert!(event.modifiers.exclude_kernel);
    let event = EventSpec::parse_from("cpu/mem-loads,ldlat=30/", &source).unwrap();
    assert_eq!((event.config, event.config_more), (0x1cd, [30, 0, 0]));
    let event = EventSpec::parse_from("cpu/config=0xffffffffffffffff,config2=7/", &source).unwrap();
    assert_eq!((event.config, event.config_more), (u64::MAX, [0, 7, 0]));
    let event = EventSpec::parse_from("mem-loads", &source).unwrap();
    assert_eq!((event.kind, event.config, event.config_more), (4, 0x1cd, [3, 0, 0]));
}

#[test]
fn pmu_errors_say_what_there_is() {
    let (_root, source) = published();
    let error = |name: &str| EventSpec::parse_from(name, &source).expect_err(name).to_string();
    assert_eq!(error("gpu/event=1/"), "this machine has no PMU `gpu`; it has cpu, msr");
    assert_eq!(
        error("cpu/evnt=1/"),
        "PMU `cpu` has no term or event `evnt`; it has broken, event, inv, ldlat, umask, mem-loads"
    );
    assert_eq!(
        error("cpu/umask=0x100/"),
        "0x100 does not fit into term `umask` of PMU `cpu`, which has 8 bits"
    );
    assert!(error("cpu/event=1").contains("the second slash is missing"));
    assert!(error("cpu/event=1/u/").contains("more than two slashes"));
    assert!(error("cpu/event=z/").contains("is no number"));
    assert!(error("cpu/broken=1/").contains("does not read as WORD:BITS"));
    assert!(error("cpu/../../x=1/").contains("more than two slashes"));
    assert!(error("../x=1/").contains("no PMU"));
}

#[test]
fn tracepoints_are_known_by_their_id() {
    let (_root, source) = published();
    let event = EventSpec::parse_from("sched:sched_switch", &source).unwrap();
    assert_eq!((event.kind, event.config), (2, 316));
    let event = EventSpec::parse_from("sched:sched_switch:u", &source).unwrap();
    assert!(event.modifiers.exclude_kernel);
    let missing = EventSpec::parse_from("sched:sched_swich", &source).expect_err("misspelt");
    assert!(matches!(missing, EventNameError::NoSuchTracepoint { .. }));
}

#[test]
fn any_text_gives_an_event_or_an_error() {
    let (_root, source) = published();
    let pieces = [
        "cpu",
        "/",
        "=",
        ",",
        ":",
        "mem",
        "0x",
        "r",
        "-",
        "load",
        "\u{e9}",
        "u",
        "..",
        "0",
        "L1-dcache",
    ];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for d in pieces {
                    let _ = EventSpec::parse_from(&[a, b, c, d].concat(), &source);
                }
            }
        }
    }
}
