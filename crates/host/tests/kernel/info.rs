//! What the kernel tells about what it holds.

use std::os::fd::AsRawFd;
use std::time::Duration;

use skep_abi::{Errno, MapType, ProgType};
use skep_btf::{Btf, Kind as BtfKind};
use skep_host::{
    BtfInfo, HostObject, Kind, Link, LoadOptions, LoadedProgram, PerfEvent, PerfEventAttr, Target,
    TestRun, Tracefs, ids, measure_runs, task_fd,
};

use crate::ask::{COUNTS, counter, load, map, may_ask, own_object, profile, soon};

#[test]
fn programs_and_maps_are_told_by_id_until_they_go() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::SocketFilter, COUNTS, &[&map]).unwrap();
    let info = program.info().unwrap();
    assert_eq!(info.prog_type, Some(ProgType::SocketFilter));
    assert_eq!((info.name.as_str(), info.gpl_compatible), ("tested", true));
    assert_eq!(info.maps, [map.info().unwrap().id]);
    assert_eq!(info.verified_insns, 5);
    // The value's address is the kernel's now, in two slots, and `exit` ends the program.
    assert_eq!((info.insns.len(), info.insns[5]), (6, [0x95, 0, 0, 0, 0, 0, 0, 0]));
    assert!(ids(Kind::Programs).unwrap().contains(&info.id));
    assert!(ids(Kind::Maps).unwrap().contains(&info.maps[0]));
    assert_eq!(LoadedProgram::by_id(info.id).unwrap().info().unwrap().tag, info.tag);
    drop((program, map));
    assert!(soon(|| !ids(Kind::Programs).unwrap().contains(&info.id)));
    assert!(soon(|| !ids(Kind::Maps).unwrap().contains(&info.maps[0])));
    assert_eq!(LoadedProgram::by_id(info.id).unwrap_err().errno, Errno::ENOENT);
}

#[test]
fn types_of_a_loaded_object_are_read_back() {
    if !may_ask() {
        return;
    }
    let Some(profile) = profile() else { return };
    let resolved = own_object(&profile, "stacks.bpf.o");
    let loaded = HostObject::load(&resolved, &LoadOptions::default());
    let info = loaded.program_named("count_stack").unwrap().info().unwrap();
    let types = BtfInfo::by_id(info.btf).unwrap();
    assert!(!types.is_kernel);
    let btf = Btf::parse(&types.bytes).unwrap();
    assert!(btf.find("stack_key", BtfKind::Struct).is_some());
    let counts = loaded.map_named("counts").unwrap().info().unwrap();
    assert_eq!(counts.btf.0, info.btf);
    assert_eq!(btf.name(skep_btf::TypeId(counts.btf.1)), "stack_key");
    let vmlinux = ids(Kind::Btf).unwrap()[0];
    let vmlinux = BtfInfo::by_id(vmlinux).unwrap();
    assert_eq!((vmlinux.name.as_str(), vmlinux.is_kernel), ("vmlinux", true));
}

#[test]
fn runs_are_measured_as_long_as_somebody_asks() {
    if !may_ask() {
        return;
    }
    let program = load(ProgType::SocketFilter, "r0 = 0\nexit", &[]).unwrap();
    let held = match measure_runs() {
        Ok(held) => held,
        Err(refused) => return skep_skip::skipped!("{refused}"),
    };
    let run = TestRun { data: &[0; 64], repeat: 1000, ..TestRun::default() };
    program.test_run(&run).unwrap();
    let info = program.info().unwrap();
    drop(held);
    assert_eq!(info.run_count, 1000);
    assert!(info.run_time > Duration::ZERO);
}

#[test]
fn what_a_descriptor_runs_is_told_for_tracepoints_only() {
    if !may_ask() {
        return;
    }
    let pid = std::process::id();
    let program = load(ProgType::RawTracepoint, "r0 = 0\nexit", &[]).unwrap();
    let link = Link::raw_tracepoint(&program, "sched_switch", 0).unwrap();
    let fd = std::os::fd::AsFd::as_fd(&link).as_raw_fd().cast_unsigned();
    let told = task_fd(pid, fd).unwrap();
    assert_eq!((told.program, told.name.as_str()), (program.info().unwrap().id, "sched_switch"));
    if let Ok(id) = Tracefs::open().and_then(|tracefs| tracefs.id("sched", "sched_switch")) {
        let attr = PerfEventAttr { type_: 2, config: id, ..PerfEventAttr::default() };
        let event = PerfEvent::open(&attr, Target::ThisThread, None).unwrap();
        let fd = std::os::fd::AsFd::as_fd(&event).as_raw_fd().cast_unsigned();
        assert_eq!(task_fd(pid, fd).unwrap_err().errno, Errno::ENOENT);
        let program = load(ProgType::Tracepoint, "r0 = 0\nexit", &[]).unwrap();
        event.set_bpf(&program).unwrap();
        assert_eq!(task_fd(pid, fd).unwrap().name, "sched_switch");
    }
    let event = PerfEvent::open(&crate::ask::cpu_clock(), Target::ThisThread, None).unwrap();
    let sampled = load(ProgType::PerfEvent, "r0 = 0\nexit", &[]).unwrap();
    event.set_bpf(&sampled).unwrap();
    let fd = std::os::fd::AsFd::as_fd(&event).as_raw_fd().cast_unsigned();
    assert_eq!(task_fd(pid, fd).unwrap_err().errno, Errno::EOPNOTSUPP);
}

#[test]
fn maps_told_by_the_kernel_are_those_that_were_asked_for() {
    if !may_ask() {
        return;
    }
    let created = crate::ask::flagged(MapType::LpmTrie, 8, 24, 10, 1);
    let info = created.info().unwrap();
    assert_eq!(
        (info.map_type, info.key_size, info.value_size, info.max_entries, info.flags),
        (Some(MapType::LpmTrie), 8, 24, 10, 1)
    );
    let other = map(MapType::BloomFilter, 0, 4, 10);
    assert_eq!(other.info().unwrap().extra, 0);
}
