//! Programs: what their sections make of them, what they attach to, how one's fault leaves the others alone.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod fixture;

use fixture::{kernel, object, program, resolved};
use skep_abi::{AttachType, ProgType};
use skep_btf::Kind;
use skep_object::{InsnIdx, Outcome, SECTION_DEFS};

#[test]
fn every_section_name_becomes_its_program_type() {
    let object = object("sections");
    for def in SECTION_DEFS {
        let found = object.programs.iter().find(|program| &*program.section == def.name);
        let Some(found) = found else {
            // Those that cannot do without a target are there with one.
            assert!(def.attaches_by_btf || def.prog_type == ProgType::StructOps, "{}", def.name);
            continue;
        };
        assert_eq!(
            (found.prog_type, found.attach_type),
            (def.prog_type, def.attach_type),
            "{}",
            def.name
        );
        assert_eq!(
            (found.sleepable, found.xdp_frags),
            (def.sleepable, def.xdp_frags),
            "{}",
            def.name
        );
    }
    let uprobe = object
        .programs
        .iter()
        .find(|program| &*program.section == "uprobe.multi.s/some_target")
        .unwrap();
    assert_eq!(uprobe.attach_target.as_deref(), Some("some_target"));
    assert!(uprobe.sleepable);
}

#[test]
fn usdt_probes_attach_to_many_places_at_once_from_6_6_on() {
    for (release, expected) in [("6.5.0", None), ("6.6.0", Some(AttachType::TraceUprobeMulti))] {
        let resolved = object("sections").resolve(&kernel(release)).unwrap();
        assert_eq!(program(&resolved, "in_usdt").attach_type, expected, "{release}");
    }
}

#[test]
fn targets_in_btf_become_ids() {
    let profile = kernel("6.18.0");
    let resolved = object("core").resolve(&profile).unwrap();
    let expected = profile.btf.find("btf_trace_sched_process_fork", Kind::Typedef);
    assert!(expected.is_some());
    assert_eq!(program(&resolved, "loads").attach_btf_id, expected);
    assert_eq!(program(&resolved, "fields").attach_btf_id, None);
    let sections = object("sections").resolve(&profile).unwrap();
    let error = program(&sections, "to_fentry").error().unwrap();
    assert_eq!(
        error.to_string(),
        "to_fentry: the kernel's types have no bpf_prog_put to attach to"
    );
    assert_eq!(program(&sections, "in_perf_event").outcome, Outcome::Ready);
}

#[test]
fn sections_with_a_question_mark_are_not_loaded_but_resolved() {
    let resolved = resolved("subprogs");
    let found = program(&resolved, "not_loaded");
    assert!(!found.autoload && found.outcome == Outcome::Ready);
    assert_eq!((&*found.section, found.prog_type), ("kprobe", ProgType::Kprobe));
    assert!(found.funcs.iter().any(|func| func.name == "shared"));
}

#[test]
fn subprograms_know_their_names_and_whether_they_are_global() {
    let resolved = resolved("subprogs");
    let functions = |name: &str| -> Vec<_> {
        program(&resolved, name)
            .funcs
            .iter()
            .map(|func| (func.name.as_str(), func.is_global))
            .collect()
    };
    assert_eq!(
        functions("alpha"),
        [("alpha", true), ("weak_one", true), ("shared", true), ("leaf", false)]
    );
    assert_eq!(
        functions("gamma"),
        [
            ("gamma", true),
            ("unused_by_all_but_last", false),
            ("hidden_one", false),
            ("leaf", false)
        ]
    );
    let beta = program(&resolved, "beta");
    let leaf = beta.funcs.iter().find(|func| func.name == "leaf").unwrap();
    assert_eq!(beta.func_of(InsnIdx(leaf.insn.0 + 1)), Some(leaf));
    let btf = resolved.btf.as_ref().unwrap();
    let line = beta.line_of(leaf.insn).unwrap();
    assert_eq!((line.file(btf), line.text(btf)), ("./subprogs.bpf.c", "total += x;"));
}

#[test]
fn exception_callbacks_are_appended_though_nothing_calls_them() {
    let resolved = resolved("exception");
    let names: Vec<_> =
        program(&resolved, "throws").funcs.iter().map(|func| func.name.as_str()).collect();
    assert_eq!(names, ["throws", "on_throw", "helper"]);
    let names: Vec<_> =
        program(&resolved, "plain").funcs.iter().map(|func| func.name.as_str()).collect();
    assert_eq!(names, ["plain", "helper"]);
}

