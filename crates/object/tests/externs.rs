//! What objects want from the kernel: options, kfuncs, variables, symbols.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod fixture;

use fixture::{kernel, map, object, program};
use skep_btf::core::KnownNames;
use skep_btf::{Btf, Kind};
use skep_isa::opcode;
use skep_object::{MapInit, Missing, MissingKind, Outcome};

const RELEASE: &str = "6.18.44-fixture";

/// The bytes of a `.kconfig` variable.
fn option(resolved: &skep_object::Resolved, name: &str) -> Vec<u8> {
    let map = map(resolved, "kconfig.kconfig");
    let MapInit::Data(bytes) = &map.init else { panic!("{:?}", map.init) };
    let variable = map.variables.iter().find(|variable| variable.name == name).unwrap();
    bytes[variable.offset as usize..][..variable.size as usize].to_vec()
}

#[test]
fn options_are_read_in_the_type_of_their_variable() {
    let resolved = object("kconfig").resolve(&kernel(RELEASE)).unwrap();
    assert_eq!(program(&resolved, "reads").outcome, Outcome::Ready);
    assert_eq!(option(&resolved, "LINUX_KERNEL_VERSION"), 0x06122c_u32.to_le_bytes());
    assert_eq!(option(&resolved, "LINUX_HAS_BPF_COOKIE"), [1]);
    assert_eq!(option(&resolved, "LINUX_UNKNOWN_VIRTUAL"), [0; 4]);
    assert_eq!(option(&resolved, "CONFIG_BPF_SYSCALL"), [1]);
    assert_eq!(option(&resolved, "CONFIG_HZ"), 250_u32.to_le_bytes());
    assert_eq!(option(&resolved, "CONFIG_NR_CPUS"), 0x2000_u64.to_le_bytes());
    assert_eq!(option(&resolved, "CONFIG_DEFAULT_HOSTNAME"), *b"(none)-\0");
    assert_eq!(option(&resolved, "CONFIG_MODULES"), 2_u32.to_le_bytes());
    assert_eq!(option(&resolved, "CONFIG_NET"), *b"y");
    assert_eq!(option(&resolved, "CONFIG_NO_SUCH_OPTION_AT_ALL"), [0]);
}

#[test]
fn cookies_are_new_in_5_15() {
    let resolved = object("kconfig").resolve(&kernel("5.14.9")).unwrap();
    assert_eq!(option(&resolved, "LINUX_HAS_BPF_COOKIE"), [0]);
    assert_eq!(option(&resolved, "LINUX_KERNEL_VERSION"), 0x050e09_u32.to_le_bytes());
}

#[test]
fn a_wrong_or_unset_option_fails_its_program() {
    let mut profile = kernel(RELEASE);
    profile.config.insert("CONFIG_HZ".into(), "y".into());
    let resolved = object("kconfig").resolve(&profile).unwrap();
    let error = program(&resolved, "reads").error().unwrap().to_string();
    assert!(error.contains("CONFIG_HZ") && error.contains("needs bool, char or enum"), "{error}");
    profile.config.remove("CONFIG_HZ");
    let resolved = object("kconfig").resolve(&profile).unwrap();
    let error = program(&resolved, "reads").error().unwrap();
    assert!(error.to_string().contains("CONFIG_HZ: the option is not set"), "{error}");
    assert!(error.help.as_deref().unwrap().contains("__weak"));
}

#[test]
fn a_profile_without_options_makes_a_program_unsupported() {
    let mut profile = kernel(RELEASE);
    profile.config.clear();
    let resolved = object("kconfig").resolve(&profile).unwrap();
    let missing = program(&resolved, "reads").unsupported().unwrap();
    assert_eq!(missing.kind, MissingKind::Config);
}

