//! From undefined symbols and BTF to externs: libbpf's `bpf_object__collect_externs`.

use std::collections::HashMap;

use skep_btf::{Btf, Kind, Linkage, Type, TypeId};

use super::{ExternKind, ExternSpec, KconfigExtern, KconfigKind};
use crate::elf::Elf;
use crate::error::{ObjectError, ObjectErrorKind, Place};

/// Bytes that all variables of `.kconfig` may have together; a real one has a few hundred.
const KCONFIG_MAX: u64 = 1 << 20;

/// The externs of an object, in libbpf's order.
#[derive(Default)]
pub(crate) struct Externs {
    pub(crate) specs: Vec<ExternSpec>,
    /// The `VAR` or `FUNC` of each.
    pub(crate) types: Vec<TypeId>,
    /// From ELF symbols to indices of `specs`.
    pub(crate) by_symbol: HashMap<usize, usize>,
    /// Bytes of the `.kconfig` map.
    pub(crate) kconfig_size: u32,
}

/// Collects what the object leaves to the kernel.
pub(crate) fn collect(elf: &Elf<'_>, btf: Option<&Btf>) -> Result<Externs, ObjectError> {
    let mut found = Vec::new();
    let mut sections = None;
    let mut declared = HashMap::new();
    for (index, symbol) in elf.symbols().iter().enumerate() {
        if !symbol.is_extern() || symbol.name.is_empty() {
            continue;
        }
        let btf = btf.ok_or_else(|| {
            error(symbol.name, "it is declared here and defined elsewhere, but without BTF nothing says what it is")
                .help("compile with -g, which makes clang write BTF")
        })?;
        let ty = match declared.get(symbol.name) {
            Some(&ty) => ty,
            None => declaration(btf, symbol.name)?,
        };
        declared.insert(symbol.name, ty);
        let sections = sections.get_or_insert_with(|| sections_of(btf));
        let kind = kind(btf, symbol.name, ty, sections.get(&ty).copied())?;
        found.push((
            index,
            ty,
            ExternSpec { name: symbol.name.to_owned(), weak: symbol.is_weak(), kind },
        ));
    }
    found.sort_by(|a, b| order(&a.2).cmp(&order(&b.2)));
    let mut externs = Externs::default();
    let mut end = 0_u64;
    for (index, (symbol, ty, mut spec)) in found.into_iter().enumerate() {
        if let ExternKind::Kconfig(config) = &mut spec.kind {
            let start = end.next_multiple_of(u64::from(config.align));
            end = start + u64::from(config.size);
            if end > KCONFIG_MAX {
                let found = format!(
                    "the variables of .kconfig take more than {KCONFIG_MAX} bytes together"
                );
                return Err(ObjectError::new(
                    ObjectErrorKind::TooBig,
                    Place::symbol(&spec.name),
                    found,
                )
                .help("declare strings of options no longer than they can be"));
            }
            config.offset = u32::try_from(start).unwrap_or(u32::MAX);
        }
        externs.specs.push(spec);
        externs.types.push(ty);
        externs.by_symbol.insert(symbol, index);
    }
    externs.kconfig_size = u32::try_from(end).unwrap_or(u32::MAX);
    Ok(externs)
}

fn error(name: &str, found: impl Into<String>) -> ObjectError {
    ObjectError::new(ObjectErrorKind::Extern, Place::symbol(name), found)
}

/// `.kconfig` first, by falling alignment, then size; ties by name.
fn order(spec: &ExternSpec) -> (bool, std::cmp::Reverse<u32>, u32, &str) {
    match &spec.kind {
        ExternKind::Kconfig(config) => {
            (false, std::cmp::Reverse(config.align), config.size, spec.name.as_str())
        }
        _ => (true, std::cmp::Reverse(0), 0, spec.name.as_str()),
    }
}

