//! What the kernel says to each extern: libbpf's `bpf_object__resolve_externs`.

use skep_btf::{Kind, TypeId, essential_name};

use super::compat::are_compat;
use super::{ExternKind, ExternSpec, kconfig};
use crate::error::{Missing, MissingKind};
use crate::profile::KernelProfile;
use crate::spec::ObjectSpec;

/// What stands in for an extern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A variable of the `.kconfig` map, by offset.
    Kconfig(u32),
    /// A kernel variable's id.
    Variable(TypeId),
    /// A kfunc's id.
    Kfunc(TypeId),
    /// A kernel symbol's address.
    Address(u64),
    /// A weak one that the kernel lacks.
    Absent,
    /// The profile does not say.
    Missing(Missing),
    /// Not on this kernel: what was found, and what to do.
    Failed(String, &'static str),
}

/// The answers to all externs of an object, and the bytes of its `.kconfig` map.
pub(crate) fn answer(
    spec: &ObjectSpec,
    profile: &KernelProfile,
    kconfig_size: usize,
) -> (Vec<Answer>, Vec<u8>) {
    let mut data = vec![0; kconfig_size];
    let answers =
        spec.externs.iter().map(|one| answer_one(spec, one, profile, &mut data)).collect();
    (answers, data)
}

fn answer_one(
    spec: &ObjectSpec,
    one: &ExternSpec,
    profile: &KernelProfile,
    data: &mut [u8],
) -> Answer {
    let missing = |kind, name: &str| Answer::Missing(Missing { kind, name: name.to_owned() });
    match &one.kind {
        ExternKind::Kconfig(config) => match kconfig::value(&one.name, config, profile) {
            kconfig::Value::Bytes(bytes) => {
                let start = config.offset as usize;
                if let Some(place) = data.get_mut(start..start + bytes.len()) {
                    place.copy_from_slice(&bytes);
                }
                Answer::Kconfig(config.offset)
            }
            // A weak variable that is not set stays zero, if it is of a name that loaders know.
            kconfig::Value::Unset
                if one.weak
                    && (one.name.starts_with("CONFIG_") || one.name.starts_with("LINUX_")) =>
            {
                Answer::Kconfig(config.offset)
            }
            kconfig::Value::Unset if one.name.starts_with("CONFIG_") => Answer::Failed(
                "the option is not set in this kernel".into(),
                "declare it __weak to read zero where it is not set",
            ),
            kconfig::Value::Unset => Answer::Failed(
                "no such variable is known".into(),
                "known are CONFIG_…, LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE and LINUX_HAS_SYSCALL_WRAPPER",
            ),
            kconfig::Value::Unknown => missing(MissingKind::Config, &one.name),
            kconfig::Value::Wrong(found) => {
                Answer::Failed(found, "declare the variable with the type of the option")
            }
        },
        ExternKind::Kfunc(proto) => kfunc(spec, one, *proto, profile),
        ExternKind::Variable(ty) => variable(spec, one, *ty, profile),
        ExternKind::Symbol => match address(profile, &one.name) {
            Some(address) => Answer::Address(address),
            None if profile.ksyms.is_empty() => match some_address(profile, &one.name) {
                Some(address) => Answer::Address(address),
                None => missing(MissingKind::Symbol, &one.name),
            },
            None if one.weak => Answer::Absent,
            None => Answer::Failed(
                "the kernel has no symbol of this name".into(),
                "declare it __weak to read zero where it does not exist",
            ),
        },
    }
}

/// An address that stands for that of a function or variable which the kernel certainly has: each boot puts them
/// elsewhere, so that no verdict may hang on where.
fn some_address(profile: &KernelProfile, name: &str) -> Option<u64> {
    const KERNEL_TEXT: u64 = 0xffff_ffff_8100_0000;
    let find = |kind| profile.btf.find(name, kind);
    find(Kind::Func).or_else(|| find(Kind::Var)).map(|id| KERNEL_TEXT + u64::from(id.0) * 16)
}

/// The address of a kernel symbol; clang's link-time optimisation may have added `.llvm.NUMBER` to its name.
fn address(profile: &KernelProfile, name: &str) -> Option<u64> {
    profile.ksyms.get(name).copied().or_else(|| {
        let suffixed = format!("{name}.llvm.");
        let (found, address) = profile.ksyms.range(suffixed.clone()..).next()?;
        found.starts_with(&suffixed).then_some(*address)
    })
}

fn kfunc(spec: &ObjectSpec, one: &ExternSpec, proto: TypeId, profile: &KernelProfile) -> Answer {
    let name = essential_name(&one.name);
    let Some(id) = profile.btf.find(name, Kind::Func) else {
        return absent(one, name, Kind::Func, MissingKind::Kfunc, profile);
    };
    let kernel = profile.btf.ty(id).target().unwrap_or_default();
    match &spec.btf {
        Some(btf) if are_compat(btf, proto, profile, kernel) => Answer::Kfunc(id),
        _ if one.weak => Answer::Absent,
        _ => Answer::Failed(
            "its declaration does not agree with the kernel's prototype".into(),
            "declare it as this kernel does, or as name___x for each prototype that it may have",
        ),
    }
}

fn variable(spec: &ObjectSpec, one: &ExternSpec, ty: TypeId, profile: &KernelProfile) -> Answer {
    let Some(id) = profile.btf.find(&one.name, Kind::Var) else {
        return absent(one, &one.name, Kind::Var, MissingKind::Variable, profile);
    };
    let kernel = profile.btf.ty(id).target().unwrap_or_default();
    match &spec.btf {
        Some(btf) if are_compat(btf, ty, profile, kernel) => Answer::Variable(id),
        _ => Answer::Failed(
            "its declaration does not agree with the kernel's type".into(),
            "declare it as this kernel does, or as extern const void",
        ),
    }
}

fn absent(
    one: &ExternSpec,
    name: &str,
    kind: Kind,
    what: MissingKind,
    profile: &KernelProfile,
) -> Answer {
    if profile.left_out(kind, name) {
        return Answer::Missing(Missing { kind: what, name: name.to_owned() });
    }
    if one.weak {
        return Answer::Absent;
    }
    let found = match kind {
        Kind::Func => "the kernel has no kfunc of this name",
        _ => "the kernel's types have no variable of this name",
    };
    Answer::Failed(
        found.into(),
        "declare it __weak and test for it, or choose a kernel that has it",
    )
}
