//! Links: `struct bpf_link_info`, whose tail depends on the kind of link.

use std::os::fd::BorrowedFd;

use super::text;
use crate::HostError;
use crate::sys::info;

/// `enum bpf_link_type`, as far as its links are told apart here.
const RAW_TRACEPOINT: u32 = 1;
const TRACING: u32 = 2;
const PERF_EVENT: u32 = 7;
const STRUCT_OPS: u32 = 9;

/// `enum bpf_perf_event_type`.
const UPROBE: u32 = 1;
const URETPROBE: u32 = 2;
const KPROBE: u32 = 3;
const KRETPROBE: u32 = 4;
const TRACEPOINT: u32 = 5;
const EVENT: u32 = 6;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// Id.
    pub id: u32,
    /// `enum bpf_link_type`.
    pub kind: u32,
    /// Id of the program; 0 for structs of operations.
    pub program: u32,
    /// What it is attached to.
    pub target: LinkTarget,
}

/// What a link is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A raw tracepoint.
    RawTracepoint {
        /// Its name.
        name: String,
    },
    /// What the program was loaded for.
    Tracing {
        /// `enum bpf_attach_type`.
        attach_type: u32,
        /// Id of the program or types that hold the target; 0 where the kernel does not tell.
        target: u32,
        /// The target in these types.
        btf_id: u32,
    },
    /// A perf event (6.6 tells which).
    Event {
        /// `perf_event_attr.type`, as the kernel has rewritten it: the clock PMU's for cpu-clock.
        kind: u32,
        /// `perf_event_attr.config`.
        config: u64,
        /// What `bpf_get_attach_cookie` gives (6.9).
        cookie: u64,
    },
    /// A tracepoint.
    Tracepoint {
        /// Its name, without category.
        name: String,
        /// What `bpf_get_attach_cookie` gives (6.9).
        cookie: u64,
    },
    /// A function of the kernel or of a file.
    Probe {
        /// The function or file.
        name: String,
        /// Offset in it.
        offset: u32,
        /// Whether it is the function's return.
        at_return: bool,
        /// Whether it lies in a file.
        is_user: bool,
        /// What `bpf_get_attach_cookie` gives (6.9).
        cookie: u64,
    },
    /// A struct of operations.
    StructOps {
        /// Id of the map.
        map: u32,
    },
    /// Something else, or a kernel that does not tell.
    Other,
}

/// The word that points to a name.
fn name_at(info: &info::LinkInfo) -> Option<usize> {
    match (info.kind, low(info.words[0])) {
        (RAW_TRACEPOINT, _) => Some(0),
        (PERF_EVENT, UPROBE | URETPROBE | KPROBE | KRETPROBE | TRACEPOINT) => Some(1),
        _ => None,
    }
}

fn low(word: u64) -> u32 {
    word as u32
}

fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

impl LinkInfo {
    /// Asks about a link's descriptor.
    ///
    /// # Errors
    /// When it is none, or the kernel does not tell.
    pub fn of(link: BorrowedFd<'_>) -> Result<Self, HostError> {
        let (info, name) = info::link(link, name_at)
            .map_err(|error| HostError::new("tell about a link", &error))?;
        let target = target(info.kind, &info.words, text(&name));
        Ok(Self { id: info.id, kind: info.kind, program: info.prog_id, target })
    }
}

fn target(kind: u32, words: &[u64; 8], name: String) -> LinkTarget {
    match kind {
        RAW_TRACEPOINT => LinkTarget::RawTracepoint { name },
        TRACING => LinkTarget::Tracing {
            attach_type: low(words[0]),
            target: high(words[0]),
            btf_id: low(words[1]),
        },
        STRUCT_OPS => LinkTarget::StructOps { map: low(words[0]) },
        PERF_EVENT => match low(words[0]) {
            EVENT => LinkTarget::Event { config: words[1], kind: low(words[2]), cookie: words[3] },
            TRACEPOINT => LinkTarget::Tracepoint { name, cookie: words[3] },
            which @ (KPROBE | KRETPROBE) => LinkTarget::Probe {
                name,
                offset: high(words[2]),
                at_return: which == KRETPROBE,
                is_user: false,
                // Address and misses come between.
                cookie: words[5],
            },
            which @ (UPROBE | URETPROBE) => LinkTarget::Probe {
                name,
                offset: high(words[2]),
                at_return: which == URETPROBE,
                is_user: true,
                cookie: words[3],
            },
            _ => LinkTarget::Other,
        },
        _ => LinkTarget::Other,
    }
}
