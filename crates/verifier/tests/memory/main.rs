//! Memory against the running kernel: every load and store of a context that could be written, offset by offset, and
//! of the stack.

mod judges;
mod stack;
mod sweep;

use skep_abi::{AttachType, ProgType};
use skep_btf::Kind;

use judges::{Loaded, find};

/// The offsets that the context of perf events is tried at; it has 184 bytes.
const PERF_EVENT: std::ops::Range<i32> = -8..200;

#[test]
fn perf_events_see_what_the_kernel_shows() {
    sweep::of("perf_event", Loaded::plain(ProgType::PerfEvent), PERF_EVENT);
}

#[test]
fn traced_programs_see_what_the_kernel_shows() {
    sweep::of("kprobe", Loaded::plain(ProgType::Kprobe), -8..200);
    sweep::of("tracepoint", Loaded::plain(ProgType::Tracepoint), -8..40);
    sweep::of("tracepoint", Loaded::plain(ProgType::Tracepoint), 8180..8210);
    sweep::of("raw_tracepoint", Loaded::plain(ProgType::RawTracepoint), -8..120);
    let writable = Loaded::plain(ProgType::RawTracepointWritable);
    sweep::of("raw_tracepoint_writable", writable, -8..120);
    sweep::of("lirc_mode2", Loaded::plain(ProgType::LircMode2), -8..24);
    sweep::of("syscall", Loaded::plain(ProgType::Syscall), -8..40);
    sweep::of("syscall", Loaded::plain(ProgType::Syscall), 32740..32767);
}

#[test]
fn packet_programs_see_what_the_kernel_shows() {
    use ProgType as P;
    for prog_type in [
        P::SocketFilter,
        P::SchedCls,
        P::SchedAct,
        P::CgroupSkb,
        P::LwtIn,
        P::LwtOut,
        P::LwtXmit,
        P::LwtSeg6local,
        P::FlowDissector,
    ] {
        sweep::of(prog_type.name(), Loaded::plain(prog_type), -8..208);
    }
    for attach in [AttachType::SkSkbStreamParser, AttachType::SkSkbVerdict] {
        sweep::of(attach.name(), Loaded::new(P::SkSkb, attach), -8..208);
    }
    for attach in [AttachType::Xdp, AttachType::XdpDevmap, AttachType::XdpCpumap] {
        sweep::of(attach.name(), Loaded::new(P::Xdp, attach), -8..40);
    }
    sweep::of("netfilter", Loaded::new(P::Netfilter, AttachType::Netfilter), -8..32);
}

#[test]
fn socket_programs_see_what_the_kernel_shows() {
    use AttachType as A;
    use ProgType as P;
    for attach in [
        A::CgroupInetIngress,
        A::CgroupInetSockCreate,
        A::CgroupInetSockRelease,
        A::CgroupInet4PostBind,
        A::CgroupInet6PostBind,
    ] {
        sweep::of(attach.name(), Loaded::new(P::CgroupSock, attach), -8..96);
    }
    sweep::of("sock_ops", Loaded::new(P::SockOps, A::CgroupSockOps), -8..240);
    sweep::of("sk_msg", Loaded::new(P::SkMsg, A::SkMsgVerdict), -8..96);
    sweep::of("sk_reuseport", Loaded::plain(P::SkReuseport), -8..72);
    sweep::of("sk_lookup", Loaded::new(P::SkLookup, A::SkLookup), -8..88);
}

#[test]
fn cgroup_programs_see_what_the_kernel_shows() {
    use AttachType as A;
    use ProgType as P;
    for attach in [
        A::CgroupInet4Bind,
        A::CgroupInet6Bind,
        A::CgroupInet4Connect,
        A::CgroupInet6Connect,
        A::CgroupUdp4Sendmsg,
        A::CgroupUdp6Sendmsg,
        A::CgroupUdp4Recvmsg,
        A::CgroupUdp6Recvmsg,
        A::CgroupInet4Getpeername,
        A::CgroupInet6Getsockname,
        A::CgroupUnixConnect,
    ] {
        sweep::of(attach.name(), Loaded::new(P::CgroupSockAddr, attach), -8..88);
    }
    sweep::of("device", Loaded::new(P::CgroupDevice, A::CgroupDevice), -8..24);
    sweep::of("sysctl", Loaded::new(P::CgroupSysctl, A::CgroupSysctl), -8..24);
    for attach in [A::CgroupGetsockopt, A::CgroupSetsockopt] {
        sweep::of(attach.name(), Loaded::new(P::CgroupSockopt, attach), -8..56);
    }
}

#[test]
fn iterators_see_what_the_kernel_shows() {
    for name in [
        "bpf_map",
        "bpf_map_elem",
        "bpf_link",
        "bpf_prog",
        "bpf_sk_storage_map",
        "cgroup",
        "dmabuf",
        "ipv6_route",
        "kmem_cache",
        "ksym",
        "netlink",
        "sockmap",
        "task",
        "task_file",
        "task_vma",
        "tcp",
        "udp",
        "unix",
    ] {
        let Some(id) = find(&format!("bpf_iter_{name}"), Kind::Func) else {
            skep_skip::skipped!("this kernel has no iterator over {name}");
            continue;
        };
        let loaded = Loaded::new(ProgType::Tracing, AttachType::TraceIter).to(id);
        sweep::of(name, loaded, -8..48);
    }
}

#[test]
fn struct_ops_see_what_the_kernel_shows() {
    for (name, members) in [("tcp_congestion_ops", 18), ("bpf_dummy_ops", 3)] {
        let Some(id) = find(name, Kind::Struct) else {
            skep_skip::skipped!("this kernel has no {name}");
            continue;
        };
        for member in 0..members {
            let loaded = Loaded {
                struct_ops_member: Some(member),
                ..Loaded::plain(ProgType::StructOps).to(id)
            };
            sweep::of(&format!("{name} {member}"), loaded, -8..56);
        }
    }
}

#[test]
fn tracepoints_see_what_the_kernel_shows() {
    sweep::arguments_of_tracepoints();
}
