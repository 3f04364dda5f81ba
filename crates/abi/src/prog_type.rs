//! `enum bpf_prog_type`.

use crate::uapi_enum::uapi_enum;

uapi_enum! {
    /// The kind of a program, numbered as in the uapi.
    ProgType, without "BPF_PROG_TYPE_";
    /// No type was given.
    Unspec = 0, "unspec", "3.18";
    /// Socket filter.
    SocketFilter = 1, "socket_filter", "3.19";
    /// kprobe, uprobe, and USDT.
    Kprobe = 2, "kprobe", "4.1";
    /// TC classifier.
    SchedCls = 3, "sched_cls", "4.1";
    /// TC action.
    SchedAct = 4, "sched_act", "4.1";
    /// Tracepoint.
    Tracepoint = 5, "tracepoint", "4.7";
    /// XDP.
    Xdp = 6, "xdp", "4.8";
    /// Overflow of a perf event.
    PerfEvent = 7, "perf_event", "4.9";
    /// cgroup ingress and egress.
    CgroupSkb = 8, "cgroup_skb", "4.10";
    /// cgroup socket creation.
    CgroupSock = 9, "cgroup_sock", "4.10";
    /// Light-weight tunnel, in.
    LwtIn = 10, "lwt_in", "4.10";
    /// Light-weight tunnel, out.
    LwtOut = 11, "lwt_out", "4.10";
    /// Light-weight tunnel, transmit.
    LwtXmit = 12, "lwt_xmit", "4.10";
    /// TCP socket operations.
    SockOps = 13, "sock_ops", "4.13";
    /// Socket stream parser.
    SkSkb = 14, "sk_skb", "4.14";
    /// cgroup device access.
    CgroupDevice = 15, "cgroup_device", "4.15";
    /// Socket message.
    SkMsg = 16, "sk_msg", "4.17";
    /// Raw tracepoint.
    RawTracepoint = 17, "raw_tracepoint", "4.17";
    /// cgroup bind, connect, sendmsg.
    CgroupSockAddr = 18, "cgroup_sock_addr", "4.17";
    /// Light-weight tunnel, local segment.
    LwtSeg6local = 19, "lwt_seg6local", "4.18";
    /// Infrared decoder.
    LircMode2 = 20, "lirc_mode2", "4.18";
    /// Reuseport selection.
    SkReuseport = 21, "sk_reuseport", "4.19";
    /// Flow dissector.
    FlowDissector = 22, "flow_dissector", "4.20";
    /// cgroup sysctl.
    CgroupSysctl = 23, "cgroup_sysctl", "5.2";
    /// Raw tracepoint that may write.
    RawTracepointWritable = 24, "raw_tracepoint_writable", "5.2";
    /// cgroup socket options.
    CgroupSockopt = 25, "cgroup_sockopt", "5.3";
    /// fentry, fexit, fmod_ret, raw_tp with BTF, and iterators.
    Tracing = 26, "tracing", "5.5";
    /// Kernel operations.
    StructOps = 27, "struct_ops", "5.6";
    /// Extension of another program.
    Ext = 28, "ext", "5.6";
    /// Linux security module hook.
    Lsm = 29, "lsm", "5.7";
    /// Socket lookup.
    SkLookup = 30, "sk_lookup", "5.9";
    /// Program run by a system call.
    Syscall = 31, "syscall", "5.14";
    /// Netfilter hook.
    Netfilter = 32, "netfilter", "6.4";
}
