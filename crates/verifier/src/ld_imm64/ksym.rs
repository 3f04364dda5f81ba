//! Kernel variables and functions by BTF id (`check_pseudo_btf_id`).

use skep_abi::TypeFlags;
use skep_btf::{Btf, Kind, Type, TypeId};

use crate::diag::{Step, Stop, rejections};
use crate::env::{Env, Imm64};
use crate::state::{Base, RegType};

/// The section of the kernel's per-CPU variables.
const PERCPU_SECTION: &str = ".data..percpu";

rejections! {
    /// The id of a kernel symbol does not exist.
    KsymUnknownId("ksym-unknown-id", ENOENT, help: "load the object with a loader, so that symbols are resolved against this kernel") {
        id: i32,
    } => "ldimm64 insn specifies invalid btf_id {id}.";

    /// The id of a kernel symbol is neither that of a variable nor of a function.
    KsymKind("ksym-kind", EINVAL, help: "load the object with a loader, so that symbols are resolved against this kernel") {
        id: i32,
    } => "pseudo btf_id {id} in ldimm64 isn't KIND_VAR or KIND_FUNC";

    /// The id of a kernel symbol is not that of a variable; kernels before 6.4 load no address of a function.
    KsymKindOld("ksym-not-variable", EINVAL, help: "declare the function without a type: `extern const void f __ksym;`") {
        id: i32,
    } => "pseudo btf_id {id} in ldimm64 isn't KIND_VAR.";

    /// The load of a kernel symbol names a module that the program was not loaded with.
    ///
    /// Loaders write the descriptor of a module only where the symbol is that module's.
    KsymModule("ksym-module", EINVAL, help: "load the object with a loader, so that symbols are resolved against this kernel") {
    } => "invalid module BTF object FD specified.";

    /// The kernel does not tell where its variable lies.
    ///
    /// A kernel built without `CONFIG_KALLSYMS_ALL` knows its functions by name, but not its variables.
    KsymNoAddress("ksym-without-address", ENOENT, help: "run a kernel with `CONFIG_KALLSYMS_ALL`, or read the value by other means") {
        name: String,
    } => "ldimm64 failed to find the address for kernel symbol '{name}'.";

    /// The type of a kernel variable has no size.
    KsymSize("ksym-without-size", EINVAL, help: "declare the variable as `void` and read it by `bpf_probe_read_kernel`") {
        name: String,
    } => "ldimm64 unable to resolve the size of type '{name}': -22";
}

/// What a load of the symbol's address leaves in a register.
pub(super) fn resolve(env: &Env<'_>, id: i32, module: i32) -> Step<Imm64> {
    if module != 0 {
        // Programs come without descriptors of modules, so that none is right.
        return Err(KsymModule {}.into());
    }
    let btf = env.kernel.btf;
    let target = match btf.get(TypeId(id.cast_unsigned())) {
        None => return Err(KsymUnknownId { id }.into()),
        Some(ty) if !matches!(ty, Type::Var { .. }) && !env.features.loads_kfunc_addresses() => {
            return Err(KsymKindOld { id }.into());
        }
        Some(Type::Func { .. }) => {
            let ty = RegType::with(Base::Mem, TypeFlags::MEM_RDONLY);
            return Ok(Imm64::Ksym { ty, size: 0, btf: None });
        }
        Some(Type::Var { name, .. })
            if (env.kernel.config)("CONFIG_KALLSYMS_ALL") == Some(false) =>
        {
            return Err(KsymNoAddress { name: name.to_owned() }.into());
        }
        Some(Type::Var { target, .. }) => target,
        Some(_) => return Err(KsymKind { id }.into()),
    };
    if is_percpu(env, btf, TypeId(id.cast_unsigned()))? {
        let ty = RegType::with(Base::BtfId, TypeFlags::MEM_PERCPU);
        return Ok(Imm64::Ksym { ty, size: 0, btf: Some(target) });
    }
    if btf.resolved(target).composite().is_some() {
        let ty = RegType::new(Base::BtfId);
        return Ok(Imm64::Ksym { ty, size: 0, btf: Some(target) });
    }
    let size = btf.size_of(target).and_then(|size| u32::try_from(size).ok());
    let Some(size) = size else {
        return Err(KsymSize { name: btf.name(btf.resolve(target)).to_owned() }.into());
    };
    Ok(Imm64::Ksym { ty: RegType::with(Base::Mem, TypeFlags::MEM_RDONLY), size, btf: None })
}

fn is_percpu(env: &Env<'_>, btf: &Btf, var: TypeId) -> Step<bool> {
    match is_percpu_var(btf, var) {
        Some(is_percpu) => Ok(is_percpu),
        None if (env.kernel.left_out)(Kind::DataSec, PERCPU_SECTION) => {
            Stop::unsupported("per-CPU variables of a reduced profile")
        }
        None => Ok(false),
    }
}

/// Whether each CPU has a kernel variable of its own; `None` where the types lack the section that tells.
#[must_use]
pub fn is_percpu_var(btf: &Btf, var: TypeId) -> Option<bool> {
    let section = btf.find(PERCPU_SECTION, Kind::DataSec).map(|id| btf.ty(id));
    let Some(Type::DataSec(section)) = section else { return None };
    Some(section.vars().any(|member| member.ty == var))
}
