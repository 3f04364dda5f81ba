//! Prototypes of the kfuncs that skep runs, against the types of every kernel whose profile it ships.

use skep_abi::{ArgType, CallKind, CallSpec, KernelVersion, MemAccess, RetType, SizeRule};
use skep_btf::{Btf, Kind, Type, TypeId};

fn kfuncs() -> impl Iterator<Item = &'static CallSpec> {
    skep_calls::calls().map(|call| &call.spec).filter(|spec| spec.kind == CallKind::Kfunc)
}

/// The type without names and modifiers, and whether `const` was one of them.
fn bare(btf: &Btf, mut id: TypeId) -> (TypeId, bool) {
    let mut konst = false;
    loop {
        (id, konst) = match btf.ty(id) {
            Type::Const { target } => (target, true),
            Type::Typedef { target, .. }
            | Type::Volatile { target }
            | Type::Restrict { target }
            | Type::TypeTag { target, .. } => (target, konst),
            _ => return (id, konst),
        };
    }
}

/// What a pointer points to, and whether that is constant.
fn pointee(btf: &Btf, id: TypeId) -> Option<(TypeId, bool)> {
    match btf.ty(bare(btf, id).0) {
        Type::Ptr { target } => Some(bare(btf, target)),
        _ => None,
    }
}

fn is_struct(btf: &Btf, id: TypeId, name: &str) -> bool {
    let ty = btf.ty(id);
    matches!(ty.kind(), Kind::Struct | Kind::Fwd) && ty.name() == name
}

/// Bytes of an integer, and whether it is signed.
fn integer(btf: &Btf, id: TypeId) -> Option<(u32, bool)> {
    match btf.ty(bare(btf, id).0) {
        Type::Int(int) => Some((int.size, int.is_signed)),
        Type::Enum(_) => Some((4, false)),
        _ => None,
    }
}

/// Whether the kernel's parameter is what the catalogue says.
fn is_arg(btf: &Btf, ours: ArgType, theirs: TypeId) -> bool {
    let points_to = |name: &str, is_konst: Option<bool>| {
        pointee(btf, theirs).is_some_and(|(id, konst)| {
            is_struct(btf, id, name) && is_konst.is_none_or(|wanted| wanted == konst)
        })
    };
    match ours {
        ArgType::BtfPtr { strukt, konst, .. } => points_to(strukt, Some(konst)),
        ArgType::GraphRoot { strukt } | ArgType::GraphNode { strukt } => {
            points_to(strukt, Some(false))
        }
        ArgType::KfuncCtx { strukt } => points_to(strukt, Some(false)),
        ArgType::Dynptr(_) => points_to("bpf_dynptr", None),
        ArgType::AllocObj | ArgType::DontCare => {
            pointee(btf, theirs).is_some_and(|(id, _)| id == TypeId::VOID)
        }
        ArgType::Func => {
            pointee(btf, theirs).is_some_and(|(id, _)| btf.kind(id) == Kind::FuncProto)
        }
        ArgType::Iter { strukt, bytes, .. } => {
            let size = pointee(btf, theirs).and_then(|(id, _)| btf.size_of(id));
            points_to(strukt, Some(false)) && size == Some(bytes.into())
        }
        ArgType::Mem { access, size, .. } => pointee(btf, theirs).is_some_and(|(id, konst)| {
            let fits = match size {
                SizeRule::Fixed(bytes) => btf.size_of(id) == Some(bytes.into()),
                SizeRule::NextArg => true,
            };
            fits && konst == (access == MemAccess::Read)
        }),
        ArgType::ConstSize | ArgType::ConstSizeOrZero => {
            integer(btf, theirs).is_some_and(|(_, signed)| !signed)
        }
        ArgType::Scalar { bytes, signed } => integer(btf, theirs) == Some((bytes.into(), signed)),
        _ => false,
    }
}

fn is_ret(btf: &Btf, ours: RetType, theirs: TypeId) -> bool {
    match ours {
        RetType::Void => theirs == TypeId::VOID,
        RetType::Integer => integer(btf, theirs).is_some(),
        RetType::IterElemOrNull => {
            pointee(btf, theirs).and_then(|(id, _)| integer(btf, id)) == Some((4, true))
        }
        RetType::AllocObj | RetType::DynptrMemOrNull => {
            pointee(btf, theirs).is_some_and(|(id, _)| id == TypeId::VOID)
        }
        RetType::BtfPtr { strukt, .. } | RetType::GraphNode { strukt } => {
            pointee(btf, theirs).is_some_and(|(id, _)| is_struct(btf, id, strukt))
        }
        _ => false,
    }
}

