//! The running kernel as the judge: random programs' register states, as its log prints them, equal ours.

mod log;
mod program;
mod random;

use log::Place;
use program::{Mix, Operand, Program, REGISTERS};
use random::Random;
use skep_abi::ProgType;
use skep_domain::CondOp::{self, Gt, Le, Lt, Sge, Sgt, Sle, Slt};
use skep_host::{LogBuffer, LogLevel, Program as HostProgram, Verdict};

/// The release whose results the domain follows.
const RELEASE: &str = "6.18.";

const PROGRAMS: u64 = 1000;
const LENGTH: usize = 24;

/// What the kernel makes of a socket filter, with all of its log.
fn judge(insns: &[skep_isa::Insn]) -> Verdict {
    HostProgram::new(ProgType::SocketFilter, insns)
        .judge_once(LogLevel::ALL, &mut LogBuffer::whole())
}

/// Whether the running kernel can judge; tells why not.
fn kernel_judges() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if !release.starts_with(RELEASE) {
        skep_skip::skipped!("the running kernel is {}, not {RELEASE}x", release.trim());
        return false;
    }
    let trivial = skep_isa::assemble("r0 = 0\nexit").expect("two insns as the kernel spells them");
    if let Some(errno) = judge(&trivial).errno {
        skep_skip::skipped!("bpf(BPF_PROG_LOAD) is refused here: {errno}");
        return false;
    }
    true
}

#[test]
fn states_of_random_programs_equal_the_kernels() {
    if !kernel_judges() {
        return;
    }
    for mix in [Mix::Everything, Mix::Jumps] {
        let mut compared = 0;
        for seed in 0..PROGRAMS {
            let program = Program::random(&mut Random(seed), mix, LENGTH);
            compared += compare(&program, &format!("{mix:?}, seed {seed}"));
        }
        assert!(compared > PROGRAMS as usize * LENGTH, "{mix:?}: only {compared} states compared");
    }
}

/// What R6 is known to satisfy, one after the other: comparison, whether of the low half, with what.
type Facts = &'static [(CondOp, bool, i64)];

/// States that need as many rounds of deduction as the kernel takes, which random programs seldom reach.
const MANY_ROUNDS: &[Facts] = &[
    &[(Le, false, -8), (Slt, false, 7), (Sge, false, -16), (Sle, true, -1)],
    &[(Slt, false, 0x18), (Sgt, false, 0xffff_ffff_2afe_1c40_u64 as i64), (Sge, true, 0xdc6)],
    &[(Sgt, false, -0x1000_0000), (Slt, false, 0xd9b_449e), (Lt, false, -29), (Gt, true, -37)],
    &[
        (Sgt, false, -0x1dbf_ccd5),
        (Slt, false, 1),
        (Lt, false, -2),
        (Sgt, false, -12),
        (Gt, true, 0x5b1f_ff4e),
    ],
];

#[test]
fn states_of_many_rounds_equal_the_kernels() {
    if !kernel_judges() {
        return;
    }
    for facts in MANY_ROUNDS {
        let mut program = Program::new();
        for (op, is32, right) in *facts {
            program.set(1, right.cast_unsigned());
            assert!(program.jump(op.negated(), *is32, 0, Operand::Register(1)));
        }
        assert!(compare(&program, &format!("{facts:x?}")) > facts.len());
    }
}

/// Compares the states of one program. Returns how many registers were printed.
fn compare(program: &Program, name: &str) -> usize {
    let text = program.text();
    let expected = program.expected();
    let insns = skep_isa::assemble(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let loaded = judge(&insns);
    assert!(loaded.is_accepted(), "{name}: {:?}\n{}", loaded.errno, loaded.log);
    let printed = log::states(&loaded.log);
    let mut compared = 0;
    for (place, registers) in &printed {
        let Some(expected) = expected.get(place) else {
            let is_landing = matches!(place, Place::After(_));
            assert!(is_landing, "{name}: {place:?} is not expected:\n{}", loaded.log);
            continue;
        };
        for (register, theirs) in registers.iter().filter(|(r, _)| REGISTERS.contains(r)) {
            let ours = expected[register - REGISTERS.start].to_string();
            assert_eq!(&ours, theirs, "{name}, R{register}, {place:?}:\n{}", loaded.log);
            compared += 1;
        }
    }
    for place in expected.keys().filter(|place| matches!(place, Place::Edge(..))) {
        assert!(printed.contains_key(place), "{name}: no {place:?}:\n{}", loaded.log);
    }
    compared
}
