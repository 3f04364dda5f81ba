//! The types of a program's context: the one that programs see, and the kernel's (`bpf_ctx_convert`).

use skep_abi::ProgType;
use skep_btf::{Kind, Type, TypeId};

use crate::env::Env;
use crate::subprog;

/// What the kernel calls the context of a program type, where it is a struct.
fn kernel_name(prog: ProgType) -> Option<&'static str> {
    use ProgType as P;
    Some(match prog {
        P::SocketFilter
        | P::SchedCls
        | P::SchedAct
        | P::CgroupSkb
        | P::LwtIn
        | P::LwtOut
        | P::LwtXmit
        | P::LwtSeg6local
        | P::SkSkb => "sk_buff",
        P::FlowDissector => "bpf_flow_dissector",
        P::Xdp => "xdp_buff",
        P::CgroupSock => "sock",
        P::CgroupSockAddr => "bpf_sock_addr_kern",
        P::SockOps => "bpf_sock_ops_kern",
        P::SkMsg => "sk_msg",
        P::Kprobe => "pt_regs",
        P::PerfEvent => "bpf_perf_event_data_kern",
        P::CgroupDevice => "bpf_cgroup_dev_ctx",
        P::CgroupSysctl => "bpf_sysctl_kern",
        P::CgroupSockopt => "bpf_sockopt_kern",
        P::SkReuseport => "sk_reuseport_kern",
        P::SkLookup => "bpf_sk_lookup_kern",
        P::Netfilter => "bpf_nf_ctx",
        _ => return None,
    })
}

/// Whether a pointer parameter of a kernel function is the program's context.
pub(super) fn is_ctx(env: &Env<'_>, param: TypeId) -> bool {
    let btf = env.kernel.btf;
    let Type::Ptr { target } = btf.resolved(param) else { return false };
    subprog::is_ctx(env, btf, target)
}

/// Whether programs see the kernel's struct `kernel` as `user` (`btf_is_projection_of`).
pub(super) fn is_projection(user: &str, kernel: &str) -> bool {
    matches!((user, kernel), ("__sk_buff", "sk_buff") | ("xdp_md", "xdp_buff"))
}

/// The kernel's struct of the context (`get_kern_ctx_btf_id`).
pub(super) fn kernel_ctx(env: &Env<'_>) -> Option<TypeId> {
    let name = kernel_name(env.prog.prog_type)?;
    env.kernel.btf.find(name, Kind::Struct)
}

/// What the kernel calls the context where it is no struct, by the struct that the kernel keeps for this question.
pub(super) fn kernel_type(env: &Env<'_>) -> TypeId {
    let btf = env.kernel.btf;
    let name = format!("BPF_PROG_TYPE_{}_kern", env.prog.prog_type.name().to_uppercase());
    let all = btf.find("bpf_ctx_convert", Kind::Struct);
    let members = all.and_then(|id| btf.ty(id).composite());
    let member = members.and_then(|all| all.members().find(|member| member.name == name));
    member.map_or(TypeId::VOID, |member| member.ty)
}
