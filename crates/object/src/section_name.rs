//! ELF section names to program types: libbpf's `section_defs`, one row each.

use skep_abi::{AttachType, ProgType};

/// What a section's name says about the programs in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionDef {
    /// The name, or what precedes its `/`.
    pub name: &'static str,
    /// Whether `name/target` is this row too.
    pub takes_target: bool,
    /// Type.
    pub prog_type: ProgType,
    /// `expected_attach_type`.
    pub attach_type: Option<AttachType>,
    /// Whether the target is a BTF id of the kernel (`attach_btf_id`).
    pub attaches_by_btf: bool,
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// Whether it is a USDT probe, which attaches as uprobe.multi where the kernel can.
    pub usdt: bool,
}

const fn row(
    name: &'static str,
    prog_type: ProgType,
    attach_type: Option<AttachType>,
) -> SectionDef {
    SectionDef {
        name,
        takes_target: false,
        prog_type,
        attach_type,
        attaches_by_btf: false,
        sleepable: false,
        xdp_frags: false,
        usdt: false,
    }
}

impl SectionDef {
    const fn target(mut self) -> Self {
        self.takes_target = true;
        self
    }

    const fn btf(mut self) -> Self {
        self.attaches_by_btf = true;
        self.target()
    }

    const fn sleepable(mut self) -> Self {
        self.sleepable = true;
        self
    }

    const fn frags(mut self) -> Self {
        self.xdp_frags = true;
        self
    }

    const fn usdt(mut self) -> Self {
        self.usdt = true;
        self.target()
    }
}

use AttachType as A;
use ProgType as P;