fn declaration(btf: &Btf, name: &str) -> Result<TypeId, ObjectError> {
    let id = btf.find_all(name).find(|&id| matches!(btf.kind(id), Kind::Var | Kind::Func));
    let Some(id) = id else {
        return Err(error(name, "it is used but neither defined in the object nor declared in its BTF").help(
            "BPF has no libc: define it, use a __builtin, or declare a kernel function or variable with __ksym",
        ));
    };
    match btf.ty(id) {
        Type::Var { linkage: Linkage::Extern, .. }
        | Type::Func { linkage: Linkage::Extern, .. } => Ok(id),
        _ => {
            let found =
                format!("its symbol is undefined, but BTF type {id} of this name is no extern");
            Err(error(name, found)
                .help("compile the object again: symbols and BTF are of different sources"))
        }
    }
}

/// The first section that each variable or function is listed in.
fn sections_of(btf: &Btf) -> HashMap<TypeId, TypeId> {
    let mut sections = HashMap::new();
    for id in btf.ids() {
        if let Type::DataSec(section) = btf.ty(id) {
            for var in section.vars() {
                sections.entry(var.ty).or_insert(id);
            }
        }
    }
    sections
}

fn kind(
    btf: &Btf,
    name: &str,
    ty: TypeId,
    section: Option<TypeId>,
) -> Result<ExternKind, ObjectError> {
    let target = btf.ty(ty).target().unwrap_or_default();
    let is_func = btf.kind(ty) == Kind::Func;
    match section.map(|section| btf.name(section)) {
        Some(".kconfig") if is_func => {
            Err(error(name, "it is a function, and .kconfig holds variables only")
                .help("declare kernel functions with __ksym"))
        }
        Some(".kconfig") => kconfig(btf, name, target).map(ExternKind::Kconfig),
        Some(".ksyms") if is_func => Ok(ExternKind::Kfunc(target)),
        Some(".ksyms") => match btf.resolve(target) {
            TypeId::VOID => Ok(ExternKind::Symbol),
            resolved => Ok(ExternKind::Variable(resolved)),
        },
        Some(section) => {
            let found = format!(
                "it is declared in section {}, where no externs belong",
                crate::error::shown(section)
            );
            Err(error(name, found).help("declare it with __ksym or __kconfig"))
        }
        None => Err(error(
            name,
            "it is declared extern, but in no section that says where it comes from",
        )
        .help(
            "declare it with __ksym (kernel symbol) or __kconfig (CONFIG_ option), or link in the object that \
             defines it (bpftool gen object)",
        )),
    }
}

fn kconfig(btf: &Btf, name: &str, ty: TypeId) -> Result<KconfigExtern, ObjectError> {
    let size = btf.size_of(ty).filter(|&size| size > 0).and_then(|size| u32::try_from(size).ok());
    let align =
        btf.align_of(ty).filter(|&align| align > 0).and_then(|align| u32::try_from(align).ok());
    match (kconfig_kind(btf, ty), size, align) {
        (Some(kind), Some(size), Some(align)) => {
            Ok(KconfigExtern { kind, size, align, offset: 0, ty })
        }
        _ => {
            let found = format!("a variable of .kconfig cannot have type {}", describe(btf, ty));
            Err(error(name, found).help(
                "use bool, char, an integer, enum libbpf_tristate, or a char array for strings",
            ))
        }
    }
}

fn describe(btf: &Btf, ty: TypeId) -> String {
    let resolved = btf.resolved(ty);
    let name = crate::error::shown(resolved.name());
    format!("{} {name} {ty}", resolved.kind().name()).replace("  ", " ")
}

fn kconfig_kind(btf: &Btf, ty: TypeId) -> Option<KconfigKind> {
    match btf.resolved(ty) {
        Type::Int(int) if int.is_bool => (int.size == 1).then_some(KconfigKind::Bool),
        Type::Int(int) if int.size == 1 => Some(KconfigKind::Char { is_signed: int.is_signed }),
        Type::Int(int) if matches!(int.size, 2 | 4 | 8) => {
            Some(KconfigKind::Int { is_signed: int.is_signed })
        }
        Type::Enum(enumeration) => (enumeration.size == 4 && enumeration.name == "libbpf_tristate")
            .then_some(KconfigKind::Tristate),
        Type::Array(array) if array.len > 0 => {
            matches!(kconfig_kind(btf, array.element)?, KconfigKind::Char { .. })
                .then_some(KconfigKind::String)
        }
        _ => None,
    }
}
