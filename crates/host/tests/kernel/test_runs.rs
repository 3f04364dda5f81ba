//! Programs that are run without being attached.

use skep_abi::{Errno, MapType, ProgType};
use skep_host::{Cause, TestRun};

use crate::ask::{load, map, may_ask};

#[test]
fn packets_go_in_and_come_out() {
    if !may_ask() {
        return;
    }
    // Writes 0xab over the packet's first byte.
    let text = "
        r2 = *(u32 *)(r1 +0)
        r3 = *(u32 *)(r1 +4)
        r4 = r2
        r4 += 1
        if r4 > r3 goto pc+1
        *(u8 *)(r2 +0) = 0xab
        r0 = 2
        exit";
    let program = load(ProgType::Xdp, text, &[]).unwrap();
    let run = TestRun { data: &[1; 64], data_out: 100, repeat: 3, ..TestRun::default() };
    let result = program.test_run(&run).unwrap();
    assert_eq!((result.retval, result.data.len()), (2, 64));
    assert_eq!(result.data[..2], [0xab, 1]);
    let short = TestRun { data_out: 10, ..run };
    assert_eq!(program.test_run(&short).unwrap_err().errno, Errno::ENOSPC);
}

#[test]
fn syscall_programs_change_their_context() {
    if !may_ask() {
        return;
    }
    let insns =
        skep_isa::assemble("r2 = *(u64 *)(r1 +0)\nr2 += 1\n*(u64 *)(r1 +8) = r2\nr0 = 5\nexit")
            .unwrap();
    let mut program = skep_host::Program::new(ProgType::Syscall, &insns);
    program.flags = 1 << 4;
    let program = program.install().unwrap();
    let ctx = [41_u64.to_ne_bytes(), [0; 8]].concat();
    let result = program.test_run(&TestRun { ctx: &ctx, ..TestRun::default() }).unwrap();
    assert_eq!(result.retval, 5);
    assert_eq!(result.ctx, [41_u64.to_ne_bytes(), 42_u64.to_ne_bytes()].concat());
}

#[test]
fn raw_tracepoints_run_with_arguments_on_a_cpu_of_choice() {
    if !may_ask() {
        return;
    }
    let program = load(ProgType::RawTracepoint, "r0 = *(u64 *)(r1 +8)\nexit", &[]).unwrap();
    let ctx = [1_u64, 77].map(u64::to_ne_bytes).concat();
    let cpu = *skep_host::online_cpus().last().unwrap();
    let run = TestRun { ctx: &ctx, flags: TestRun::ON_CPU, cpu, ..TestRun::default() };
    assert_eq!(program.test_run(&run).unwrap().retval, 77);
}

#[test]
fn perf_event_programs_cannot_be_run_so() {
    if !may_ask() {
        return;
    }
    let program = load(ProgType::PerfEvent, "r0 = 0\nexit", &[]).unwrap();
    let refused = program.test_run(&TestRun::default()).unwrap_err();
    assert_eq!((refused.errno, refused.cause), (Errno::ENOTSUPP, Cause::Unsupported));
    assert_eq!(
        refused.to_string(),
        "the kernel refuses to run program tested for a test: -ENOTSUPP (-524); programs of type perf_event run only where they are attached"
    );
}

#[test]
fn tail_calls_go_through_a_program_array() {
    if !may_ask() {
        return;
    }
    let programs = map(MapType::ProgArray, 4, 4, 2);
    let target = load(ProgType::SocketFilter, "r0 = 9\nexit", &[]).unwrap();
    let text = "r2 = map[idx:0]\nr3 = 1\ncall unknown#12\nr0 = 4\nexit";
    let caller = load(ProgType::SocketFilter, text, &[&programs]).unwrap();
    let run = TestRun { data: &[0; 64], ..TestRun::default() };
    assert_eq!(caller.test_run(&run).unwrap().retval, 4);
    programs.set_fd(&1_u32.to_ne_bytes(), &target).unwrap();
    assert_eq!(caller.test_run(&run).unwrap().retval, 9);
    assert!(programs.delete(&1_u32.to_ne_bytes()).unwrap());
    assert_eq!(caller.test_run(&run).unwrap().retval, 4);
}