/// What differs between the catalogue and a kernel's prototype.
fn difference(btf: &Btf, spec: &CallSpec, version: KernelVersion, func: TypeId) -> Option<String> {
    let Type::Func { proto, .. } = btf.ty(func) else { return Some("is no function".to_owned()) };
    let Type::FuncProto(proto) = btf.ty(proto) else { return Some("has no prototype".to_owned()) };
    let (args, ret) = spec.proto_at(version);
    if !is_ret(btf, ret, proto.ret) {
        return Some(format!("returns {:?}, not {ret:?}", btf.ty(proto.ret)));
    }
    if proto.len() != args.len() {
        return Some(format!("takes {} arguments, not {}", proto.len(), args.len()));
    }
    let names = spec.arg_names_at(version);
    proto.params().zip(args).zip(names).find_map(|((theirs, ours), name)| {
        let fits = is_arg(btf, *ours, theirs.ty) && theirs.name.replace("__", "_") == *name;
        (!fits).then(|| format!("{}: {:?}, not {name}: {ours:?}", theirs.name, btf.ty(theirs.ty)))
    })
}

#[test]
fn kfuncs_have_the_prototypes_of_every_kernel_that_is_shipped() {
    let (mut compared, mut wrong) = (Vec::new(), Vec::new());
    for shipped in skep::profile::shipped_list() {
        let profile = shipped.unpack();
        let (btf, version) = (&profile.btf, profile.version);
        let mut count = 0;
        for spec in kfuncs() {
            let name = spec.name_at(version);
            let func = btf.find(name, Kind::Func);
            // Debian's 6.12 was built without sched_ext.
            let is_built = !name.contains("scx_") || version != KernelVersion::new(6, 12);
            let exists =
                spec.since <= version && spec.until.is_none_or(|until| version < until) && is_built;
            match func {
                Some(func) if exists => {
                    count += 1;
                    let found = difference(btf, spec, version, func);
                    wrong.extend(found.map(|found| format!("{version} {name} {found}")));
                }
                None if !exists => {}
                _ => wrong.push(format!("{version} {name}: in the catalogue {exists}")),
            }
        }
        compared.push((version.to_string(), count));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No kernel of 6.1 has any of them; the newest has nearly all.
    let newest = compared.last().unwrap().1;
    assert!(newest + 3 >= kfuncs().count(), "{compared:?}");
    assert!(compared.iter().filter(|(_, count)| *count > 20).count() >= 4, "{compared:?}");
}

#[test]
fn a_prototype_that_differs_is_found() {
    let profile = skep::profile::shipped(KernelVersion::new(6, 18)).unwrap();
    let btf = &profile.btf;
    let spec = |name: &str| kfuncs().find(|spec| spec.name == name).unwrap();
    let compare = |ours: &str, theirs: &str| {
        let func = btf.find(theirs, Kind::Func).unwrap();
        difference(btf, spec(ours), profile.version, func)
    };
    assert_eq!(compare("bpf_cpumask_and", "bpf_cpumask_and"), None);
    let differs = [
        ("bpf_cpumask_and", "bpf_cpumask_or", "returns"),
        ("bpf_cpumask_and", "bpf_cpumask_equal", "takes 2 arguments, not 3"),
        ("bpf_cpumask_setall", "bpf_cpumask_release", ""),
        ("bpf_cpumask_weight", "bpf_cpumask_create", "returns"),
        ("bpf_cpumask_set_cpu", "bpf_preempt_disable", "takes 0"),
        ("bpf_cpumask_first", "bpf_cpumask_test_cpu", "takes 2"),
        ("bpf_iter_num_destroy", "bpf_iter_bits_destroy", "it"),
    ];
    for (ours, theirs, what) in differs {
        let found = compare(ours, theirs);
        match what {
            "" => assert_eq!(found, None, "{ours} {theirs}: the same prototype"),
            what => assert!(found.is_some_and(|found| found.starts_with(what)), "{ours} {theirs}"),
        }
    }
}