/// Every name that libbpf 1.7 knows, in its order: the first row that matches wins.
pub const SECTION_DEFS: &[SectionDef] = &[
    row("socket", P::SocketFilter, None),
    row("sk_reuseport/migrate", P::SkReuseport, Some(A::SkReuseportSelectOrMigrate)),
    row("sk_reuseport", P::SkReuseport, Some(A::SkReuseportSelect)),
    row("kprobe", P::Kprobe, None).target(),
    row("uprobe", P::Kprobe, None).target(),
    row("uprobe.s", P::Kprobe, None).target().sleepable(),
    row("kretprobe", P::Kprobe, None).target(),
    row("uretprobe", P::Kprobe, None).target(),
    row("uretprobe.s", P::Kprobe, None).target().sleepable(),
    row("kprobe.multi", P::Kprobe, Some(A::TraceKprobeMulti)).target(),
    row("kretprobe.multi", P::Kprobe, Some(A::TraceKprobeMulti)).target(),
    row("kprobe.session", P::Kprobe, Some(A::TraceKprobeSession)).target(),
    row("uprobe.multi", P::Kprobe, Some(A::TraceUprobeMulti)).target(),
    row("uretprobe.multi", P::Kprobe, Some(A::TraceUprobeMulti)).target(),
    row("uprobe.session", P::Kprobe, Some(A::TraceUprobeSession)).target(),
    row("uprobe.multi.s", P::Kprobe, Some(A::TraceUprobeMulti)).target().sleepable(),
    row("uretprobe.multi.s", P::Kprobe, Some(A::TraceUprobeMulti)).target().sleepable(),
    row("uprobe.session.s", P::Kprobe, Some(A::TraceUprobeSession)).target().sleepable(),
    row("ksyscall", P::Kprobe, None).target(),
    row("kretsyscall", P::Kprobe, None).target(),
    row("usdt", P::Kprobe, None).usdt(),
    row("usdt.s", P::Kprobe, None).usdt().sleepable(),
    row("tc/ingress", P::SchedCls, Some(A::TcxIngress)),
    row("tc/egress", P::SchedCls, Some(A::TcxEgress)),
    row("tcx/ingress", P::SchedCls, Some(A::TcxIngress)),
    row("tcx/egress", P::SchedCls, Some(A::TcxEgress)),
    row("tc", P::SchedCls, None),
    row("classifier", P::SchedCls, None),
    row("action", P::SchedAct, None),
    row("netkit/primary", P::SchedCls, Some(A::NetkitPrimary)),
    row("netkit/peer", P::SchedCls, Some(A::NetkitPeer)),
    row("tracepoint", P::Tracepoint, None).target(),
    row("tp", P::Tracepoint, None).target(),
    row("raw_tracepoint", P::RawTracepoint, None).target(),
    row("raw_tp", P::RawTracepoint, None).target(),
    row("raw_tracepoint.w", P::RawTracepointWritable, None).target(),
    row("raw_tp.w", P::RawTracepointWritable, None).target(),
    row("tp_btf", P::Tracing, Some(A::TraceRawTp)).btf(),
    row("fentry", P::Tracing, Some(A::TraceFentry)).btf(),
    row("fmod_ret", P::Tracing, Some(A::ModifyReturn)).btf(),
    row("fexit", P::Tracing, Some(A::TraceFexit)).btf(),
    row("fentry.s", P::Tracing, Some(A::TraceFentry)).btf().sleepable(),
    row("fmod_ret.s", P::Tracing, Some(A::ModifyReturn)).btf().sleepable(),
    row("fexit.s", P::Tracing, Some(A::TraceFexit)).btf().sleepable(),
    row("fsession", P::Tracing, Some(A::TraceFsession)).btf(),
    row("fsession.s", P::Tracing, Some(A::TraceFsession)).btf().sleepable(),
    row("freplace", P::Ext, None).btf(),
    row("lsm", P::Lsm, Some(A::LsmMac)).btf(),
    row("lsm.s", P::Lsm, Some(A::LsmMac)).btf().sleepable(),
    row("lsm_cgroup", P::Lsm, Some(A::LsmCgroup)).btf(),
    row("iter", P::Tracing, Some(A::TraceIter)).btf(),
    row("iter.s", P::Tracing, Some(A::TraceIter)).btf().sleepable(),
    row("syscall", P::Syscall, None).sleepable(),
    row("xdp.frags/devmap", P::Xdp, Some(A::XdpDevmap)).frags(),
    row("xdp/devmap", P::Xdp, Some(A::XdpDevmap)),
    row("xdp.frags/cpumap", P::Xdp, Some(A::XdpCpumap)).frags(),
    row("xdp/cpumap", P::Xdp, Some(A::XdpCpumap)),
    row("xdp.frags", P::Xdp, Some(A::Xdp)).frags(),
    row("xdp", P::Xdp, Some(A::Xdp)),
    row("perf_event", P::PerfEvent, None),
    row("lwt_in", P::LwtIn, None),
    row("lwt_out", P::LwtOut, None),
    row("lwt_xmit", P::LwtXmit, None),
    row("lwt_seg6local", P::LwtSeg6local, None),
    row("sockops", P::SockOps, Some(A::CgroupSockOps)),
    row("sk_skb/stream_parser", P::SkSkb, Some(A::SkSkbStreamParser)),
    row("sk_skb/stream_verdict", P::SkSkb, Some(A::SkSkbStreamVerdict)),
    row("sk_skb/verdict", P::SkSkb, Some(A::SkSkbVerdict)),
    row("sk_skb", P::SkSkb, None),
    row("sk_msg", P::SkMsg, Some(A::SkMsgVerdict)),
    row("lirc_mode2", P::LircMode2, Some(A::LircMode2)),
    row("flow_dissector", P::FlowDissector, Some(A::FlowDissector)),
    row("cgroup_skb/ingress", P::CgroupSkb, Some(A::CgroupInetIngress)),
    row("cgroup_skb/egress", P::CgroupSkb, Some(A::CgroupInetEgress)),
    row("cgroup/skb", P::CgroupSkb, None),
    row("cgroup/sock_create", P::CgroupSock, Some(A::CgroupInetSockCreate)),
    row("cgroup/sock_release", P::CgroupSock, Some(A::CgroupInetSockRelease)),
    row("cgroup/sock", P::CgroupSock, Some(A::CgroupInetSockCreate)),
    row("cgroup/post_bind4", P::CgroupSock, Some(A::CgroupInet4PostBind)),
    row("cgroup/post_bind6", P::CgroupSock, Some(A::CgroupInet6PostBind)),
    row("cgroup/bind4", P::CgroupSockAddr, Some(A::CgroupInet4Bind)),
    row("cgroup/bind6", P::CgroupSockAddr, Some(A::CgroupInet6Bind)),
    row("cgroup/connect4", P::CgroupSockAddr, Some(A::CgroupInet4Connect)),
    row("cgroup/connect6", P::CgroupSockAddr, Some(A::CgroupInet6Connect)),
    row("cgroup/connect_unix", P::CgroupSockAddr, Some(A::CgroupUnixConnect)),
    row("cgroup/sendmsg4", P::CgroupSockAddr, Some(A::CgroupUdp4Sendmsg)),
    row("cgroup/sendmsg6", P::CgroupSockAddr, Some(A::CgroupUdp6Sendmsg)),
    row("cgroup/sendmsg_unix", P::CgroupSockAddr, Some(A::CgroupUnixSendmsg)),
    row("cgroup/recvmsg4", P::CgroupSockAddr, Some(A::CgroupUdp4Recvmsg)),
    row("cgroup/recvmsg6", P::CgroupSockAddr, Some(A::CgroupUdp6Recvmsg)),
    row("cgroup/recvmsg_unix", P::CgroupSockAddr, Some(A::CgroupUnixRecvmsg)),
    row("cgroup/getpeername4", P::CgroupSockAddr, Some(A::CgroupInet4Getpeername)),
    row("cgroup/getpeername6", P::CgroupSockAddr, Some(A::CgroupInet6Getpeername)),
    row("cgroup/getpeername_unix", P::CgroupSockAddr, Some(A::CgroupUnixGetpeername)),
    row("cgroup/getsockname4", P::CgroupSockAddr, Some(A::CgroupInet4Getsockname)),
    row("cgroup/getsockname6", P::CgroupSockAddr, Some(A::CgroupInet6Getsockname)),
    row("cgroup/getsockname_unix", P::CgroupSockAddr, Some(A::CgroupUnixGetsockname)),
    row("cgroup/sysctl", P::CgroupSysctl, Some(A::CgroupSysctl)),
    row("cgroup/getsockopt", P::CgroupSockopt, Some(A::CgroupGetsockopt)),
    row("cgroup/setsockopt", P::CgroupSockopt, Some(A::CgroupSetsockopt)),
    row("cgroup/dev", P::CgroupDevice, Some(A::CgroupDevice)),
    row("struct_ops", P::StructOps, None).target(),
    row("struct_ops.s", P::StructOps, None).target().sleepable(),
    row("sk_lookup", P::SkLookup, Some(A::SkLookup)),
    row("netfilter", P::Netfilter, Some(A::Netfilter)),
];

