//! Program types that look their helpers up in one table of the kernel.
//!
//! Measured on 6.18 and 6.19 (`facts/helper-by-prog-type-*.tsv`), read in the sources of 6.1 and 6.12; older
//! releases as public documentation has them. A type that is younger than a grant has the call from its own
//! first release on.

use skep_abi::ProgType::{
    CgroupDevice, CgroupSkb, CgroupSock, CgroupSockAddr, CgroupSockopt, CgroupSysctl,
    FlowDissector, Kprobe, LircMode2, Lsm, LwtIn, LwtOut, LwtSeg6local, LwtXmit, Netfilter,
    PerfEvent, RawTracepoint, RawTracepointWritable, SchedAct, SchedCls, SkLookup, SkMsg,
    SkReuseport, SkSkb, SockOps, SocketFilter, StructOps, Syscall, Tracepoint, Tracing, Unspec,
    Xdp,
};

/// A named set.
pub(crate) type ProgSet = &'static [skep_abi::ProgType];

/// `bpf_base_func_proto`: every type but LIRC, which has a short list of its own, and extensions, which take
/// the table of the program that they extend.
pub(crate) const BASE: ProgSet = &[
    SocketFilter,
    Kprobe,
    SchedCls,
    SchedAct,
    Tracepoint,
    Xdp,
    PerfEvent,
    CgroupSkb,
    CgroupSock,
    LwtIn,
    LwtOut,
    LwtXmit,
    SockOps,
    SkSkb,
    CgroupDevice,
    SkMsg,
    RawTracepoint,
    CgroupSockAddr,
    LwtSeg6local,
    SkReuseport,
    FlowDissector,
    CgroupSysctl,
    RawTracepointWritable,
    CgroupSockopt,
    Tracing,
    StructOps,
    Lsm,
    SkLookup,
    Syscall,
    Netfilter,
];

/// `lirc_mode2_func_proto`.
pub(crate) const LIRC: ProgSet = &[LircMode2];

/// Kfuncs that are registered for all types (`BPF_PROG_TYPE_UNSPEC`).
pub(crate) const COMMON: ProgSet = &[
    Unspec,
    SocketFilter,
    Kprobe,
    SchedCls,
    SchedAct,
    Tracepoint,
    Xdp,
    PerfEvent,
    CgroupSkb,
    CgroupSock,
    LwtIn,
    LwtOut,
    LwtXmit,
    SockOps,
    SkSkb,
    CgroupDevice,
    SkMsg,
    RawTracepoint,
    CgroupSockAddr,
    LwtSeg6local,
    LircMode2,
    SkReuseport,
    FlowDissector,
    CgroupSysctl,
    RawTracepointWritable,
    CgroupSockopt,
    Tracing,
    StructOps,
    Lsm,
    SkLookup,
    Syscall,
    Netfilter,
];

/// `bpf_tracing_func_proto`: what observes the kernel, and system call programs.
pub(crate) const TRACING: ProgSet =
    &[Kprobe, Tracepoint, PerfEvent, RawTracepoint, RawTracepointWritable, Tracing, Lsm, Syscall];

/// Raw tracepoints of both kinds.
pub(crate) const RAW_TRACEPOINT: ProgSet = &[RawTracepoint, RawTracepointWritable];

/// Programs that a BPF trampoline runs.
pub(crate) const TRAMPOLINE: ProgSet = &[Tracing, Lsm];

/// `cgroup_current_func_proto` in its first use: sockets of a cgroup, made and bound in process context.
pub(crate) const CGROUP_SOCKET: ProgSet = &[CgroupSock, CgroupSockAddr];

/// The other cgroup types that run in process context.
pub(crate) const CGROUP_OTHER: ProgSet = &[CgroupDevice, CgroupSysctl, CgroupSockopt];

/// TC and XDP.
pub(crate) const TC_XDP: ProgSet = &[SchedCls, SchedAct, Xdp];

/// `lwt_out_func_proto` and those that fall back to it.
pub(crate) const LWT: ProgSet = &[LwtIn, LwtOut, LwtXmit, LwtSeg6local];

/// `tc_cls_act_func_proto`.
pub(crate) const TC: ProgSet = &[SchedCls, SchedAct];

/// `sk_filter_func_proto` and what falls back to it.
pub(crate) const SK_FILTER: ProgSet = &[SocketFilter, CgroupSkb];

/// `lwt_out_func_proto`, but for segment routing.
pub(crate) const LWT_PLAIN: ProgSet = &[LwtIn, LwtOut, LwtXmit];

/// Types that look sockets up.
pub(crate) const SK_LOOKUPS: ProgSet = &[CgroupSockAddr, CgroupSkb, SchedCls, SchedAct, Xdp, SkSkb];

/// Types that handle an skb, but for TC and light-weight tunnels.
pub(crate) const SKB: ProgSet = &[SocketFilter, CgroupSkb, SkSkb];

/// `bpf_sk_base_func_proto` and the tables that name the coarse clock themselves.
pub(crate) const COARSE_CLOCK: ProgSet = &[
    SocketFilter,
    SchedCls,
    SchedAct,
    Xdp,
    CgroupSkb,
    CgroupSock,
    LwtIn,
    LwtOut,
    LwtXmit,
    LwtSeg6local,
    SockOps,
    SkSkb,
    SkMsg,
    CgroupSockAddr,
    SkReuseport,
    FlowDissector,
    CgroupSysctl,
    SkLookup,
    StructOps,
];
