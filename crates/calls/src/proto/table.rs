//! The `get_func_proto` functions: which tables a program type looks a helper up in, in which order
//! (`facts/helper-tables.tsv` holds a table for each of the kernel's switches).

use std::collections::HashMap;
use std::sync::LazyLock;

use skep_abi::{AttachType, Caller, HelperAnswer, KernelVersion, ProgType};

use super::KernelCalls;
use super::caller::{When, has_trampoline};
use super::func::{self, Func, Releases};

pub(super) const TABLE: &str = include_str!("../../../../facts/helper-tables.tsv");

macro_rules! tables {
    ($($name:ident = $word:literal,)*) => {
        /// A switch over helpers in the kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        enum Table {
            $($name,)*
        }

        impl Table {
            const COUNT: usize = [$($word,)*].len();

            fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

tables! {
    Base = "base",
    SkBase = "sk_base",
    SkFilter = "sk_filter",
    Tc = "tc",
    Xdp = "xdp",
    CgroupCommon = "cgroup_common",
    CgroupCurrent = "cgroup_current",
    CgroupSkb = "cgroup_skb",
    CgroupSock = "cgroup_sock",
    CgroupSockAddr = "cgroup_sock_addr",
    CgroupDev = "cgroup_dev",
    CgroupSysctl = "cgroup_sysctl",
    CgroupSockopt = "cgroup_sockopt",
    SockOps = "sock_ops",
    SkSkb = "sk_skb",
    SkMsg = "sk_msg",
    SkReuseport = "sk_reuseport",
    SkLookup = "sk_lookup",
    FlowDissector = "flow_dissector",
    LwtIn = "lwt_in",
    LwtOut = "lwt_out",
    LwtXmit = "lwt_xmit",
    LwtSeg6local = "lwt_seg6local",
    Lirc = "lirc",
    Tracing = "tracing",
    Kprobe = "kprobe",
    Tracepoint = "tracepoint",
    PerfEvent = "perf_event",
    RawTracepoint = "raw_tracepoint",
    TracingProg = "tracing_prog",
    Iter = "iter",
    Lsm = "lsm",
    Syscall = "syscall",
    TcpCa = "tcp_ca",
    SchedExt = "sched_ext",
}

/// The tables that this program looks a helper up in, the first that knows it decides; `None` where skep does not
/// know them.
fn chain(caller: &Caller<'_>) -> Option<&'static [Table]> {
    use Table as T;
    const CGROUP: [Table; 2] = [T::CgroupCommon, T::CgroupCurrent];
    Some(match caller.prog_type {
        ProgType::Unspec | ProgType::Ext => return None,
        ProgType::SocketFilter => &[T::SkFilter, T::SkBase, T::Base],
        ProgType::SchedCls | ProgType::SchedAct => &[T::Tc, T::SkBase, T::Base],
        ProgType::Xdp => &[T::Xdp, T::SkBase, T::Base],
        ProgType::CgroupSkb => &[T::CgroupCommon, T::CgroupSkb, T::SkFilter, T::SkBase, T::Base],
        ProgType::CgroupSock => &[CGROUP[0], CGROUP[1], T::CgroupSock, T::Base],
        ProgType::CgroupSockAddr => &[CGROUP[0], CGROUP[1], T::CgroupSockAddr, T::SkBase, T::Base],
        ProgType::CgroupDevice => &[CGROUP[0], CGROUP[1], T::CgroupDev, T::Base],
        ProgType::CgroupSysctl => &[CGROUP[0], CGROUP[1], T::CgroupSysctl, T::Base],
        ProgType::CgroupSockopt => &[CGROUP[0], CGROUP[1], T::CgroupSockopt, T::Base],
        ProgType::SockOps => &[T::CgroupCommon, T::SockOps, T::SkBase, T::Base],
        ProgType::SkSkb => &[T::SkSkb, T::SkBase, T::Base],
        ProgType::SkMsg => &[T::SkMsg, T::SkBase, T::Base],
        ProgType::SkReuseport => &[T::SkReuseport, T::Base],
        ProgType::SkLookup => &[T::SkLookup, T::SkBase, T::Base],
        ProgType::FlowDissector => &[T::FlowDissector, T::SkBase, T::Base],
        ProgType::LwtIn => &[T::LwtIn, T::LwtOut, T::SkBase, T::Base],
        ProgType::LwtOut => &[T::LwtOut, T::SkBase, T::Base],
        ProgType::LwtXmit => &[T::LwtXmit, T::LwtOut, T::SkBase, T::Base],
        ProgType::LwtSeg6local => &[T::LwtSeg6local, T::LwtOut, T::SkBase, T::Base],
        ProgType::LircMode2 => &[T::Lirc],
        ProgType::Netfilter => &[T::Base],
        ProgType::Kprobe => &[T::Kprobe, T::Tracing, T::Base],
        ProgType::Tracepoint => &[T::Tracepoint, T::Tracing, T::Base],
        ProgType::PerfEvent => &[T::PerfEvent, T::Tracing, T::Base],
        ProgType::RawTracepoint | ProgType::RawTracepointWritable => {
            &[T::RawTracepoint, T::Tracing, T::Base]
        }
        ProgType::Tracing if caller.attach_type == AttachType::TraceIter => {
            &[T::TracingProg, T::RawTracepoint, T::Tracing, T::Base, T::Iter]
        }
        ProgType::Tracing => &[T::TracingProg, T::RawTracepoint, T::Tracing, T::Base],
        ProgType::Lsm if caller.attach_type == AttachType::LsmCgroup => {
            &[T::CgroupCommon, T::Lsm, T::TracingProg, T::RawTracepoint, T::Tracing, T::Base]
        }
        ProgType::Lsm => &[T::Lsm, T::TracingProg, T::RawTracepoint, T::Tracing, T::Base],
        ProgType::Syscall => &[T::Syscall, T::TracingProg, T::RawTracepoint, T::Tracing, T::Base],
        ProgType::StructOps => match caller.struct_ops.map(|(name, _)| name) {
            Some("tcp_congestion_ops") => &[T::TcpCa, T::Base],
            Some("sched_ext_ops") => &[T::SchedExt, T::Base],
            _ => &[T::Base],
        },
    })
}

/// A case of such a switch; `funcs` is empty where it answers that there is none.
#[derive(Debug)]
struct Row {
    releases: Releases,
    when: Vec<When>,
    funcs: &'static [Func],
}

/// All tables.
#[derive(Debug)]
struct Tables {
    /// The rows of every table by helper number.
    rows: Vec<HashMap<u32, Vec<Row>>>,
    /// The release that brought a helper.
    since: HashMap<u32, KernelVersion>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let funcs = func::parse(func::TABLE).expect("the built-in table is tested to be well-formed");
    parse(TABLE, funcs).expect("the built-in table is tested to be well-formed")
});

fn parse(table: &'static str, funcs: HashMap<&'static str, Vec<Func>>) -> Result<Tables, String> {
    let funcs: HashMap<&str, &'static [Func]> =
        funcs.into_iter().map(|(name, funcs)| (name, &*funcs.leak())).collect();
    let (mut ids, mut since) = (HashMap::new(), HashMap::new());
    for func in funcs.values().flat_map(|funcs| *funcs) {
        ids.insert(func.proto.name, func.proto.id);
        let first = since.entry(func.proto.id).or_insert(func.releases.since);
        *first = func.releases.since.min(*first);
    }
    let mut rows: Vec<HashMap<_, Vec<Row>>> = (0..Table::COUNT).map(|_| HashMap::new()).collect();
    for line in table.lines().skip(1) {
        let parsed = (|| {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [table, helper, proto, since, until, when] = cells[..] else { return None };
            let words = when.split(' ').filter(|word| *word != "-");
            let row = Row {
                releases: Releases::parse(since, until)?,
                when: words.map(When::parse).collect::<Option<_>>()?,
                funcs: if proto == "-" { &[] } else { funcs.get(proto)? },
            };
            Some((Table::parse(table)?, *ids.get(helper)?, row))
        })();
        let (table, id, row) = parsed.ok_or_else(|| format!("malformed row: {line}"))?;
        if row.funcs.iter().any(|func| func.proto.id != id) {
            return Err(format!("a prototype of another helper: {line}"));
        }
        rows[table as usize].entry(id).or_default().push(row);
    }
    Ok(Tables { rows, since })
}

/// The answer to "may this program call that helper?".
pub(super) fn helper(calls: &KernelCalls, id: u32, caller: &Caller<'_>) -> HelperAnswer {
    let Some(chain) = chain(caller) else { return HelperAnswer::NotModelled };
    // Number 0 lies within what the kernel knows, and no program type has it.
    if id != 0 && TABLES.since.get(&id).is_none_or(|since| caller.version < *since) {
        return HelperAnswer::Unknown;
    }
    match find(calls, chain, id, caller) {
        None => HelperAnswer::Denied,
        Some(func) if func.allowed.is_some_and(|at| !at.holds(caller)) => {
            HelperAnswer::NotAllowed(&func.proto)
        }
        Some(func) if unsupported(func, caller) => HelperAnswer::Unsupported(&func.proto),
        Some(func) => HelperAnswer::Proto(&func.proto),
    }
}

fn find(
    calls: &KernelCalls,
    chain: &[Table],
    id: u32,
    caller: &Caller<'_>,
) -> Option<&'static Func> {
    for table in chain {
        let rows = TABLES.rows[*table as usize].get(&id).map_or(&[][..], |rows| rows);
        let mut rows = rows.iter().filter(|row| row.releases.contain(caller.version)).peekable();
        if rows.peek().is_none() {
            continue;
        }
        // A table that has a case for the helper answers, be it with nothing.
        let row = rows.find(|row| row.when.iter().all(|when| when.holds(calls, caller)))?;
        return row.funcs.iter().find(|func| func.releases.contain(caller.version));
    }
    None
}

/// `check_get_func_ip`: only programs that a trampoline or a kprobe runs have an entry to ask for.
fn unsupported(func: &Func, caller: &Caller<'_>) -> bool {
    let entered = match caller.prog_type {
        ProgType::Kprobe => true,
        ProgType::Tracing => has_trampoline(caller),
        _ => false,
    };
    func.asks_entry && !entered
}

#[cfg(test)]
mod tests {
    use super::super::func;
    use super::{TABLE, parse};

    #[test]
    fn every_row_is_well_formed_and_every_prototype_is_handed_out() {
        let funcs = func::parse(func::TABLE).unwrap();
        let names: Vec<&str> = funcs.keys().copied().collect();
        parse(TABLE, funcs).unwrap();
        for name in names {
            assert!(TABLE.lines().any(|line| line.split('\t').nth(2) == Some(name)), "{name}");
        }
    }
}