impl SectionDef {
    /// The row for a section name (without `?`), and the target after its `/`.
    #[must_use]
    pub fn find(section: &str) -> Option<(&'static Self, Option<&str>)> {
        SECTION_DEFS.iter().find_map(|def| match section.strip_prefix(def.name)? {
            "" => Some((def, None)),
            rest if def.takes_target => Some((def, Some(rest.strip_prefix('/')?))),
            _ => None,
        })
    }

    /// The name as a program's author writes it, with `/…` where a target may follow.
    fn pattern(&self) -> String {
        if self.takes_target { format!("{}/…", self.name) } else { self.name.to_owned() }
    }
}

/// The names closest to one that no row matches, best first, at most three.
pub(crate) fn near_matches(section: &str) -> Vec<String> {
    let (head, has_target) =
        section.split_once('/').map_or((section, false), |(head, _)| (head, true));
    let mut scored: Vec<(usize, &SectionDef)> = SECTION_DEFS
        .iter()
        .filter_map(|def| {
            let whole = edit_distance(section, def.name);
            let by_head = if has_target { edit_distance(head, def.name) } else { usize::MAX };
            // What follows a known name (`xdp_drop`, `tc_ingress`) is the commonest slip.
            let distance = if section.starts_with(def.name) { 1 } else { whole.min(by_head) };
            (distance <= 1 + def.name.len() / 4).then_some((distance, def))
        })
        .collect();
    scored.sort_by_key(|&(distance, def)| (distance, std::cmp::Reverse(def.name.len())));
    scored.into_iter().take(3).map(|(_, def)| def.pattern()).collect()
}

/// Levenshtein distance; texts beyond 64 bytes count as far from everything.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_follows_only_where_the_row_takes_one() {
        let found = |name| SectionDef::find(name).map(|(def, target)| (def.name, target));
        assert_eq!(found("kprobe/do_unlinkat"), Some(("kprobe", Some("do_unlinkat"))));
        assert_eq!(found("kprobe"), Some(("kprobe", None)));
        assert_eq!(found("kprobes"), None);
        assert_eq!(found("perf_event/x"), None);
        assert_eq!(found("tp/sched/sched_switch"), Some(("tp", Some("sched/sched_switch"))));
        assert_eq!(found("xdp.frags/devmap"), Some(("xdp.frags/devmap", None)));
        assert_eq!(
            found("uprobe.multi.s//bin/sh:main"),
            Some(("uprobe.multi.s", Some("/bin/sh:main")))
        );
    }

    #[test]
    fn every_row_is_found_by_its_own_name() {
        for def in SECTION_DEFS {
            assert_eq!(SectionDef::find(def.name), Some((def, None)), "{}", def.name);
        }
    }

    #[test]
    fn slips_get_the_name_that_was_meant() {
        assert_eq!(near_matches("perf_events")[0], "perf_event");
        assert_eq!(near_matches("kprob/do_unlinkat")[0], "kprobe/…");
        assert_eq!(near_matches("tracepint/a/b")[0], "tracepoint/…");
        assert_eq!(near_matches("xdp_drop")[0], "xdp");
        assert!(near_matches("completely different").is_empty());
        assert!(near_matches(&"x".repeat(5000)).is_empty());
    }
}
