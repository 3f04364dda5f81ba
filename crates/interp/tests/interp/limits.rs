//! Runs end, whatever the program does.

use skep_interp::{Interp, MAY_GOTO_LOOPS, TrapKind};

use crate::bench::Bench;

#[test]
fn a_runaway_program_ends_with_its_budget() {
    let bench = Bench::with(Interp::new().budget(1000));
    let trap = bench.go("top: goto top", &[]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::Budget(1000));
    let just_enough = "r0 = 0\n".repeat(999) + "exit";
    assert_eq!(bench.go(&just_enough, &[]).unwrap(), 0);
    assert!(bench.go(&format!("r0 = 0\n{just_enough}"), &[]).is_err());
}

#[test]
fn may_goto_jumps_once_its_count_is_used_up() {
    let bench = Bench::new();
    let r0 = bench.go("r0 = 0\ntop: may_goto out\nr0 += 1\ngoto top\nout: exit", &[]);
    assert_eq!(r0.unwrap(), u64::from(MAY_GOTO_LOOPS));
}

#[test]
fn each_call_has_a_may_goto_count_of_its_own() {
    let bench = Bench::new();
    let text = "call spin\nr6 = r0\ncall spin\nr0 += r6\nexit\n\
                spin: r0 = 0\ntop: may_goto out\nr0 += 1\ngoto top\nout: exit";
    assert_eq!(bench.go(text, &[]).unwrap(), 2 * u64::from(MAY_GOTO_LOOPS));
}

#[test]
fn callbacks_spend_the_same_budget() {
    let bench = Bench::with(Interp::new().budget(1000));
    let text = "r1 = 1000000\nr2 = subprog[body]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\nbody: r0 = 0\nexit";
    assert_eq!(bench.go(text, &[]).unwrap_err().kind, TrapKind::Budget(1000));
}
