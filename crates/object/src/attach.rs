//! What a program attaches to by BTF: `attach_btf_id`, libbpf's `find_kernel_btf_id`.

use skep_abi::{AttachType, ProgType};
use skep_btf::{Kind, TypeId};

use crate::error::{Missing, MissingKind, shown};
use crate::profile::KernelProfile;
use crate::spec::ProgramSpec;

/// Longest name that libbpf looks up, prefix included.
const NAME_MAX: usize = 127;

/// Why a program has no target.
pub(crate) enum NoTarget {
    Missing(Missing),
    Failed(String, &'static str),
}

/// Finds the function, tracepoint or hook in the kernel's BTF; none for programs that attach otherwise.
pub(crate) fn target(
    program: &ProgramSpec,
    profile: &KernelProfile,
) -> Result<Option<TypeId>, NoTarget> {
    if !program.def.is_some_and(|def| def.attaches_by_btf) {
        return Ok(None);
    }
    if program.prog_type == ProgType::Ext {
        let name = "freplace, whose target is a loaded program,".to_owned();
        return Err(NoTarget::Missing(Missing { kind: MissingKind::Feature, name }));
    }
    let Some(target) = &program.attach_target else {
        return Err(NoTarget::Failed(
            format!("section {} names nothing to attach to", shown(&program.section)),
            "write what it attaches to after a slash, as in fentry/do_unlinkat",
        ));
    };
    let (prefix, kind) = match program.attach_type {
        Some(AttachType::TraceRawTp) => ("btf_trace_", Kind::Typedef),
        Some(AttachType::LsmMac | AttachType::LsmCgroup) => ("bpf_lsm_", Kind::Func),
        Some(AttachType::TraceIter) => ("bpf_iter_", Kind::Func),
        _ => ("", Kind::Func),
    };
    // `module:function`; only the kernel itself is in the profile.
    let (module, target) =
        target.split_once(':').map_or((None, &**target), |(module, name)| (Some(module), name));
    let name = format!("{prefix}{target}");
    if name.len() > NAME_MAX {
        return Err(NoTarget::Failed(
            format!("{} is too long for a name", shown(&name)),
            "name a function of the kernel",
        ));
    }
    let is_vmlinux = module.is_none_or(|module| "vmlinux".starts_with(module));
    match profile.btf.find(&name, kind).filter(|_| is_vmlinux) {
        Some(id) => Ok(Some(id)),
        None if !is_vmlinux || profile.left_out(kind, &name) => {
            let name =
                module.map_or_else(|| target.to_owned(), |module| format!("{module}:{target}"));
            Err(NoTarget::Missing(Missing { kind: MissingKind::AttachTarget, name }))
        }
        None => Err(NoTarget::Failed(
            format!("the kernel's types have no {} to attach to", shown(&name)),
            "choose a kernel that has it, or another function",
        )),
    }
}
