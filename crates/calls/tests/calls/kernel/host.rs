//! Program types that can be loaded here, and how.

use std::fs;

use skep_abi::{AttachType, Caller, KernelVersion, ProgType};
use skep_btf::{Btf, Kind};

use super::asm::Asm;
use super::bpf::{self, Load, Refused};

/// A way to load programs of one type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loader {
    pub(crate) prog_type: ProgType,
    attach_type: u32,
    attach_btf_id: u32,
    /// What a trivial program of the type must return.
    pub(crate) ret: u64,
    /// The function that it attaches to, where it attaches to one.
    target: Option<&'static str>,
    /// The member of `tcp_congestion_ops` that it is.
    member: &'static str,
}

impl Loader {
    pub(crate) fn load(&self, asm: &Asm) -> Result<(), Refused> {
        self.load_as(asm, true)
    }

    /// This program, as availability asks about it.
    pub(crate) fn caller(&self, version: KernelVersion) -> Caller<'static> {
        let is_attached = |kind: &&AttachType| **kind as u32 == self.attach_type;
        let is_struct_ops = self.prog_type == ProgType::StructOps;
        Caller {
            prog_type: self.prog_type,
            attach_type: *AttachType::ALL.iter().find(is_attached).unwrap(),
            sleepable: self.prog_type == ProgType::Syscall,
            attach_target: self.target,
            struct_ops: is_struct_ops.then_some(("tcp_congestion_ops", self.member)),
            version,
        }
    }

    /// Loads with the licence `GPL`, or with one that is not compatible.
    pub(crate) fn load_as(&self, asm: &Asm, gpl: bool) -> Result<(), Refused> {
        let (attach_type, attach_btf_id) = (self.attach_type, self.attach_btf_id);
        let prog_type = self.prog_type as u32;
        bpf::load(Load { prog_type, attach_type, attach_btf_id, gpl, asm }).map(drop)
    }
}

/// The types of the running kernel.
pub(crate) fn vmlinux() -> Option<Btf> {
    Btf::parse(&fs::read("/sys/kernel/btf/vmlinux").ok()?).ok()
}

/// Every type that the running kernel loads a trivial program of; prints why it leaves out the others.
pub(crate) fn loaders() -> Vec<Loader> {
    let btf = vmlinux();
    let id = |name: &str, kind: Kind| btf.as_ref()?.find(name, kind).map(|id| id.0);
    let mut found = Vec::new();
    for prog_type in ProgType::ALL.iter().copied() {
        let (attach_type, attach_btf_id) = match prog_type {
            ProgType::CgroupSock => (2, Some(0)),
            ProgType::CgroupSockAddr => (8, Some(0)),
            ProgType::CgroupSockopt => (22, Some(0)),
            ProgType::SkLookup => (36, Some(0)),
            ProgType::Netfilter => (45, Some(0)),
            ProgType::Tracing => (23, id("btf_trace_sched_switch", Kind::Typedef)),
            ProgType::StructOps => (0, id("tcp_congestion_ops", Kind::Struct)),
            ProgType::Lsm => (27, id("bpf_lsm_file_open", Kind::Func)),
            _ => (0, Some(0)),
        };
        let Some(attach_btf_id) = attach_btf_id else {
            skep_skip::skipped!("{}: no BTF of what it attaches to", prog_type.name());
            continue;
        };
        let ret = u64::from(prog_type == ProgType::CgroupSock);
        let loader =
            Loader { prog_type, attach_type, attach_btf_id, ret, target: None, member: "ssthresh" };
        match loader.load(&Asm::default().set(0, ret).exit()) {
            Ok(()) => found.push(loader),
            Err(refused) => skep_skip::skipped!("{}: {refused:?}", prog_type.name()),
        }
    }
    found
}

/// The index of `release` in `struct tcp_congestion_ops` of 6.18.
const RELEASE_MEMBER: u32 = 17;

/// Other ways to load these types, which availability depends on.
pub(crate) fn attached_elsewhere() -> Vec<Loader> {
    let Some(btf) = vmlinux() else { return Vec::new() };
    let plain = |prog_type, attach_type: AttachType| Loader {
        prog_type,
        attach_type: attach_type as u32,
        attach_btf_id: 0,
        ret: u64::from(matches!(
            prog_type,
            ProgType::CgroupSock | ProgType::CgroupSockAddr | ProgType::CgroupSkb
        )),
        target: None,
        member: "ssthresh",
    };
    let mut found = Vec::new();
    for attach_type in AttachType::ALL.iter().copied() {
        let types: &[ProgType] = match attach_type.name() {
            "cgroup_inet_egress" => &[ProgType::CgroupSkb],
            "cgroup_device" => &[ProgType::CgroupDevice],
            "cgroup_sysctl" => &[ProgType::CgroupSysctl],
            "cgroup_sock_ops" => &[ProgType::SockOps],
            "cgroup_setsockopt" | "cgroup_getsockopt" => &[ProgType::CgroupSockopt],
            name if name.starts_with("trace_kprobe") || name.starts_with("trace_uprobe") => {
                &[ProgType::Kprobe]
            }
            name if name.ends_with("post_bind") || name.starts_with("cgroup_inet_sock_") => {
                &[ProgType::CgroupSock]
            }
            name if name.starts_with("cgroup_") => &[ProgType::CgroupSockAddr],
            _ => &[],
        };
        found.extend(types.iter().map(|prog_type| plain(*prog_type, attach_type)));
    }
    for target in
        ["bpf_iter_task", "bpf_iter_tcp", "bpf_iter_udp", "bpf_iter_unix", "bpf_iter_cgroup"]
    {
        let Some(id) = btf.find(target, Kind::Func) else { continue };
        let iter = plain(ProgType::Tracing, AttachType::TraceIter);
        found.push(Loader { attach_btf_id: id.0, target: Some(target), ..iter });
    }
    let ops = btf.find("tcp_congestion_ops", Kind::Struct);
    for (index, member) in [(0, "ssthresh"), (RELEASE_MEMBER, "release")] {
        let Some(id) = ops else { continue };
        let member = Loader { member, ..plain(ProgType::StructOps, AttachType::CgroupInetIngress) };
        found.push(Loader { attach_btf_id: id.0, attach_type: index, ..member });
    }
    found.retain(|loader| {
        let loaded = loader.load(&Asm::default().set(0, loader.ret).exit());
        if let Err(refused) = &loaded {
            skep_skip::skipped!("{loader:?}: {}", refused.why());
        }
        loaded.is_ok()
    });
    found
}
