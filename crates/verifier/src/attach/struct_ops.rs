//! The member of a struct of kernel operations that a program implements (`check_struct_ops_btf_id`).

use skep_abi::Errno;
use skep_btf::{Kind, Type, TypeId};

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

rejections! {
    /// A struct_ops program has no GPL-compatible licence.
    StructOpsNeedsGpl("struct-ops-needs-gpl", EINVAL, help: "declare a GPL-compatible licence") {
    } => "struct ops programs must have a GPL compatible license";

    /// The struct is none that BPF programs may implement.
    StructOpsUnknown("struct-ops-unknown", ENOTSUPP, help: "use a struct that this kernel lets BPF implement") {
        id: u32,
    } => "attach_btf_id {id} is not a supported struct";

    /// The struct has no such member.
    StructOpsMemberIndex("struct-ops-member-index", EINVAL, help: "load the object with a loader, so that the struct is resolved against this kernel") {
        index: u32, name: String,
    } => "attach to invalid member idx {index} of struct {name}";

    /// The member is no pointer to a function.
    StructOpsMemberKind("struct-ops-member-kind", EINVAL, help: "assign the program to a member that is a function") {
        member: String, index: u32, name: String,
    } => "attach to invalid member {member}(@idx {index}) of struct {name}";

    /// The kernel lets no program implement this member, or no sleepable one.
    StructOpsMemberUnsupported("struct-ops-member-unsupported", ENOTSUPP, help: "leave this member empty; for a sleepable program, use `SEC(\"struct_ops\")`") {
        member: String, name: String,
    } => "attach to unsupported member {member} of struct {name}";
}

/// Checks it, and leaves the member's prototype.
pub(super) fn check(env: &mut Env<'_>) -> Step {
    let (prog, btf) = (env.prog, env.kernel.btf);
    if !prog.gpl_compatible {
        return Err(StructOpsNeedsGpl {}.into());
    }
    let id = prog.attach_btf_id.unwrap_or(TypeId::VOID);
    let Type::Struct(ops) = btf.ty(id) else {
        return Err(StructOpsUnknown { id: id.0 }.into());
    };
    let holder = format!("bpf_struct_ops_{}", ops.name);
    if btf.find(&holder, Kind::Struct).is_none() {
        return match (env.kernel.left_out)(Kind::Struct, &holder) {
            true => Stop::unsupported(format!("struct {holder}, which the profile lacks")),
            false => Err(StructOpsUnknown { id: id.0 }.into()),
        };
    }
    let name = || ops.name.to_owned();
    let index = prog.struct_ops_member.unwrap_or(0);
    let Some(member) = ops.member(index as usize) else {
        return Err(StructOpsMemberIndex { index, name: name() }.into());
    };
    let pointee = btf.resolved(member.ty).target().map(|target| btf.resolve(target));
    let Some(proto) = pointee.filter(|&id| matches!(btf.ty(id), Type::FuncProto(_))) else {
        let member = member.name.to_owned();
        return Err(StructOpsMemberKind { member, index, name: name() }.into());
    };
    if !is_supported(ops.name, member.name, prog.sleepable) {
        let errno = match has_default(ops.name, member.name) {
            true => Errno::EINVAL,
            false => Errno::ENOTSUPP,
        };
        let member = member.name.to_owned();
        let stop = Box::<Stop>::from(StructOpsMemberUnsupported { member, name: name() });
        return Err(with_errno(stop, errno));
    }
    env.attach_func_proto = Some(proto);
    Ok(())
}

/// Members without which the kernel does well, so that no program may implement them.
const NO_DEFAULT: [(&str, &str); 1] = [("tcp_congestion_ops", "get_info")];

/// Structs whose members may be implemented by sleepable programs only where listed.
const SLEEPABLE: [(&str, &[&str]); 3] = [
    ("bpf_dummy_ops", &["test_sleepable"]),
    ("hid_bpf_ops", &["hid_hw_request", "hid_hw_output_report"]),
    (
        "sched_ext_ops",
        &[
            "init_task",
            "cgroup_init",
            "cgroup_exit",
            "cgroup_prep_move",
            "cpu_online",
            "cpu_offline",
            "init",
            "exit",
        ],
    ),
];

fn has_default(ops: &str, member: &str) -> bool {
    !NO_DEFAULT.contains(&(ops, member))
}

fn is_supported(ops: &str, member: &str, sleepable: bool) -> bool {
    let sleepers = SLEEPABLE.iter().find(|(name, _)| *name == ops);
    has_default(ops, member)
        && (!sleepable || sleepers.is_none_or(|(_, members)| members.contains(&member)))
}

fn with_errno(mut stop: Box<Stop>, errno: Errno) -> Box<Stop> {
    if let Stop::Reject(reject) = &mut *stop {
        reject.errno = errno;
    }
    stop
}
