//! What the kernel can do, as probing tells.

use skep_abi::{KernelVersion, MapType, ProgType};
use skep_host::probe::{self, Support};

use crate::ask::{may_ask, profile};

/// Everything that the release has by its number is found, unless the kernel was built without it; nothing newer is.
#[test]
fn types_are_found_from_the_release_on_that_brought_them() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let mut found = Vec::new();
    for &kind in MapType::ALL {
        let probed = probe::map_type(kind);
        if kind.since() > profile.version {
            assert_eq!(probed.support, Support::No, "{kind:?}: {probed}");
        }
        found.push((kind.name(), probed.is_yes(), probed.how));
    }
    for &kind in ProgType::ALL.iter().filter(|&&kind| kind != ProgType::Unspec) {
        let probed = probe::program_type(kind);
        if kind.since() > profile.version {
            assert_eq!(probed.support, Support::No, "{kind:?}: {probed}");
        }
        found.push((kind.name(), probed.is_yes(), probed.how));
    }
    // What every kernel with bpf(2) of this decade has.
    let certain = ["hash", "array", "prog_array", "perf_event_array", "ringbuf", "stack_trace"];
    for name in certain.into_iter().chain(["socket_filter", "perf_event", "syscall", "xdp"]) {
        let yes = found.iter().find(|(found, ..)| *found == name).is_some_and(|(_, yes, _)| *yes);
        assert!(yes || profile.version < KernelVersion::new(5, 14), "{name}: {found:?}");
    }
    let lacking: Vec<_> = found.iter().filter(|(_, yes, _)| !yes).collect();
    println!("not found: {lacking:#?}");
    assert!(lacking.len() <= 8, "{lacking:#?}");
}

#[test]
fn calls_are_found_by_program_type() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let helper = |prog_type, number| probe::helper(prog_type, number);
    // map_lookup_elem everywhere; perf_prog_read_value in perf_event programs alone; 9999 nowhere.
    assert!(helper(ProgType::SocketFilter, 1).is_yes());
    assert!(helper(ProgType::PerfEvent, 56).is_yes());
    assert_eq!(helper(ProgType::SocketFilter, 56).support, Support::No);
    assert_eq!(helper(ProgType::PerfEvent, 9999).support, Support::No);
    assert_eq!(helper(ProgType::Tracing, 1).support, Support::Unknown);
    let kfunc = |prog_type, name| probe::kfunc(prog_type, &profile.btf, name);
    if profile.version >= KernelVersion::new(6, 3) {
        let found = kfunc(ProgType::Syscall, "bpf_cpumask_create");
        assert!(found.is_yes(), "{found}");
        assert_eq!(kfunc(ProgType::SocketFilter, "bpf_cpumask_create").support, Support::No);
    }
    let none = kfunc(ProgType::Syscall, "no_such_kfunc");
    assert_eq!(none.to_string(), "no (the kernel's types have no function of this name)");
}

#[test]
fn settings_tell_how_they_were_found() {
    if !may_ask() {
        return;
    }
    let system = probe::System::read();
    assert!(system.perf_event_paranoid.is_some() && system.unprivileged_bpf_disabled.is_some());
    assert!(system.jit.support != Support::Unknown, "{}", system.jit);
    assert!(probe::links().is_yes() || !probe::memory_accounting().is_yes());
    assert!(!probe::links().how.is_empty());
}
