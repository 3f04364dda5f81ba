//! Kfuncs of the catalogue against the tables that were read off kernels: prototypes, flags, who may call them.

use skep_abi::{
    ArgType, AttachType, CallKind, CallSpec, CallTable as _, Caller, KernelVersion, KfuncAnswer,
    KfuncFlags, MemAccess, Permit, ProgType, RetType,
};
use skep_calls::{KernelCalls, calls};

use crate::entries::prog_type_of;

const SETS: &[(KernelVersion, &str)] = &[
    (KernelVersion::new(6, 1), include_str!("../../../../facts/kfunc-sets-6.1.192.tsv")),
    (KernelVersion::new(6, 12), include_str!("../../../../facts/kfunc-sets-6.12.107.tsv")),
    (KernelVersion::new(6, 18), include_str!("../../../../facts/kfunc-sets-6.18.15.tsv")),
    (KernelVersion::new(6, 19), include_str!("../../../../facts/kfunc-sets-6.19.14.tsv")),
    (KernelVersion::new(7, 2), include_str!("../../../../facts/kfunc-sets-7.2.13.tsv")),
];

const TABLES: &[(KernelVersion, &str)] = &[
    (KernelVersion::new(6, 18), include_str!("../../../../facts/kfunc-by-prog-type-6.18.44.tsv")),
    (KernelVersion::new(6, 19), include_str!("../../../../facts/kfunc-by-prog-type-6.19.14.tsv")),
];

fn kfuncs() -> impl Iterator<Item = &'static CallSpec> {
    calls().map(|call| &call.spec).filter(|spec| spec.kind == CallKind::Kfunc)
}

/// Whether an argument of ours is what C declares.
fn is_arg(ours: ArgType, theirs: &str) -> bool {
    let theirs = theirs.trim();
    match ours {
        ArgType::BtfPtr { strukt, konst, .. } => {
            let konst = if konst { "const " } else { "" };
            theirs == format!("{konst}struct {strukt} *")
        }
        ArgType::Iter { strukt, .. }
        | ArgType::GraphRoot { strukt }
        | ArgType::GraphNode { strukt } => theirs == format!("struct {strukt} *"),
        ArgType::AllocObj | ArgType::DontCare => theirs == "void *",
        ArgType::Func => theirs == "fnptr",
        ArgType::KfuncCtx { strukt } => theirs == format!("struct {strukt} *"),
        ArgType::Dynptr(_) => theirs.trim_start_matches("const ") == "struct bpf_dynptr *",
        ArgType::Scalar { bytes: 1, signed: false } => theirs == "u8",
        ArgType::Mem { access, .. } => {
            theirs.ends_with('*') && theirs.starts_with("const ") == (access == MemAccess::Read)
        }
        ArgType::ConstSize | ArgType::ConstSizeOrZero => matches!(theirs, "size_t" | "u32" | "u64"),
        ArgType::Scalar { bytes: 4, signed: false } => matches!(theirs, "u32" | "unsigned int"),
        ArgType::Scalar { bytes: 4, signed: true } => matches!(theirs, "s32" | "int"),
        ArgType::Scalar { bytes: 8, signed: false } => matches!(theirs, "u64" | "unsigned long"),
        _ => false,
    }
}

fn is_ret(ours: RetType, theirs: &str) -> bool {
    match ours {
        RetType::Void => theirs == "void",
        RetType::IterElemOrNull => theirs == "int *",
        RetType::AllocObj | RetType::DynptrMemOrNull => theirs == "void *",
        RetType::GraphNode { strukt } => theirs == format!("struct {strukt} *"),
        RetType::Integer => {
            let bare = theirs.trim_start_matches("__");
            matches!(bare, "int" | "bool" | "u32" | "s32" | "u64" | "s64" | "long int")
        }
        RetType::BtfPtr { strukt, .. } => {
            theirs.strip_prefix("const ").unwrap_or(theirs) == format!("struct {strukt} *")
        }
        _ => false,
    }
}

/// Splits `ret name(type arg, …)`.
fn split<'p>(proto: &'p str, name: &str) -> (&'p str, Vec<(&'p str, &'p str)>) {
    let (ret, args) = proto.split_once(&format!(" {name}(")).unwrap();
    let args = args.trim_end_matches(')').split(", ").filter(|arg| !arg.is_empty());
    let pairs = args.map(|arg| {
        let at = arg.rfind([' ', '*']).unwrap() + 1;
        (&arg[..at], &arg[at..])
    });
    (ret, pairs.collect())
}

