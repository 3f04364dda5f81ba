//! Whole objects.

use skep_abi::ProgType;
use skep_host::{HostObject, LoadOptions, NotLoaded, PerfEvent, Target, Wanted};

use crate::ask::{busy_until, cpu_clock, may_ask, own_object, profile};

#[test]
fn our_own_objects_load_whole() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    for name in ["profile.bpf.o", "ips.bpf.o", "stacks.bpf.o", "task.bpf.o"] {
        let resolved = own_object(&profile, name);
        let loaded = HostObject::load(&resolved, &LoadOptions::default());
        assert!(loaded.is_complete(&resolved), "{name}: {:?}", loaded.programs());
        for (map, spec) in loaded.maps().iter().flatten().zip(&resolved.maps) {
            let is_typed = spec.key_type.is_some() || spec.value_type.is_some();
            assert_eq!(map.has_types(), is_typed && map.takes_types(), "{name} {}", map.name());
        }
    }
}

#[test]
fn only_the_programs_that_were_named_are_loaded() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let resolved = own_object(&profile, "stacks.bpf.o");
    let options = LoadOptions { wanted: Wanted::Named(&["nobody"]), ..LoadOptions::default() };
    let loaded = HostObject::load(&resolved, &options);
    assert_eq!(loaded.program(skep_object::ProgIdx(0)).unwrap_err(), &NotLoaded::Unwanted);
    assert!(loaded.is_complete(&resolved), "what nobody asked for is not missing");
}

#[test]
fn a_rejected_program_carries_the_verifiers_words_and_does_not_stop_the_others() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let mut resolved = own_object(&profile, "stacks.bpf.o");
    let mut second = resolved.programs[0].clone();
    second.name = "second".into();
    second.insns = skep_isa::assemble("r0 = *(u64 *)(r1 +4096)\nexit").unwrap();
    (second.funcs, second.lines) = (Vec::new(), Vec::new());
    resolved.programs.insert(0, second);
    let loaded = HostObject::load(&resolved, &LoadOptions::default());
    assert!(!loaded.is_complete(&resolved));
    let [Err(NotLoaded::Rejected(verdict)), Ok(program)] = loaded.programs() else {
        panic!("{:?}", loaded.programs())
    };
    assert_eq!(verdict.last_message(), "invalid bpf_context access off=4096 size=8");
    assert_eq!(program.prog_type(), ProgType::PerfEvent);
    assert_eq!(
        loaded.programs()[0].as_ref().unwrap_err().to_string(),
        "the verifier rejects it: -EACCES (-13): invalid bpf_context access off=4096 size=8"
    );
}

#[test]
fn a_loaded_profiler_fills_its_tables() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let resolved = own_object(&profile, "stacks.bpf.o");
    let loaded = HostObject::load(&resolved, &LoadOptions::default());
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    event.set_bpf(loaded.program_named("count_stack").unwrap()).unwrap();
    event.enable().unwrap();
    let counts = loaded.map_named("counts").unwrap();
    let total = || -> u64 {
        counts.entries().unwrap().iter().map(|(_, value)| crate::ask::word(value)).sum()
    };
    assert!(busy_until(|| total() > 10));
    event.disable().unwrap();
    let stacks = loaded.map_named("stackmap").unwrap();
    for (key, _) in counts.entries().unwrap() {
        let user = i32::from_ne_bytes(key[20..24].try_into().unwrap());
        if user >= 0 {
            let stack = stacks.lookup(&user.to_ne_bytes()).unwrap().unwrap();
            assert_ne!(crate::ask::word(&stack[..8]), 0);
        }
    }
    assert!(!stacks.keys().unwrap().is_empty());
}
