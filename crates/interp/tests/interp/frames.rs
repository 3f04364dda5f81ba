//! Subprograms: arguments, results, what survives, and the stack.

use skep_interp::TrapKind;
use skep_isa::Reg;
use skep_machine::{Fault, Place};

use crate::bench::{r0, trap};

#[test]
fn arguments_go_in_and_r0_comes_out() {
    let text = "r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\nr6 = 60\ncall sum\nr0 += r6\nexit\n\
                sum: r0 = r1\nr0 += r2\nr0 += r3\nr0 += r4\nr0 += r5\nr6 = 0\nexit";
    assert_eq!(r0(text), 75);
}

#[test]
fn caller_saved_registers_are_gone_after_a_call() {
    for reg in 1..=5 {
        let text = format!("r{reg} = 1\ncall leaf\nr0 = r{reg}\nexit\nleaf: r0 = 0\nexit");
        assert_eq!(trap(&text), TrapKind::UninitReg(Reg(reg)));
        let text = format!("r{reg} = 1\ncall bpf_get_smp_processor_id#8\nr0 = r{reg}\nexit");
        assert_eq!(trap(&text), TrapKind::UninitReg(Reg(reg)));
    }
}

#[test]
fn a_callee_sees_only_the_arguments_that_were_set() {
    assert_eq!(trap("r1 = 1\ncall leaf\nexit\nleaf: r0 = r2\nexit"), TrapKind::UninitReg(Reg::R2));
    assert_eq!(trap("r6 = 1\ncall leaf\nexit\nleaf: r0 = r6\nexit"), TrapKind::UninitReg(Reg::R6));
}

#[test]
fn a_subprogram_without_result_leaves_r0_unset() {
    assert_eq!(trap("call leaf\nexit\nleaf: exit"), TrapKind::UninitReg(Reg::R0));
    assert_eq!(r0("r6 = 3\ncall leaf\nr0 = r6\nexit\nleaf: exit"), 3);
}

#[test]
fn each_call_has_a_stack_of_its_own_and_may_reach_its_callers() {
    let text = "*(u64 *)(r10 -8) = 5\nr1 = r10\nr1 += -8\ncall leaf\nr1 = *(u64 *)(r10 -8)\nr0 += r1\nexit\n\
                leaf: *(u64 *)(r10 -8) = 100\nr0 = *(u64 *)(r1 +0)\n*(u64 *)(r1 +0) = 6\nexit";
    assert_eq!(r0(text), 11);
    let unwritten = "r1 = r10\nr1 += -8\ncall leaf\nexit\nleaf: r0 = *(u64 *)(r1 +0)\nexit";
    assert!(matches!(trap(unwritten), TrapKind::UninitStack { off: -8, .. }));
}

#[test]
fn a_new_call_does_not_see_what_an_earlier_one_wrote() {
    let text = "r1 = 1\ncall leaf\nr1 = 0\ncall leaf\nexit\n\
                leaf: if r1 == 0x0 goto read\n*(u64 *)(r10 -8) = 9\nr0 = 0\nexit\nread: r0 = *(u64 *)(r10 -8)\nexit";
    assert!(matches!(trap(text), TrapKind::UninitStack { .. }));
}

#[test]
fn a_pointer_to_the_stack_of_a_call_that_has_returned_is_dead() {
    let text = "call leaf\nr0 = *(u64 *)(r0 -8)\nexit\nleaf: *(u64 *)(r10 -8) = 1\nr0 = r10\nexit";
    let TrapKind::Fault(Fault::Access { place, .. }) = trap(text) else { panic!("no fault") };
    assert!(matches!(place, Place::Dead { .. }), "{place}");
}

#[test]
fn eight_frames_are_allowed_and_a_ninth_is_not() {
    // Calls itself r1 times.
    let text = |times: u32| {
        format!(
            "r1 = {times}\ncall down\nexit\n\
             down: if r1 == 0x0 goto out\nr1 -= 1\ncall down\nr0 += 1\nexit\nout: r0 = 0\nexit"
        )
    };
    assert_eq!(r0(&text(6)), 6);
    assert_eq!(trap(&text(7)), TrapKind::CallDepth);
}
