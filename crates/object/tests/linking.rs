//! Code that is sound as a file but means nothing, or too much.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod assembled;
mod fixture;

use assembled::Assembled;
use object::SectionKind;
use skep_isa::{Insn, Reg, encode_slots, opcode};
use skep_object::{InsnIdx, ObjectSpec, Outcome, Resolved};

fn resolve(spec: &ObjectSpec) -> Resolved {
    spec.resolve(&fixture::kernel("6.18.0")).expect("not too large")
}

/// What is said about program `prog`.
fn said(object: &Assembled) -> String {
    let resolved = resolve(&object.parse().expect("the file is sound"));
    fixture::program(&resolved, "prog").error().expect("the program is at fault").to_string()
}

fn call(imm: i32) -> Insn {
    Insn { code: opcode::JMP | opcode::CALL, src: Reg(opcode::PSEUDO_CALL), imm, ..Insn::default() }
}

fn exit() -> Insn {
    Insn { code: opcode::JMP | opcode::EXIT, ..Insn::default() }
}

#[test]
fn an_unknown_section_fails_its_programs_and_names_what_was_meant() {
    let mut object = Assembled::new();
    object.program("perf_evnt", "prog", "r0 = 0\nexit");
    object.program("xdp", "sound", "r0 = 0\nexit");
    let resolved = resolve(&object.parse().unwrap());
    let error = fixture::program(&resolved, "prog").error().unwrap();
    assert_eq!(error.to_string(), "prog: section perf_evnt stands for no program type");
    assert_eq!(error.help.as_deref(), Some("did you mean perf_event?"));
    assert_eq!(fixture::program(&resolved, "sound").outcome, Outcome::Ready);
}

#[test]
fn functions_that_call_one_another_in_a_circle_are_appended_once() {
    let mut object = Assembled::new();
    // a: call b; exit. b: call a; exit.
    let text = object.section(
        ".text",
        SectionKind::Text,
        &encode_slots(&[call(1), exit(), call(-3), exit()]),
    );
    let a = object.function(text, "a", 0, 2, true);
    object.function(text, "b", 2, 2, true);
    let (prog, _) = object.insns("xdp", "prog", &[call(-1), call(-1), exit()]);
    object.relocation(prog, 0, a);
    object.relocation(prog, 1, a);
    let resolved = resolve(&object.parse().unwrap());
    let prog = fixture::program(&resolved, "prog");
    assert_eq!(prog.outcome, Outcome::Ready);
    let names: Vec<_> = prog.funcs.iter().map(|func| (func.name.as_str(), func.insn.0)).collect();
    assert_eq!(names, [("prog", 0), ("a", 3), ("b", 5)]);
    let imms: Vec<_> =
        prog.insns.iter().filter(|insn| insn.code == 0x85).map(|insn| insn.imm).collect();
    assert_eq!(imms, [2, 1, 1, -3]);
}

#[test]
fn chains_of_calls_of_any_depth_are_followed() {
    const DEPTH: u64 = 50_000;
    let mut object = Assembled::new();
    let body: Vec<Insn> =
        (0..DEPTH).flat_map(|_| [call(1), exit()]).chain([exit(), exit()]).collect();
    let text = object.section(".text", SectionKind::Text, &encode_slots(&body));
    let first = object.function(text, "f0", 0, 2, true);
    for index in 1..=DEPTH {
        object.function(text, &format!("f{index}"), index * 2, 2, true);
    }
    let (prog, _) = object.insns("xdp", "prog", &[call(-1), exit()]);
    object.relocation(prog, 0, first);
    let resolved = resolve(&object.parse().unwrap());
    let prog = fixture::program(&resolved, "prog");
    assert_eq!((prog.outcome.clone(), prog.funcs.len()), (Outcome::Ready, DEPTH as usize + 2));
}

#[test]
fn programs_that_multiply_a_subprogram_beyond_bounds_are_refused() {
    let mut object = Assembled::new();
    let body = vec![exit(); 400_000];
    let (_, shared) = object.insns(".text", "shared", &body);
    let insns: Vec<Insn> = (0..100).flat_map(|_| [call(-1), exit()]).collect();
    let section = object.section("xdp", SectionKind::Text, &encode_slots(&insns));
    for index in 0..100 {
        object.function(section, &format!("p{index}"), index * 2, 2, true);
        object.relocation(section, index * 2, shared);
    }
    let error = object.parse().unwrap().resolve(&fixture::kernel("6.18.0")).unwrap_err();
    assert!(error.to_string().contains("come to more than 8000000 insns"), "{error}");
}

#[test]
fn a_program_of_more_than_a_million_insns_is_refused() {
    let mut object = Assembled::new();
    object.insns("xdp", "prog", &vec![exit(); 1_000_001]);
    assert_eq!(
        said(&object),
        "prog: with its subprograms it has more than 1000000 insns, the most that Linux takes"
    );
}