#[test]
fn probe_reads_of_kernel_and_user_are_one_before_5_5() {
    let calls = |release: &str| -> Vec<i32> {
        let resolved = object("core").resolve(&kernel(release)).unwrap();
        let insns = &program(&resolved, "loads").insns;
        insns
            .iter()
            .filter(|insn| insn.code == 0x85 && insn.src.0 == 0)
            .map(|insn| insn.imm)
            .collect()
    };
    assert_eq!(calls("5.5.0"), [113, 113, 114]);
    assert_eq!(calls("5.4.0"), [4, 4, 45]);
}

#[test]
fn relocations_without_an_answer_are_named() {
    let resolved = resolved("core");
    let fields = program(&resolved, "fields");
    let poisoned = || fields.core_relocations.iter().filter(|one| one.is_poisoned);
    let named: Vec<_> = poisoned().map(|one| &*one.what).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    let answered = fields.core_relocations.iter().find(|one| !one.is_poisoned).unwrap();
    assert!(answered.what.contains("of struct task_struct."), "{answered:?}");
    assert!(named[0].contains("byte_off of struct task_struct.no_such_member"), "{named:?}");
    for one in poisoned() {
        let insn = fields.insns[one.insn.at()];
        assert_eq!((insn.code, insn.imm), (0x85, 195_896_080));
    }
}

#[test]
fn struct_ops_programs_are_members_of_the_kernels_struct() {
    let profile = kernel("6.18.0");
    let resolved = object("struct_ops").resolve(&profile).unwrap();
    let ops = profile.btf.find("tcp_congestion_ops", Kind::Struct);
    for (name, member) in [("ssthresh", 0), ("avoid", 1), ("undo", 3)] {
        let found = program(&resolved, name);
        assert_eq!(found.outcome, Outcome::Ready, "{name}");
        assert_eq!(
            (found.attach_btf_id, found.struct_ops_member, found.autoload),
            (ops, Some(member), true),
            "{name}"
        );
    }
    let late = program(&resolved, "late");
    assert!(!late.autoload && late.sleepable && late.struct_ops_member.is_none());
    let plain = fixture::map(&resolved, "plain");
    let spec = plain.struct_ops.as_ref().unwrap();
    let members: Vec<_> =
        spec.programs.iter().map(|member| (member.name.as_str(), member.offset)).collect();
    assert_eq!(members, [("ssthresh", 0), ("cong_avoid", 8), ("undo_cwnd", 16)]);
    assert_eq!((spec.kernel_type, spec.is_link), (ops, false));
    assert_eq!(
        u64::from(plain.value_size),
        profile.btf.size_of(spec.kernel_value_type.unwrap()).unwrap()
    );
    let linked = fixture::map(&resolved, "linked").struct_ops.as_ref().unwrap();
    assert_eq!((linked.type_name.as_str(), linked.is_link), ("tcp_congestion_ops", true));
    assert!(!fixture::map(&resolved, "not_created").autocreate);
}

#[test]
fn a_kernel_without_the_struct_refuses_its_programs_alone() {
    let mut profile = kernel("6.18.0");
    profile.btf = object("data").btf.unwrap();
    let resolved = object("struct_ops").resolve(&profile).unwrap();
    let error = program(&resolved, "undo").error().unwrap();
    assert_eq!(
        error.to_string(),
        "undo: the kernel has no struct bpf_struct_ops_tcp_congestion_ops, so it takes no such operations"
    );
}

#[test]
fn decl_and_type_tags_are_kept() {
    let btf = object("exception").btf.unwrap();
    let throws = btf.find("throws", Kind::Func).unwrap();
    assert_eq!(btf.decl_tags(throws, None).collect::<Vec<_>>(), ["exception_callback:on_throw"]);
}

#[test]
fn all_programs_of_all_fixtures_but_those_for_other_kernels_are_ready() {
    for name in fixture::NAMES {
        for found in &resolved(name).programs {
            let is_for_another = *name == "sections" && found.section.contains('/');
            assert!(
                is_for_another || found.outcome == Outcome::Ready,
                "{name}: {:?}",
                found.outcome
            );
        }
    }
}