#[test]
fn prototypes_and_flags_are_those_of_every_kernel_that_was_read() {
    let mut compared = 0;
    for (version, set) in SETS {
        for spec in kfuncs() {
            let name = spec.name_at(*version);
            let rows = set.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let rows: Vec<_> = rows.filter(|cells| cells[1] == name).collect();
            let exists = spec.since <= *version && spec.until.is_none_or(|until| *version < until);
            // Debian's 6.12 was built without sched_ext.
            if name.contains("scx_") && *version == KernelVersion::new(6, 12) {
                assert!(rows.is_empty(), "{version} {name}");
                continue;
            }
            assert_eq!(!rows.is_empty(), exists, "{version} {name}");
            for cells in rows {
                let flags = cells[2]
                    .split('|')
                    .filter(|word| *word != "-")
                    .map(|word| KfuncFlags::from_name(word.strip_prefix("KF_").unwrap()).unwrap());
                let flags = flags.fold(KfuncFlags::empty(), |all, flag| all | flag);
                let mut progs = ProgType::ALL.iter();
                let ours = progs.find_map(|prog| spec.flags_at(*prog, *version));
                assert_eq!(ours, Some(flags), "{version} {name}");
                let (ret, theirs) = split(cells[3], name);
                let (args, ours) = spec.proto_at(*version);
                assert!(is_ret(ours, ret), "{version} {name}: {ours:?} is not {ret}");
                assert_eq!(args.len(), theirs.len(), "{version} {name}");
                for (at, (ty, arg)) in theirs.iter().enumerate() {
                    assert!(is_arg(args[at], ty), "{version} {name}: {:?} is not {ty}", args[at]);
                    let ours = spec.arg_names_at(*version)[at];
                    assert_eq!(ours, arg.replace("__", "_"), "{version} {name}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared >= 4 * 25, "{compared}");
}

#[test]
fn kfuncs_may_be_called_by_the_program_types_that_were_measured() {
    let mut compared = 0;
    for (version, table) in TABLES {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
        for line in lines {
            let cells: Vec<&str> = line.split('\t').collect();
            let Some(spec) = kfuncs().find(|spec| spec.name_at(*version) == cells[0]) else {
                continue;
            };
            for (column, cell) in head.iter().zip(&cells).skip(1) {
                let prog = prog_type_of(column);
                let allowed = spec.permit(prog, *version) == Permit::Allowed;
                match *cell {
                    "Y" => assert!(allowed, "{version} {} {column}", spec.name),
                    "-" => assert!(!allowed, "{version} {} {column}", spec.name),
                    _ => continue,
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn the_verifier_is_told_the_same_of_kfuncs_as_the_catalogue_says() {
    let table = KernelCalls::default();
    let releases = (1..20).map(|minor| KernelVersion::new(6, minor));
    for version in releases.chain((0..3).map(|minor| KernelVersion::new(7, minor))) {
        for spec in kfuncs() {
            // What has no type, types that are younger, and extensions, which have that of the program that they extend.
            let has_type = |prog: &ProgType| {
                prog.since() <= version && !matches!(prog, ProgType::Unspec | ProgType::Ext)
            };
            for prog in ProgType::ALL.iter().copied().filter(has_type) {
                let caller = Caller {
                    prog_type: prog,
                    attach_type: AttachType::CgroupInetIngress,
                    sleepable: false,
                    attach_target: None,
                    struct_ops: None,
                    version,
                };
                let what = format!("{version} {} {}", prog.name(), spec.name);
                match table.kfunc(spec.name_at(version), &caller) {
                    KfuncAnswer::Denied => {
                        assert_eq!(spec.permit(prog, version), Permit::Denied, "{what}");
                    }
                    KfuncAnswer::Proto(proto) => {
                        assert_eq!(spec.permit(prog, version), Permit::Allowed, "{what}");
                        assert_eq!(spec.effect, proto.effect, "{what}");
                    }
                    KfuncAnswer::NotModelled => panic!("{what}: not modelled"),
                }
            }
        }
    }
}

#[test]
fn all_of_the_families_are_there_and_need_a_gpl_licence() {
    let family = kfuncs().filter(|spec| spec.name.starts_with("bpf_cpumask_"));
    assert_eq!(family.filter(|spec| spec.needs_gpl(ProgType::PerfEvent)).count(), 26);
    let family = kfuncs().filter(|spec| spec.name.contains("scx_bpf_"));
    assert_eq!(family.filter(|spec| spec.needs_gpl(ProgType::PerfEvent)).count(), 25);
}