#[test]
fn kfuncs_and_variables_become_ids_and_symbols_addresses() {
    let profile = kernel(RELEASE);
    let resolved = object("ksyms").resolve(&profile).unwrap();
    let uses = program(&resolved, "uses");
    assert_eq!(uses.outcome, Outcome::Ready);
    let id = |name, kind| profile.btf.find(name, kind).unwrap().0.cast_signed();
    let calls: Vec<_> = uses
        .insns
        .iter()
        .filter(|insn| insn.code == opcode::JMP | opcode::CALL)
        .map(|insn| (insn.src.0, insn.imm))
        .collect();
    let kfunc = |name| (opcode::PSEUDO_KFUNC_CALL, id(name, Kind::Func));
    assert_eq!(calls[0], kfunc("bpf_task_acquire"));
    assert_eq!(calls[1], kfunc("bpf_rcu_read_lock"));
    assert_eq!(calls[2], kfunc("bpf_rcu_read_unlock"), "the flavour is left out");
    assert_eq!(calls[3], kfunc("bpf_task_release"));
    // Weak kfuncs that do not exist become calls of helpers that do not, numbered by their externs.
    let extern_of = |name: &str| {
        object("ksyms").externs.iter().position(|one| one.name == name).unwrap() as i32
    };
    for name in ["no_such_kfunc", "other_missing_kfunc", "bpf_task_release___odd"] {
        assert!(calls.contains(&(0, 2_002_000_000 + extern_of(name))), "{name}: {calls:?}");
    }
    let loads: Vec<_> = (0..uses.insns.len())
        .filter(|&at| uses.insns[at].code == opcode::LD_IMM64)
        .map(|at| (uses.insns[at].src.0, uses.insns[at].imm, uses.insns[at + 1].imm))
        .collect();
    assert!(loads.contains(&(opcode::PSEUDO_BTF_ID, id("runqueues", Kind::Var), 0)), "{loads:x?}");
    assert!(loads.contains(&(0, 0x8123_4560_u32.cast_signed(), -1)), "{loads:x?}");
    assert!(
        loads.contains(&(0, 0x1000, 0)),
        "the suffix of link-time optimisation is left out: {loads:x?}"
    );
    assert!(loads.contains(&(0, 0, 0)), "weak ones that do not exist are null: {loads:x?}");
}

/// BTF that holds nothing but `void bpf_throw(void)`.
fn throw_without_argument() -> Btf {
    let strings = b"\0bpf_throw\0";
    let types = [0, 13 << 24, 0, 1, 12 << 24 | 1, 1];
    let header = [0x0001_eb9f, 24, 0, 24, 24, strings.len() as u32];
    let words = header.iter().chain(&types).flat_map(|word: &u32| word.to_le_bytes());
    Btf::parse(&words.chain(*strings).collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_kfunc_that_is_absent_or_other_than_declared_fails_its_program() {
    let mut profile = kernel(RELEASE);
    profile.btf = throw_without_argument();
    let resolved = object("exception").resolve(&profile).unwrap();
    let error = program(&resolved, "throws").error().unwrap().to_string();
    assert_eq!(
        error,
        "throws, insn 1: extern bpf_throw: its declaration does not agree with the kernel's prototype"
    );
    assert_eq!(program(&resolved, "plain").outcome, Outcome::Ready);
    profile.btf = object("subprogs").btf.unwrap();
    let resolved = object("exception").resolve(&profile).unwrap();
    let error = program(&resolved, "throws").error().unwrap().to_string();
    assert!(error.contains("bpf_throw: the kernel has no kfunc of this name"), "{error}");
}

#[test]
fn what_a_reduced_profile_left_out_makes_a_program_unsupported() {
    let whole = kernel(RELEASE);
    let mut profile = kernel(RELEASE);
    profile.known = Some(KnownNames::of(&whole.btf, |_| true));
    profile.btf = object("data").btf.unwrap();
    let resolved = object("exception").resolve(&profile).unwrap();
    let missing = program(&resolved, "throws").unsupported().unwrap();
    assert_eq!(*missing, Missing { kind: MissingKind::Kfunc, name: "bpf_throw".into() });
    assert_eq!(missing.to_string(), "the kernel profile lacks kfunc bpf_throw");
    assert_eq!(program(&resolved, "plain").outcome, Outcome::Ready, "the others are not touched");
    let resolved = object("core").resolve(&profile).unwrap();
    let missing = program(&resolved, "fields").unsupported().unwrap();
    assert_eq!(*missing, Missing { kind: MissingKind::Type, name: "task_struct".into() });
}
