//! Helpers and callbacks, as far as they touch registers, stack and frames.

use skep_abi::{Addr, Cpu, MapType};
use skep_interp::TrapKind;
use skep_isa::Reg;
use skep_machine::{Fault, MapDef};

use crate::bench::{Bench, r0, trap};

#[test]
fn a_loop_calls_back_with_index_and_context() {
    let text = "*(u64 *)(r10 -8) = 0\nr1 = 10\nr2 = subprog[body]\nr3 = r10\nr3 += -8\nr4 = 0\n\
                call bpf_loop#181\nr0 <<= 32\nr1 = *(u64 *)(r10 -8)\nr0 |= r1\nexit\n\
                body: r3 = *(u64 *)(r2 +0)\nr3 += r1\n*(u64 *)(r2 +0) = r3\nr0 = 0\nexit";
    assert_eq!(r0(text), 10 << 32 | 45);
}

#[test]
fn a_callback_ends_its_loop_and_loops_nest() {
    let stop = "r1 = 10\nr2 = subprog[body]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\n\
                body: r0 = 0\nif r1 != 0x3 goto out\nr0 = 1\nout: exit";
    assert_eq!(r0(stop), 4);
    let nested = "*(u64 *)(r10 -8) = 0\nr1 = 3\nr2 = subprog[outer]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop#181\n\
                  r0 = *(u64 *)(r10 -8)\nexit\n\
                  outer: r3 = r2\nr1 = 5\nr2 = subprog[inner]\nr4 = 0\ncall bpf_loop#181\nr0 = 0\nexit\n\
                  inner: r3 = *(u64 *)(r2 +0)\nr3 += 1\n*(u64 *)(r2 +0) = r3\nr0 = 0\nexit";
    assert_eq!(r0(nested), 15);
}

#[test]
fn callbacks_count_as_frames() {
    let text = "r1 = subprog[down]\nr0 = 0\ncall down\nexit\n\
                down: r1 = 1\nr2 = subprog[down]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nr0 = 0\nexit";
    assert_eq!(trap(text), TrapKind::CallDepth);
}

#[test]
fn a_trap_in_a_callback_names_the_callback_and_its_callers() {
    let text = "r1 = 1\nr2 = subprog[body]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\n\
                body: r0 = *(u64 *)(r2 +0)\nexit";
    let trap = Bench::new().go(text, &[]).unwrap_err();
    assert_eq!((trap.at.insn.0, trap.callers.len()), (7, 1), "{trap}");
    assert_eq!(trap.callers[0].text, "call bpf_loop#181");
    assert!(trap.kind.to_string().contains("null pointer"), "{trap}");
}

#[test]
fn a_callback_must_be_code_of_the_program() {
    for bad in
        ["r2 = 0", "r2 = r10", "r2 = subprog[body]\nr2 += 4", "r2 = subprog[body]\nr2 += 4096"]
    {
        let text =
            format!("r1 = 1\n{bad}\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\nbody: r0 = 0\nexit");
        assert!(matches!(trap(&text), TrapKind::BadCallTarget(_)), "{bad}");
    }
}

#[test]
fn arguments_must_be_set() {
    assert_eq!(
        trap("r1 = 1\nr2 = 0\nr3 = 0\ncall bpf_loop#181\nexit"),
        TrapKind::UninitReg(Reg::R4)
    );
}

#[test]
fn a_call_that_fills_memory_initialises_the_stack_and_one_that_reads_it_needs_it_set() {
    // bpf_get_current_comm fills its buffer, even where there is no such task.
    let fills =
        "r1 = r10\nr1 += -16\nr2 = 16\ncall bpf_get_current_comm#16\nr0 = *(u64 *)(r10 -16)\nexit";
    assert_eq!(r0(fills), 0);
    let beyond =
        "r1 = r10\nr1 += -16\nr2 = 8\ncall bpf_get_current_comm#16\nr0 = *(u64 *)(r10 -8)\nexit";
    assert!(matches!(trap(beyond), TrapKind::UninitStack { off: -8, .. }));
    // bpf_trace_printk reads its format.
    let reads = "r1 = r10\nr1 += -8\nr2 = 8\ncall bpf_trace_printk#6\nexit";
    assert!(matches!(trap(reads), TrapKind::UninitStack { off: -8, size: 8, first: -8 }));
}