#[test]
fn calls_must_lead_to_the_start_of_a_subprogram() {
    let mut object = Assembled::new();
    let (_, sub) = object.program(".text", "sub", "r0 = 0\nexit");
    let (prog, _) = object.insns("xdp", "prog", &[call(0), exit()]);
    object.relocation(prog, 0, sub);
    assert_eq!(
        said(&object),
        "prog, insn 0: it calls a function at insn 1 of .text, where none starts"
    );

    let mut object = Assembled::new();
    let (_, other) = object.program("tc", "other", "r0 = 0\nexit");
    let (prog, _) = object.insns("xdp", "prog", &[call(-1), exit()]);
    object.relocation(prog, 0, other);
    assert_eq!(
        said(&object),
        "prog, insn 0: it calls other in section tc, and subprograms are in .text"
    );

    let mut object = Assembled::new();
    object.insns("xdp", "prog", &[call(0), exit()]);
    assert_eq!(
        said(&object),
        "prog, insn 0: it calls into its own section, and subprograms are in .text"
    );
}

#[test]
fn faults_of_a_subprogram_name_both_and_spare_programs_without_it() {
    let mut object = Assembled::new();
    let data = object.section("odd", SectionKind::Data, &[0; 8]);
    let variable = object.variable(data, "variable", 0, 8);
    let (text, sub) = object.program(".text", "sub", "r0 = 0\nr1 = 0 ll\nexit");
    object.relocation(text, 1, variable);
    let (prog, _) = object.insns("xdp", "prog", &[call(-1), exit()]);
    object.relocation(prog, 0, sub);
    object.program("tc", "sound", "r0 = 0\nexit");
    assert_eq!(
        said(&object),
        "prog, insn 1: in sub: it refers to variable at 0x0 of section odd, where neither map nor variable is"
    );
    let resolved = resolve(&object.parse().unwrap());
    assert_eq!(fixture::program(&resolved, "sound").outcome, Outcome::Ready);
}

#[test]
fn relocations_must_be_on_insns_that_refer_to_something() {
    let mut object = Assembled::new();
    let data = object.section(".data", SectionKind::Data, &[0; 8]);
    let variable = object.variable(data, "variable", 0, 8);
    let (prog, _) = object.program("xdp", "prog", "r0 = 0\nexit");
    object.relocation(prog, 0, variable);
    assert_eq!(
        said(&object),
        "prog, insn 0: a relocation for variable is on insn code 0xb7, which refers to nothing"
    );
}

#[test]
fn an_insn_cut_in_half_is_refused() {
    let mut object = Assembled::new();
    let data = object.section(".data", SectionKind::Data, &[0; 8]);
    let variable = object.variable(data, "variable", 0, 8);
    let half = Insn { code: opcode::LD_IMM64, ..Insn::default() };
    let (prog, _) = object.insns("xdp", "prog", &[exit(), half]);
    object.relocation(prog, 1, variable);
    assert_eq!(said(&object), "prog, insn 1: its ld_imm64 lacks the second half");
}

#[test]
fn maps_cannot_be_named_by_descriptor() {
    let mut object = Assembled::new();
    let load =
        Insn { code: opcode::LD_IMM64, src: Reg(opcode::PSEUDO_MAP_FD), imm: 0, ..Insn::default() };
    object.insns("socket", "prog", &[load, Insn::default(), exit()]);
    assert!(
        said(&object).starts_with("prog, insn 0: fd 0 is not pointing to valid bpf_map"),
        "{}",
        said(&object)
    );
}

#[test]
fn jump_tables_become_maps_of_targets() {
    let mut object = Assembled::new();
    let entries: Vec<u8> = [24_u64, 16].iter().flat_map(|entry| entry.to_le_bytes()).collect();
    let tables = object.section(".jumptables", SectionKind::Data, &entries);
    let table = object.variable(tables, "table", 0, 16);
    let (prog, _) = object.program("xdp", "prog", "r1 = 0 ll\nr0 = 0\nexit");
    object.relocation(prog, 0, table);
    let resolved = resolve(&object.parse().unwrap());
    let prog = fixture::program(&resolved, "prog");
    assert_eq!(prog.outcome, Outcome::Ready);
    assert_eq!((prog.insns[0].src.0, prog.insns[0].imm), (opcode::PSEUDO_MAP_VALUE, 0));
    let map = &resolved.maps[0];
    assert_eq!(
        (map.kind, map.max_entries, map.value_size),
        (Some(skep_abi::MapType::InsnArray), 2, 16)
    );
    assert_eq!(map.init, skep_object::MapInit::Targets(vec![InsnIdx(3), InsnIdx(2)]));
}
