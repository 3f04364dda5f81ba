//! The running kernel runs the same programs: R0 must be the same.

mod random;

use skep_abi::{ProgId, ProgType};
use skep_host::{Program as HostProgram, TestRun};
use skep_interp::ProgramSpec;
use skep_isa::{Insn, assemble};

use crate::bench::Bench;
use random::Random;

/// Loads a socket filter and runs it once on an empty packet: the lower half of R0.
fn run(insns: &[Insn]) -> Result<u32, String> {
    let program = HostProgram::new(ProgType::SocketFilter, insns)
        .install()
        .map_err(|verdict| format!("{:?}\n{}", verdict.errno, verdict.log))?;
    let packet = TestRun { data: &[0; 64], ..TestRun::default() };
    program.test_run(&packet).map(|result| result.retval).map_err(|error| error.to_string())
}

/// Tells whether the kernel lets this process load and run programs; prints why not.
fn may_run(test: &str) -> bool {
    let trivial = assemble("r0 = 42\nexit").unwrap();
    match run(&trivial) {
        Ok(42) => true,
        Ok(other) => panic!("the kernel says that 42 is {other}"),
        Err(error) => {
            skep_skip::skipped!("{test}: the kernel refuses to load or run programs here: {error}");
            false
        }
    }
}

/// All of R0, from two runs: the kernel gives 32 bits at a time.
fn kernel_r0(text: &str) -> u64 {
    let half = |end: &str| {
        let insns = assemble(&format!("{text}\n{end}exit")).unwrap();
        match run(&insns) {
            Ok(value) => u64::from(value),
            Err(error) => panic!("{error}\n{text}"),
        }
    };
    half("r0 >>= 32\n") << 32 | half("")
}

/// R0 of the same program here.
fn our_r0(bench: &Bench, text: &str) -> u64 {
    let insns: Vec<Insn> = assemble(&format!("{text}\nexit")).unwrap();
    let spec = ProgramSpec::raw(ProgId(1), "random", ProgType::SocketFilter, insns);
    let program = bench.load_spec(spec);
    bench.run(&program, &[]).unwrap_or_else(|trap| panic!("{trap}\n{text}"))
}

fn compare(test: &str, seed: u64, programs: u32, make: fn(&mut Random) -> String) {
    if !may_run(test) {
        return;
    }
    let bench = Bench::new();
    let mut random = Random::new(seed);
    for number in 0..programs {
        let text = make(&mut random);
        let (ours, kernel) = (our_r0(&bench, &text), kernel_r0(&text));
        assert_eq!(ours, kernel, "program {number}: {ours:#x}, kernel {kernel:#x}\n{text}");
    }
}

#[test]
fn random_arithmetic_and_jumps_give_the_kernels_result() {
    compare("random_arithmetic_and_jumps_give_the_kernels_result", 1, 6000, random::scalars);
}

#[test]
fn random_stack_accesses_and_atomics_give_the_kernels_result() {
    compare("random_stack_accesses_and_atomics_give_the_kernels_result", 2, 3000, random::memory);
}

/// One operation on edge values each: every pair of them through every operation of both widths.
#[test]
fn every_operation_gives_the_kernels_result_on_edge_values() {
    let test = "every_operation_gives_the_kernels_result_on_edge_values";
    if !may_run(test) {
        return;
    }
    let bench = Bench::new();
    for (a, b) in random::edge_pairs() {
        let text = random::all_operations(a, b);
        let (ours, kernel) = (our_r0(&bench, &text), kernel_r0(&text));
        if ours != kernel {
            // Find the operation.
            for op in random::OPERATIONS {
                let text = random::one_operation(op, a, b);
                let (ours, kernel) = (our_r0(&bench, &text), kernel_r0(&text));
                assert_eq!(ours, kernel, "{a:#x} {op} {b:#x}: {ours:#x}, kernel {kernel:#x}");
            }
            panic!("{text}: {ours:#x}, kernel {kernel:#x}");
        }
    }
}
