//! Structs of operations against the kernel's: `bpf_map__init_kern_struct_ops`.

use std::collections::{HashMap, HashSet};

use skep_btf::{Btf, Composite, Kind, Type, TypeId};

use crate::error::{Missing, MissingKind, shown};
use crate::index::ProgIdx;
use crate::maps::{MapSpec, StructOpsSpec};
use crate::profile::KernelProfile;

/// What the kernel makes of a program that implements an operation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Id of the struct, index of the member.
    Member(TypeId, u32),
    Missing(Missing),
    Failed(String),
}

/// Whether the programs that maps refer to are loaded: those of maps that are created.
pub(crate) fn users(maps: &[MapSpec]) -> HashMap<ProgIdx, bool> {
    let mut users = HashMap::new();
    for map in maps {
        for member in map.struct_ops.iter().flat_map(|ops| &ops.programs) {
            *users.entry(member.program).or_insert(false) |= map.autocreate;
        }
    }
    users
}

/// Fills in the kernel's types of every map that is created, and tells what each program is.
pub(crate) fn resolve(
    maps: &mut [MapSpec],
    btf: Option<&Btf>,
    profile: &KernelProfile,
) -> HashMap<ProgIdx, Operation> {
    let mut operations = HashMap::new();
    let Some(btf) = btf else { return operations };
    for map in maps.iter_mut().filter(|map| map.autocreate) {
        let Some(ops) = &mut map.struct_ops else { continue };
        let kernel = kernel_types(ops, profile);
        if let Ok(kernel) = &kernel {
            (ops.kernel_type, ops.kernel_value_type) = (Some(kernel.ty), Some(kernel.value));
            map.value_size = profile
                .btf
                .size_of(kernel.value)
                .and_then(|size| size.try_into().ok())
                .unwrap_or(0);
        }
        let kernel =
            kernel.and_then(|kernel| members_agree(btf, ops, &kernel, profile).map(|()| kernel));
        for member in &ops.programs {
            let new = match &kernel {
                Ok(kernel) => operation(&member.name, kernel, profile),
                Err(fault) => fault.clone(),
            };
            let entry = operations.entry(member.program).or_insert_with(|| new.clone());
            *entry = merge(entry.clone(), new);
        }
    }
    operations
}

struct KernelTypes<'a> {
    ty: TypeId,
    value: TypeId,
    composite: Composite<'a>,
}

fn kernel_types<'a>(
    ops: &StructOpsSpec,
    profile: &'a KernelProfile,
) -> Result<KernelTypes<'a>, Operation> {
    let find = |name: &str| {
        profile.btf.find(name, Kind::Struct).ok_or_else(|| {
            if profile.left_out(Kind::Struct, name) {
                Operation::Missing(Missing {
                    kind: MissingKind::Type,
                    name: format!("struct {name}"),
                })
            } else {
                Operation::Failed(format!(
                    "the kernel has no struct {}, so it takes no such operations",
                    shown(name)
                ))
            }
        })
    };
    let value = find(&format!("bpf_struct_ops_{}", ops.type_name))?;
    let ty = find(&ops.type_name)?;
    let holds = profile
        .btf
        .ty(value)
        .composite()
        .is_some_and(|composite| composite.members().any(|member| member.ty == ty));
    match profile.btf.ty(ty) {
        Type::Struct(composite) if holds => Ok(KernelTypes { ty, value, composite }),
        _ => Err(Operation::Failed(format!(
            "the kernel's bpf_struct_ops_{0} has no member struct {0}",
            shown(&ops.type_name)
        ))),
    }
}

/// Checks that every member that is set exists in the kernel's struct with the same kind and size.
fn members_agree(
    btf: &Btf,
    ops: &StructOpsSpec,
    kernel: &KernelTypes<'_>,
    profile: &KernelProfile,
) -> Result<(), Operation> {
    let Type::Struct(composite) = btf.ty(ops.ty) else { return Ok(()) };
    let theirs: HashMap<&str, _> =
        kernel.composite.members().map(|member| (member.name, member)).collect();
    let implemented: HashSet<u32> = ops.programs.iter().map(|program| program.offset * 8).collect();
    for member in composite.members() {
        let failed = |found: &str| {
            Operation::Failed(format!(
                "member {} of struct {} {found}",
                shown(member.name),
                shown(&ops.type_name)
            ))
        };
        let size = btf.size_of(member.ty).unwrap_or(0);
        let start = member.bit_offset as usize / 8;
        let bytes = ops.data.get(start..).map(|rest| &rest[..rest.len().min(size as usize)]);
        let is_program = implemented.contains(&member.bit_offset);
        let is_set = is_program || bytes.is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0));
        let Some(their) = theirs.get(member.name) else {
            if is_set {
                return Err(failed("is set, but the kernel's struct has no such member"));
            }
            continue;
        };
        if member.bitfield != 0 || their.bitfield != 0 {
            return Err(failed("is a bitfield, which loaders do not take"));
        }
        if btf.resolved(member.ty).kind() != profile.btf.resolved(their.ty).kind() {
            return Err(failed("is of another kind than the kernel's"));
        }
        if Some(size) != profile.btf.size_of(their.ty) {
            return Err(failed("has another size than the kernel's"));
        }
    }
    Ok(())
}

fn operation(name: &str, kernel: &KernelTypes<'_>, profile: &KernelProfile) -> Operation {
    let found = (0..).zip(kernel.composite.members()).find(|(_, member)| member.name == name);
    let Some((index, member)) = found else {
        return Operation::Failed(format!(
            "the kernel's struct {} has no member {}",
            shown(kernel.composite.name),
            shown(name)
        ));
    };
    let is_func_ptr = matches!(
        profile.btf.resolved(member.ty),
        Type::Ptr { target } if profile.btf.resolved(target).kind() == Kind::FuncProto
    );
    if is_func_ptr {
        Operation::Member(kernel.ty, index)
    } else {
        Operation::Failed(format!("member {} is no function in the kernel", shown(name)))
    }
}

/// A program may implement the same operation of several maps, but not two different ones.
fn merge(first: Operation, second: Operation) -> Operation {
    match (&first, &second) {
        (Operation::Member(ty, index), Operation::Member(other, other_index))
            if (ty, index) != (other, other_index) =>
        {
            Operation::Failed(
                "it implements two different operations, and a program can be one".into(),
            )
        }
        (Operation::Member(..), _) => second,
        _ => first,
    }
}