#[test]
fn helpers_see_the_cpu_that_the_run_names() {
    let bench = Bench::new();
    let program = bench.load(1, "call bpf_get_smp_processor_id#8\nexit");
    for cpu in 0..4 {
        let mut run = bench.run_of(&program, Cpu(cpu), Addr::NULL);
        assert_eq!(bench.interp.run(&program, &mut run).unwrap(), u64::from(cpu));
    }
    let mut run = bench.run_of(&program, Cpu(4), Addr::NULL);
    assert_eq!(bench.interp.run(&program, &mut run).unwrap_err().kind, TrapKind::NoCpu(Cpu(4)));
}

/// An array of three u64; gives its address.
fn array(bench: &Bench) -> u64 {
    let def = MapDef::new("numbers", MapType::Array, 4, 8, 3);
    let id = bench.machine.create_map(def).unwrap();
    bench.machine.map(id).unwrap().addr().0
}

#[test]
fn a_map_value_is_found_by_a_key_on_the_stack_and_ends_where_it_ends() {
    let bench = Bench::new();
    let look_up = format!(
        "*(u32 *)(r10 -4) = 1\nr1 = {:#x}\nr2 = r10\nr2 += -4\ncall bpf_map_lookup_elem#1\n",
        array(&bench)
    );
    let found = "if r0 == 0x0 goto out\n*(u64 *)(r0 +0) = 41\nr1 = 1\nlock *(u64 *)(r0 +0) += r1\n\
                 r0 = *(u64 *)(r0 +0)\nout: exit";
    assert_eq!(bench.go(&format!("{look_up}{found}"), &[]).unwrap(), 42);
    let trap = bench.go(&format!("{look_up}r0 = *(u64 *)(r0 +4)\nexit"), &[]).unwrap_err();
    assert!(trap.to_string().contains("numbers"), "{trap}");
    let unset = look_up.replacen("*(u32 *)(r10 -4) = 1", "*(u16 *)(r10 -4) = 1", 1);
    let trap = bench.go(&format!("{unset}exit"), &[]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::UninitStack { off: -4, size: 4, first: -2 });
}

#[test]
fn what_is_no_map_is_not_taken_for_one() {
    let text =
        "*(u32 *)(r10 -4) = 0\nr1 = r10\nr2 = r10\nr2 += -4\ncall bpf_map_lookup_elem#1\nexit";
    assert!(matches!(trap(text), TrapKind::Fault(Fault::WrongObject { what: "map", .. })));
}

#[test]
fn each_element_of_a_map_is_visited_by_a_callback() {
    let bench = Bench::new();
    let map = array(&bench);
    // Sets every element to its key + 1 in one walk, and sums up value * 10 + key in another.
    let text = format!(
        "*(u64 *)(r10 -8) = 0\nr1 = {map:#x}\nr2 = subprog[fill]\nr3 = 0\nr4 = 0\ncall bpf_for_each_map_elem#164\n\
         r1 = {map:#x}\nr2 = subprog[sum]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_for_each_map_elem#164\n\
         r0 *= 1000\nr1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\n\
         fill: r1 = *(u32 *)(r2 +0)\nr1 += 1\n*(u64 *)(r3 +0) = r1\nr0 = 0\nexit\n\
         sum: r1 = *(u32 *)(r2 +0)\nr2 = *(u64 *)(r3 +0)\nr2 *= 10\nr1 += r2\nr2 = *(u64 *)(r4 +0)\nr2 += r1\n\
         *(u64 *)(r4 +0) = r2\nr0 = 0\nexit"
    );
    assert_eq!(bench.go(&text, &[]).unwrap(), 3000 + 10 + 20 + 30 + 1 + 2);
}
