//! Event names that mean nothing, and why.

use std::path::PathBuf;

use thiserror::Error;

/// An event name that perf or this machine does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the fields are what the messages name")]
pub enum EventNameError {
    /// No name at all.
    #[error("the event's name is empty")]
    Empty,
    /// No event of this name.
    #[error("there is no event `{name}`; {}", suggestion(.near.as_deref()))]
    Unknown { name: String, near: Option<String> },
    /// A modifier letter that does not exist, or more `p` than three.
    #[error("`{letters}` are no modifiers: `{bad}` is none of u k h G H I p P D e")]
    Modifier { letters: String, bad: char },
    /// More than three `p`.
    #[error("`{letters}` asks for more precision than `ppp`, the highest")]
    Precision { letters: String },
    /// A cache that has no such operation.
    #[error(
        "`{name}`: this cache has no such operation (instruction caches and TLBs are only read or prefetched)"
    )]
    CacheOperation { name: String },
    /// A breakpoint that is not `mem:ADDRESS[/LENGTH][:rwx]`.
    #[error(
        "`{name}` is no breakpoint: {what}; the form is mem:0xADDRESS[/LENGTH][:rwx][:MODIFIERS]"
    )]
    Breakpoint { name: String, what: String },
    /// No PMU of this name.
    #[error("this machine has no PMU `{pmu}`; it has {}", list(.known))]
    NoSuchPmu { pmu: String, known: Vec<String> },
    /// A text that is not `pmu/term=value,…/modifiers`.
    #[error("`{name}` does not read as PMU/TERM=VALUE,…/MODIFIERS: {what}")]
    PmuSyntax { name: String, what: String },
    /// A term that the PMU does not have.
    #[error("PMU `{pmu}` has no term or event `{term}`; it has {}", list(.known))]
    NoSuchTerm { pmu: String, term: String, known: Vec<String> },
    /// A value too wide for its term.
    #[error("{value:#x} does not fit into term `{term}` of PMU `{pmu}`, which has {bits} bits")]
    TermRange { pmu: String, term: String, value: u64, bits: u32 },
    /// A file of the kernel's that does not read as documented.
    #[error("{}: {what}", .path.display())]
    Published { path: PathBuf, what: String },
    /// Tracepoints are looked up in tracefs, which is not there.
    #[error(
        "tracepoint `{name}` needs tracefs, which is not mounted or not readable (mount -t tracefs tracefs /sys/kernel/tracing, as root)"
    )]
    NoTracefs { name: String },
    /// No tracepoint of this name.
    #[error("there is no tracepoint `{name}`: {} does not exist", .path.display())]
    NoSuchTracepoint { name: String, path: PathBuf },
}

fn suggestion(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`cpu-clock`, `cycles`, `page-faults` are some, `perf list` prints all".into(),
    }
}

fn list(known: &[String]) -> String {
    if known.is_empty() { "none".into() } else { known.join(", ") }
}
