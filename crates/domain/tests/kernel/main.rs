//! The running kernel as the judge: random programs' register states, as its log prints them, equal ours.

mod bpf;
mod log;
mod program;
mod random;

use program::{Program, REGISTERS};
use random::Random;

/// The release whose results the domain follows.
const RELEASE: &str = "6.18.";

const PROGRAMS: u64 = 1500;
const LENGTH: usize = 24;

/// Whether the running kernel can judge; tells why not.
fn kernel_judges() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if !release.starts_with(RELEASE) {
        skep_skip::skipped!("the running kernel is {}, not {RELEASE}x", release.trim());
        return false;
    }
    let trivial = skep_isa::assemble("r0 = 0\nexit").unwrap();
    if let Err(error) = bpf::load(&trivial).result {
        skep_skip::skipped!("bpf(BPF_PROG_LOAD) is refused here: {error}");
        return false;
    }
    true
}

#[test]
fn states_of_random_programs_equal_the_kernels() {
    if !kernel_judges() {
        return;
    }
    let mut compared = 0;
    for seed in 0..PROGRAMS {
        compared += compare(seed);
    }
    assert!(compared > PROGRAMS as usize * LENGTH, "only {compared} states compared");
}

/// Compares the states of one program. Returns how many registers were printed.
fn compare(seed: u64) -> usize {
    let mut program = Program::random(&mut Random(seed), LENGTH);
    program.finish();
    let text = program.text();
    let insns = skep_isa::assemble(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let loaded = bpf::load(&insns);
    assert!(loaded.result.is_ok(), "seed {seed}: {:?}\n{}", loaded.result, loaded.log);
    let printed = log::states(&loaded.log);
    let mut compared = 0;
    for (place, registers) in &printed {
        let Some(expected) = program.expected.get(place) else {
            let is_landing = matches!(place, log::Place::After(_));
            assert!(is_landing, "seed {seed}: {place:?} is not expected:\n{}", loaded.log);
            continue;
        };
        for (register, theirs) in registers.iter().filter(|(r, _)| REGISTERS.contains(r)) {
            let ours = expected[register - REGISTERS.start].to_string();
            assert_eq!(&ours, theirs, "seed {seed}, R{register}, {place:?}:\n{}", loaded.log);
            compared += 1;
        }
    }
    for place in program.expected.keys().filter(|place| matches!(place, log::Place::Edge(..))) {
        assert!(printed.contains_key(place), "seed {seed}: no {place:?}:\n{}", loaded.log);
    }
    compared
}
