//! Interpreted insns per second: `cargo bench -p skep-interp`.

use std::time::Instant;

use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType};
use skep_interp::{Interp, Program, ProgramSpec};
use skep_isa::assemble;
use skep_machine::{Machine, Run, UserMemory};

struct NoProcess;

impl UserMemory for NoProcess {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

/// Name, program, insns of one turn of its loop. Each loop takes 100,000 turns.
const PROGRAMS: &[(&str, &str, u64)] = &[
    (
        "alu64",
        "r0 = 0\nr1 = 100000\nr2 = 3\n\
         top: r0 += r2\nr0 ^= r1\nr0 <<= 1\nr0 |= 1\nr0 *= 5\nr0 -= r2\nr1 -= 1\nif r1 != 0x0 goto top\nexit",
        8,
    ),
    (
        "alu32",
        "w0 = 0\nw1 = 100000\nw2 = 3\n\
         top: w0 += w2\nw0 ^= w1\nw0 <<= 1\nw0 |= 1\nw0 *= 5\nw0 -= w2\nw1 -= 1\nif w1 != 0x0 goto top\nexit",
        8,
    ),
    (
        "branches",
        "r0 = 0\nr1 = 100000\n\
         top: if r1 & 0x1 goto odd\nr0 += 1\ngoto next\nodd: r0 += 2\nnext: r1 -= 1\nif r1 != 0x0 goto top\nexit",
        5,
    ),
    (
        "stack",
        "r0 = 0\nr1 = 100000\n*(u64 *)(r10 -8) = 0\n\
         top: r0 = *(u64 *)(r10 -8)\nr0 += r1\n*(u64 *)(r10 -8) = r0\nr1 -= 1\nif r1 != 0x0 goto top\nexit",
        5,
    ),
    (
        "atomics",
        "r0 = 0\nr1 = 100000\nr2 = 1\n*(u64 *)(r10 -8) = 0\n\
         top: lock *(u64 *)(r10 -8) += r2\nr1 -= 1\nif r1 != 0x0 goto top\nexit",
        3,
    ),
    (
        "subprograms",
        "r6 = 100000\ntop: r1 = r6\ncall leaf\nr6 -= 1\nif r6 != 0x0 goto top\nexit\nleaf: r0 = r1\nexit",
        6,
    ),
    (
        "helpers",
        "r6 = 100000\ntop: call bpf_get_smp_processor_id#8\nr6 -= 1\nif r6 != 0x0 goto top\nexit",
        3,
    ),
];

fn main() {
    let machine = Machine::builder().build().expect("a bench needs address space");
    let interp = Interp::new();
    for (at, (name, text, per_turn)) in (1..).zip(PROGRAMS) {
        let insns = assemble(text).expect("the programs above are well-formed");
        let spec = ProgramSpec::raw(ProgId(at), name, ProgType::PerfEvent, insns);
        let program =
            Program::new(&machine, spec).expect("a machine has room for its first programs");
        let program = interp.progs().insert(program);
        let mut best = f64::MAX;
        for _ in 0..60 {
            let mut run = Run {
                machine: &machine,
                cpu: Cpu(0),
                prog: program.id(),
                prog_type: program.prog_type(),
                ctx: Addr::NULL,
                task: Pid(1),
                sample: None,
                event: None,
                cookie: 0,
                user: &NoProcess,
            };
            let start = Instant::now();
            let result = interp.run(&program, &mut run);
            best = best.min(start.elapsed().as_secs_f64());
            if let Err(trap) = result {
                panic!("{name}: {trap}");
            }
        }
        let insns = *per_turn as f64 * 1e5;
        println!(
            "{name:12} {:7.1} M insns/s  {:6.2} ns/insn",
            insns / best / 1e6,
            best / insns * 1e9
        );
    }
}
