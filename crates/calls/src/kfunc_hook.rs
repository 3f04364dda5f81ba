//! `enum btf_kfunc_hook`: program types that kfuncs are registered for together, and since when each may call them
//! (`bpf_prog_type_to_kfunc_hook`).

use skep_abi::ProgType as P;
use skep_abi::{Avail, Grant, KernelVersion};

const fn since(progs: &'static [P], major: u8, minor: u8) -> Grant {
    Grant { progs, since: KernelVersion::new(major, minor), until: None }
}

pub(crate) const XDP: Avail = &[since(&[P::Xdp], 5, 13)];
pub(crate) const TC: Avail = &[since(&[P::SchedCls], 5, 13)];
pub(crate) const STRUCT_OPS: Avail = &[since(&[P::StructOps], 5, 13)];
pub(crate) const TRACING: Avail = &[
    since(&[P::Tracing, P::Lsm], 5, 13),
    since(&[P::Tracepoint, P::PerfEvent], 6, 12),
    since(&[P::RawTracepoint], 7, 0),
];
pub(crate) const SYSCALL: Avail = &[since(&[P::Syscall], 5, 18)];
pub(crate) const CGROUP: Avail = &[
    since(&[P::CgroupSkb], 6, 4),
    since(
        &[P::CgroupSock, P::CgroupDevice, P::CgroupSockAddr, P::CgroupSockopt, P::CgroupSysctl],
        6,
        7,
    ),
    since(&[P::SockOps], 6, 15),
];
pub(crate) const SCHED_ACT: Avail = &[since(&[P::SchedAct], 6, 4)];
pub(crate) const SK_SKB: Avail = &[since(&[P::SkSkb], 6, 4)];
pub(crate) const SOCKET_FILTER: Avail = &[since(&[P::SocketFilter], 6, 4)];
pub(crate) const LWT: Avail = &[since(&[P::LwtIn, P::LwtOut, P::LwtXmit, P::LwtSeg6local], 6, 4)];
pub(crate) const NETFILTER: Avail = &[since(&[P::Netfilter], 6, 5)];
pub(crate) const KPROBE: Avail = &[since(&[P::Kprobe], 6, 10)];
