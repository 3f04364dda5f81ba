//! Tail calls: the frame goes to another program.

use skep_abi::{Addr, Cpu, MapType, ProgId, ProgType};
use skep_interp::TrapKind;
use skep_isa::Reg;
use skep_machine::MapDef;

use crate::bench::Bench;

/// A machine with a PROG_ARRAY of two slots; gives the address of the map.
fn bench_with_array() -> (Bench, Addr) {
    let bench = Bench::new();
    let def = MapDef::new("jumps", MapType::ProgArray, 4, 4, 2);
    let id = bench.machine.create_map(def).unwrap();
    let addr = bench.machine.map(id).unwrap().addr();
    (bench, addr)
}

fn fill(bench: &Bench, map: Addr, index: u32, prog: u32) {
    let slots = bench.machine.map_at(map).unwrap().prog_array().unwrap();
    slots.set(index, ProgId(prog), ProgType::PerfEvent).unwrap();
}

fn tail_call(map: Addr, index: u32) -> String {
    format!("r2 = {:#x}\nr3 = {index}\ncall bpf_tail_call#12", map.0)
}

#[test]
fn another_program_takes_the_frame_over_with_the_same_context() {
    let (bench, map) = bench_with_array();
    let memory = bench.memory(&[77]);
    bench.load(2, "r0 = *(u8 *)(r1 +0)\nexit");
    fill(&bench, map, 1, 2);
    let first = bench.load(1, &format!("{}\nr0 = 1\nexit", tail_call(map, 1)));
    let mut run = bench.run_of(&first, Cpu(0), memory.addr(0));
    assert_eq!(bench.interp.run(&first, &mut run).unwrap(), 77);
}

#[test]
fn an_empty_slot_and_an_index_past_the_end_go_on() {
    let (bench, map) = bench_with_array();
    for index in [0, 2, u32::MAX >> 1] {
        let text = format!("r6 = 5\n{}\nr0 = r6\nexit", tail_call(map, index));
        assert_eq!(bench.go(&text, &[0]).unwrap(), 5);
    }
}

#[test]
fn thirty_three_tail_calls_succeed_and_the_next_one_goes_on() {
    let (bench, map) = bench_with_array();
    let memory = bench.memory(&[0; 8]);
    // Counts its runs in the context, then calls itself.
    let text = format!(
        "r6 = r1\nr2 = *(u64 *)(r1 +0)\nr2 += 1\n*(u64 *)(r1 +0) = r2\n{}\nr0 = *(u64 *)(r6 +0)\nexit",
        tail_call(map, 0)
    );
    let program = bench.load(1, &text);
    fill(&bench, map, 0, 1);
    let mut run = bench.run_of(&program, Cpu(0), memory.addr(0));
    assert_eq!(bench.interp.run(&program, &mut run).unwrap(), 34);
}

#[test]
fn a_tail_call_in_a_subprogram_returns_to_its_caller() {
    let (bench, map) = bench_with_array();
    bench.load(2, "r0 = 40\nexit");
    fill(&bench, map, 0, 2);
    let text =
        format!("r6 = 2\ncall sub\nr0 += r6\nexit\nsub: {}\nr0 = 0\nexit", tail_call(map, 0));
    let program = bench.load(1, &text);
    let mut run = bench.run_of(&program, Cpu(0), Addr::NULL);
    assert_eq!(bench.interp.run(&program, &mut run).unwrap(), 42);
    assert_eq!(run.prog, ProgId(1));
}

#[test]
fn the_new_program_has_neither_registers_nor_stack_of_the_old_one() {
    let (bench, map) = bench_with_array();
    fill(&bench, map, 0, 2);
    let first =
        bench.load(1, &format!("r6 = 1\n*(u64 *)(r10 -8) = 1\n{}\nexit", tail_call(map, 0)));
    bench.load(2, "r0 = r6\nexit");
    assert!(matches!(bench.run(&first, &[0]).unwrap_err().kind, TrapKind::UninitReg(_)));
    bench.load(2, "r0 = *(u64 *)(r10 -8)\nexit");
    assert!(matches!(bench.run(&first, &[0]).unwrap_err().kind, TrapKind::UninitStack { .. }));
}

#[test]
fn a_program_that_is_gone_is_named() {
    let (bench, map) = bench_with_array();
    fill(&bench, map, 0, 9);
    let first = bench.load(1, &format!("{}\nr0 = 0\nexit", tail_call(map, 0)));
    assert_eq!(bench.run(&first, &[0]).unwrap_err().kind, TrapKind::NoProgram(ProgId(9)));
}

#[test]
fn a_tail_call_that_fails_leaves_no_result() {
    let (bench, map) = bench_with_array();
    let trap = bench.go(&format!("{}\nexit", tail_call(map, 0)), &[0]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::UninitReg(Reg::R0));
    // The 34th of a chain, too.
    let program = bench.load(1, &format!("r0 = 0\n{}\nexit", tail_call(map, 0)));
    fill(&bench, map, 0, 1);
    assert_eq!(bench.run(&program, &[0]).unwrap_err().kind, TrapKind::UninitReg(Reg::R0));
}

#[test]
fn a_callback_that_is_replaced_returns_to_the_program_that_asked_for_it() {
    let (bench, map) = bench_with_array();
    bench.load(2, "r0 = 1\nexit");
    fill(&bench, map, 0, 2);
    let text = format!(
        "r1 = 5\nr2 = subprog[body]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\nbody: r1 = r2\n{}\nr0 = 0\nexit",
        tail_call(map, 0)
    );
    let program = bench.load(1, &text);
    let mut run = bench.run_of(&program, Cpu(0), Addr::NULL);
    assert_eq!(bench.interp.run(&program, &mut run).unwrap(), 1);
    assert_eq!(run.prog, ProgId(1));
}
