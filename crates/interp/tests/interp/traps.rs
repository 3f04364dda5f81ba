//! Everything that a program must not do ends its run with a reason and a place.

use skep_interp::{FuncInfo, LineInfo, ProgramSpec, TrapKind};
use skep_isa::{Imm64, Op, Reg};
use skep_isa::{InsnIdx, assemble};
use skep_machine::memory::Rights;
use skep_machine::{Access, Fault, Place};

use crate::bench::{Bench, trap};

#[test]
fn a_register_that_nothing_has_set_cannot_be_read() {
    assert_eq!(trap("r0 = r3\nexit"), TrapKind::UninitReg(Reg::R3));
    assert_eq!(trap("exit"), TrapKind::UninitReg(Reg::R0));
    assert_eq!(trap("r0 = 0\nr0 += r7\nexit"), TrapKind::UninitReg(Reg::R7));
    assert_eq!(trap("if r4 == 0x0 goto pc+0\nr0 = 0\nexit"), TrapKind::UninitReg(Reg::R4));
    assert_eq!(trap("*(u64 *)(r10 -8) = r2\nexit"), TrapKind::UninitReg(Reg::R2));
    let xchg =
        "r1 = 1\n*(u64 *)(r10 -8) = r1\nr0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)\nexit";
    assert_eq!(trap(xchg), TrapKind::UninitReg(Reg::R0));
}

#[test]
fn a_stack_byte_that_nothing_has_written_cannot_be_read() {
    let kind = trap("*(u32 *)(r10 -8) = 1\nr0 = *(u64 *)(r10 -8)\nexit");
    assert_eq!(kind, TrapKind::UninitStack { off: -8, size: 8, first: -4 });
    assert_eq!(
        kind.to_string(),
        "8 bytes of the stack at fp-8 are read, of which fp-4 was never written"
    );
    let atomic = "r1 = 1\nlock *(u64 *)(r10 -16) += r1\nr0 = 0\nexit";
    assert!(matches!(trap(atomic), TrapKind::UninitStack { off: -16, first: -16, .. }));
    // Unaligned, across two words of the bitmap.
    let across = "*(u64 *)(r10 -68) = 7\nr0 = *(u64 *)(r10 -68)\nexit";
    assert_eq!(Bench::new().go(across, &[]).unwrap(), 7);
}

#[test]
fn uninitialised_stack_reads_as_zero_where_that_is_allowed() {
    let bench = Bench::with(skep_interp::Interp::new().allow_uninit_stack(true));
    assert_eq!(bench.go("*(u64 *)(r10 -8) = 7\nr0 = 0\nexit", &[]).unwrap(), 0);
    assert_eq!(bench.go("r0 = *(u64 *)(r10 -8)\nexit", &[]).unwrap(), 0);
}

#[test]
fn memory_faults_name_address_and_object() {
    let bench = Bench::new();
    let memory = bench.memory(&[1, 2, 3, 4]);
    let base = memory.addr(0);
    let trap = bench.go("r0 = *(u32 *)(r1 +2)\nexit", &[base.0]).unwrap_err();
    let TrapKind::Fault(Fault::Access { access: Access::Read, addr, size: 4, place }) = &trap.kind
    else {
        panic!("{trap}");
    };
    assert_eq!(*addr, base.offset(2));
    assert!(
        matches!(place, Place::Overrun { object, size: 4, offset: 2 } if object == "buffer of the test")
    );
    assert_eq!(trap.kind.addr(), Some(base.offset(2)));
    for (text, what) in [
        ("r1 = 0\nr0 = *(u8 *)(r1 +0)\nexit", "null pointer"),
        ("r1 = 0x400000\nr0 = *(u8 *)(r1 +0)\nexit", "user space"),
        ("r1 = 0xffff888700000000\n*(u8 *)(r1 +0) = 0\nexit", "nothing is there"),
        ("r0 = *(u64 *)(r10 +0)\nexit", "past the end of"),
        ("r0 = *(u64 *)(r10 -520)\nexit", ""),
        ("r1 = subprog[code]\nr0 = *(u64 *)(r1 +0)\ncode: exit", "the code of program test"),
    ] {
        let trap = bench.go(text, &[]).unwrap_err();
        assert!(matches!(trap.kind, TrapKind::Fault(_)), "{trap}");
        assert!(trap.to_string().contains(what), "{what}: {trap}");
    }
}

#[test]
fn read_only_memory_and_the_frame_pointer_cannot_be_written() {
    let bench = Bench::new();
    let memory = bench.memory_with(&[5; 8], Rights::READ_ONLY);
    let base = memory.addr(0).0;
    assert_eq!(bench.go("r0 = *(u8 *)(r1 +7)\nexit", &[base]).unwrap(), 5);
    for text in ["*(u8 *)(r1 +0) = 1\nexit", "r2 = 1\nlock *(u64 *)(r1 +0) += r2\nexit"] {
        let trap = bench.go(text, &[base]).unwrap_err();
        assert!(
            matches!(
                &trap.kind,
                TrapKind::Fault(Fault::Access { place: Place::Denied { .. }, .. })
            ),
            "{trap}"
        );
    }
    for text in ["r10 = 0\nexit", "r10 += 8\nexit", "r1 = 0x0\nr10 = *(u64 *)(r10 -8)\nexit"] {
        assert_eq!(trap(text), TrapKind::FramePointerWrite);
    }
}

