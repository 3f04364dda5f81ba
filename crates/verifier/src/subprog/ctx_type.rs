//! Which types of an argument are the context (`btf_is_prog_ctx_type`, `btf_validate_prog_ctx_type`).

use skep_abi::{AttachType, ProgType};
use skep_btf::{Btf, Type, TypeId};

use crate::diag::{Step, rejections};
use crate::env::Env;

rejections! {
    /// An argument tagged as the context has a nameless type.
    CtxNameless("ctx-argument-nameless", EINVAL, help: "declare the argument as the context's type, or as `void *`") {
        arg: usize,
    } => "arg#{arg} type doesn't have a name";

    /// An argument tagged as the context has a type, and programs of this type know none.
    CtxShouldBeVoid("ctx-argument-should-be-void", EINVAL, help: "declare the argument as `void *`") {
        arg: usize,
    } => "arg#{arg} should be void pointer";

    /// An argument tagged as the context has another type than the context.
    CtxWrongType("ctx-argument-wrong-type", EINVAL, help: "declare the argument as the context's type, or as `void *`") {
        arg: usize, want: &'static str,
    } => "arg#{arg} should be `struct {want} *`";
}

/// The kprobe's own name for its context.
const USER_REGS: &str = "bpf_user_pt_regs_t";

/// The struct that programs of a type see as their context, in the uapi's words (`find_canonical_prog_ctx_type`);
/// none where it is nameless.
fn canonical(prog_type: ProgType) -> Option<&'static str> {
    Some(match prog_type {
        ProgType::SocketFilter
        | ProgType::SchedCls
        | ProgType::SchedAct
        | ProgType::CgroupSkb
        | ProgType::LwtIn
        | ProgType::LwtOut
        | ProgType::LwtXmit
        | ProgType::LwtSeg6local
        | ProgType::SkSkb
        | ProgType::FlowDissector => "__sk_buff",
        ProgType::Xdp => "xdp_md",
        ProgType::CgroupSock => "bpf_sock",
        ProgType::CgroupSockAddr => "bpf_sock_addr",
        ProgType::SockOps => "bpf_sock_ops",
        ProgType::SkMsg => "sk_msg_md",
        ProgType::Kprobe => "pt_regs",
        ProgType::PerfEvent => "bpf_perf_event_data",
        ProgType::RawTracepoint | ProgType::RawTracepointWritable => "bpf_raw_tracepoint_args",
        ProgType::CgroupDevice => "bpf_cgroup_dev_ctx",
        ProgType::CgroupSysctl => "bpf_sysctl",
        ProgType::CgroupSockopt => "bpf_sockopt",
        ProgType::SkReuseport => "sk_reuseport_md",
        ProgType::SkLookup => "bpf_sk_lookup",
        ProgType::Netfilter => "bpf_nf_ctx",
        _ => return None,
    })
}

/// Whether some typedef on the way to the type is the kprobe's.
fn is_user_regs(btf: &Btf, target: TypeId) -> bool {
    matches!(btf.ty(btf.skip_modifiers(target)), Type::Typedef { name: USER_REGS, .. })
}

/// Whether a pointer to this type is the context without any tag.
pub(crate) fn is_ctx(env: &Env<'_>, btf: &Btf, target: TypeId) -> bool {
    let prog_type = env.prog.prog_type;
    if prog_type == ProgType::Kprobe && is_user_regs(btf, target) {
        return true;
    }
    let shape = btf.resolved(target);
    let (Some(want), Some(_)) = (canonical(prog_type), shape.composite()) else { return false };
    let name = shape.name();
    // The kernel compares with its typedef's name first, whatever the program means by it.
    if prog_type == ProgType::Kprobe && name == USER_REGS {
        return true;
    }
    let is_kernel_side = matches!((want, name), ("__sk_buff", "sk_buff") | ("xdp_md", "xdp_buff"));
    name == want || is_kernel_side
}

/// Whether an argument tagged as the context has a type that suits.
pub(super) fn check(env: &Env<'_>, btf: &Btf, target: TypeId, arg: usize) -> Step {
    let prog_type = env.prog.prog_type;
    let takes_regs = matches!(prog_type, ProgType::Kprobe | ProgType::PerfEvent);
    if takes_regs && is_user_regs(btf, target) {
        return Ok(());
    }
    let shape = btf.resolved(target);
    if matches!(shape, Type::Void) {
        return Ok(());
    }
    let name = shape.name();
    if name.is_empty() {
        return Err(CtxNameless { arg }.into());
    }
    let is_struct = shape.composite().is_some();
    let is_u64 = matches!(shape, Type::Int(int) if int.size == 8);
    let suits = match prog_type {
        ProgType::Kprobe | ProgType::PerfEvent => is_struct && name == "pt_regs",
        ProgType::RawTracepoint | ProgType::RawTracepointWritable => is_u64,
        ProgType::Tracing => match env.prog.attach_type {
            AttachType::TraceRawTp => is_u64 || is_struct && name == "bpf_raw_tracepoint_args",
            AttachType::TraceIter => is_struct && name.starts_with("bpf_iter__"),
            AttachType::TraceFentry | AttachType::TraceFexit | AttachType::ModifyReturn => is_u64,
            _ => false,
        },
        ProgType::Lsm | ProgType::StructOps => is_u64,
        ProgType::Tracepoint | ProgType::Syscall | ProgType::Ext => true,
        _ => false,
    };
    if suits {
        return Ok(());
    }
    match canonical(prog_type) {
        None => Err(CtxShouldBeVoid { arg }.into()),
        Some(want) if is_struct && name == want => Ok(()),
        Some(want) => Err(CtxWrongType { arg, want }.into()),
    }
}
