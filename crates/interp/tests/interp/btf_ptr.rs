//! Kernel objects walked by plain loads: the running kernel's types lay them out.

use std::fs;

use skep_abi::{Addr, Cpu, Pid, ProgId, ProgType};
use skep_btf::{Btf, Kind};
use skep_interp::{Interp, ProgramSpec, Trap};
use skep_isa::assemble;
use skep_machine::{Machine, Task};

use crate::bench::Bench;

/// A machine with the running kernel's types on which process 7, child of 3, exists; `None` without such types.
fn bench_with_types(test: &str) -> Option<Bench> {
    let path = "/sys/kernel/btf/vmlinux";
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            skep_skip::skipped!("{test}: {path}: {error}");
            return None;
        }
    };
    let machine = Machine::builder().btf(Btf::parse(&bytes).unwrap()).build().unwrap();
    machine.tasks().insert(Task::new(Pid(3), Pid(3), "parent"));
    machine.tasks().insert(Task { parent: Some(Pid(3)), ..Task::new(Pid(7), Pid(7), "child") });
    Some(Bench { machine, interp: Interp::new() })
}

fn offset(bench: &Bench, path: &str) -> u64 {
    let btf = bench.machine.btf().unwrap();
    let task = btf.find("task_struct", Kind::Struct).unwrap();
    btf.field(task, path).unwrap().byte_offset()
}

fn run(bench: &Bench, text: &str) -> Result<u64, Box<Trap>> {
    let insns = assemble(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let spec = ProgramSpec::raw(ProgId(1), "walk", ProgType::PerfEvent, insns);
    let program = bench.load_spec(spec);
    let mut run = bench.run_of(&program, Cpu(0), Addr::NULL);
    run.task = Pid(7);
    bench.interp.run(&program, &mut run)
}

#[test]
fn the_current_task_and_its_parent_are_walked() {
    let Some(bench) = bench_with_types("the_current_task_and_its_parent_are_walked") else {
        return;
    };
    let (tgid, parent) = (offset(&bench, "tgid"), offset(&bench, "real_parent"));
    let text = format!(
        "call bpf_get_current_task_btf#158\nr1 = *(u64 *)(r0 +{parent})\nr0 = *(u32 *)(r0 +{tgid})\n\
         r0 <<= 8\nr2 = *(u32 *)(r1 +{tgid})\nr0 |= r2\nexit"
    );
    assert_eq!(run(&bench, &text).unwrap(), 7 << 8 | 3);
}

#[test]
fn a_pointer_that_was_walked_to_reads_zero_where_nothing_is() {
    let Some(bench) = bench_with_types("a_pointer_that_was_walked_to_reads_zero_where_nothing_is")
    else {
        return;
    };
    let parent = offset(&bench, "real_parent");
    // Through null, through a spill, through a subprogram, and through what lies far outside.
    let head = format!("call bpf_get_current_task_btf#158\nr1 = *(u64 *)(r0 +{parent})\n");
    let null = "r2 = *(u64 *)(r1 +8)\nr2 &= 0\n";
    for walk in [
        "r1 -= 0x10000000\nr0 = *(u64 *)(r1 +0)\nexit",
        "*(u64 *)(r10 -8) = r1\nr1 = 0\nr2 = *(u64 *)(r10 -8)\nr2 -= 0x10000000\nr0 = *(u32 *)(r2 +0)\nexit",
        "r1 -= 0x10000000\ncall leaf\nexit\nleaf: r0 = *(u8 *)(r1 +0)\nexit",
        "r3 = r1\nr3 -= 0x10000000\nr4 = *(u64 *)(r3 +0)\nr0 = *(u64 *)(r4 +16)\nexit",
    ] {
        assert_eq!(run(&bench, &format!("{head}{walk}")).unwrap(), 0, "{walk}");
    }
    // What is no pointer any more is none, and the task itself is trusted: both fault.
    assert!(run(&bench, &format!("{head}{null}r0 = *(u64 *)(r2 +8)\nexit")).is_err());
    let trusted = "call bpf_get_current_task_btf#158\nr0 -= 0x10000000\nr0 = *(u64 *)(r0 +0)\nexit";
    assert!(run(&bench, trusted).is_err());
    // Stores fault wherever they go.
    assert!(run(&bench, &format!("{head}*(u64 *)(r1 +0) = 0\nr0 = 0\nexit")).is_err());
}
