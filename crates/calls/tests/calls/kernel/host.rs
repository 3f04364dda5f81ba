//! Program types that can be loaded here, and how.

use std::fs;

use skep_abi::ProgType;
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
}

impl Loader {
    pub(crate) fn load(&self, asm: &Asm) -> Result<(), Refused> {
        self.load_as(asm, true)
    }

    /// Loads with the licence `GPL`, or with one that is not compatible.
    pub(crate) fn load_as(&self, asm: &Asm, gpl: bool) -> Result<(), Refused> {
        let (attach_type, attach_btf_id) = (self.attach_type, self.attach_btf_id);
        let prog_type = self.prog_type as u32;
        bpf::load(Load { prog_type, attach_type, attach_btf_id, gpl, asm }).map(drop)
    }
}

/// Every type that the running kernel loads a trivial program of; prints why it leaves out the others.
pub(crate) fn loaders() -> Vec<Loader> {
    let btf = fs::read("/sys/kernel/btf/vmlinux").ok().and_then(|bytes| Btf::parse(&bytes).ok());
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
        let loader = Loader { prog_type, attach_type, attach_btf_id, ret };
        match loader.load(&Asm::default().set(0, ret).exit()) {
            Ok(()) => found.push(loader),
            Err(refused) => skep_skip::skipped!("{}: {refused:?}", prog_type.name()),
        }
    }
    found
}