#[test]
fn atomics_must_be_aligned() {
    let text =
        "*(u64 *)(r10 -16) = 0\n*(u64 *)(r10 -8) = 0\nr1 = 1\nlock *(u64 *)(r10 -12) += r1\nexit";
    assert!(matches!(trap(text), TrapKind::Fault(Fault::Misaligned { size: 8, .. })));
}

#[test]
fn control_stays_in_the_program() {
    assert_eq!(trap("r0 = 0\ngoto pc+5\nexit"), TrapKind::OutOfProgram);
    assert_eq!(trap("r0 = 0\ngoto pc-9\nexit"), TrapKind::OutOfProgram);
    assert_eq!(trap("r0 = 0"), TrapKind::OutOfProgram);
    assert_eq!(trap("r0 = 1\nif r0 == 0x1 goto pc+1\nr0 = 0x1\nexit"), TrapKind::IntoWideLoad);
    assert_eq!(trap("call pc+9\nexit"), TrapKind::OutOfProgram);
    assert_eq!(trap("r0 = subprog[+99]\nexit"), TrapKind::BadFunc);
    // A jump that is not taken harms nobody.
    assert_eq!(Bench::new().go("r0 = 0\nif r0 == 0x1 goto pc+9\nexit", &[]).unwrap(), 0);
}

#[test]
fn what_is_no_insn_traps_when_it_is_reached() {
    let bench = Bench::new();
    let mut insns = assemble("r0 = 1\ngoto pc+1\nexit\nexit").unwrap();
    insns[2].code = 0xff;
    let spec =
        |insns| ProgramSpec::raw(skep_abi::ProgId(1), "t", skep_abi::ProgType::PerfEvent, insns);
    let skipped = bench.load_spec(spec(insns.clone()));
    assert_eq!(bench.run(&skipped, &[]).unwrap(), 1);
    insns[1] = Op::Goto { off: 0 }.encode().first;
    let reached = bench.load_spec(spec(insns));
    let trap = bench.run(&reached, &[]).unwrap_err();
    assert!(trap.to_string().contains("unknown opcode 0xff"), "{trap}");
    assert_eq!(trap.at.text, "BUG_ff");
}

#[test]
fn what_skep_or_linux_does_not_have_is_named() {
    assert_eq!(trap("call 9999\nexit"), TrapKind::UnknownHelper(9999));
    assert_eq!(trap("call -1\nexit"), TrapKind::UnknownHelper(-1));
    assert_eq!(trap("call kernel-function#77\nexit"), TrapKind::UnknownKfunc(77));
    assert_eq!(trap("r1 = 5\ncallx r1\nexit"), TrapKind::IndirectCall);
    assert_eq!(trap("r0 = *(u8 *)skb[0]\nexit"), TrapKind::NoPacket);
    assert_eq!(trap("r1 = map[fd:3]\nexit"), TrapKind::Unresolved(Imm64::MapFd(3)));
    assert!(trap("call 9999\nexit").is_unsupported() && !trap("exit").is_unsupported());
    // bpf_get_func_ip, which Linux lists for perf_event programs and refuses.
    let unsupported = TrapKind::UnsupportedCall("bpf_get_func_ip", skep_abi::ProgType::PerfEvent);
    assert_eq!(trap("call 173\nexit"), unsupported);
}

#[test]
fn null_is_the_same_in_every_address_space() {
    let bench = Bench::new();
    assert_eq!(bench.go("r1 = 0\nr0 = addr_space_cast(r1, 0, 1)\nexit", &[]).unwrap(), 0);
    let trap = bench.go("r1 = 0x1000\nr0 = addr_space_cast(r1, 1, 0)\nexit", &[]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::NoArena(skep_abi::Addr(0x1000)));
}

#[test]
fn a_trap_names_insn_source_line_subprogram_and_callers() {
    let bench = Bench::new();
    let insns = assemble("r1 = 0\ncall leaf\nexit\nleaf: r0 = *(u64 *)(r1 +8)\nexit").unwrap();
    let mut spec =
        ProgramSpec::raw(skep_abi::ProgId(1), "on_sample", skep_abi::ProgType::PerfEvent, insns);
    let func = |insn, name: &str| FuncInfo { insn: InsnIdx(insn), name: name.into() };
    spec.funcs = vec![func(0, "on_sample"), func(3, "parent_of")];
    let line = |insn, line, text: &str| LineInfo {
        insn: InsnIdx(insn),
        file: "profile.bpf.c".into(),
        line,
        text: text.into(),
    };
    spec.lines = vec![line(0, 20, "  return parent_of(0);"), line(3, 11, "  return task->parent;")];
    let trap = bench.run(&bench.load_spec(spec), &[]).unwrap_err();
    assert_eq!(
        trap.to_string(),
        "read of 8 bytes at 0x8: this is a null pointer\n\
         \x20 at insn 3: r0 = *(u64 *)(r1 +8)\n\
         \x20 in parent_of of on_sample, profile.bpf.c:11: return task->parent;\n\
         \x20 called from insn 1: call pc+1\n\
         \x20 in on_sample, profile.bpf.c:20: return parent_of(0);"
    );
}
