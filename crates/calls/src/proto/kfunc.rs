//! Kfuncs: which program may call which, and with which flags (`bpf_prog_type_to_kfunc_hook` and the filters beside
//! the BTF id sets).
//!
//! `facts/kfuncs.tsv` has the hooks that a kfunc is registered for, `facts/kfunc-sets-*.tsv` the flags of each release
//! that was read. Whether the kernel has the kfunc at all is a question to its BTF.

use std::collections::HashMap;
use std::sync::LazyLock;

use skep_abi::{
    AttachType, Avail, Caller, Effect, KernelVersion, KfuncAnswer, KfuncFlags, KfuncProto, ProgType,
};

use super::KernelCalls;
use super::effect::effect;
use super::func::Releases;
use crate::kfunc_hook;

pub(super) const TABLE: &str = include_str!("../../../../facts/kfuncs.tsv");

/// Flags by release, oldest first; kfuncs of modules were read in one release only.
pub(super) const SETS: &[(KernelVersion, &str)] = &[
    (KernelVersion::new(6, 1), include_str!("../../../../facts/kfunc-sets-6.1.192.tsv")),
    (KernelVersion::new(6, 12), include_str!("../../../../facts/kfunc-sets-6.12.107.tsv")),
    (KernelVersion::new(6, 12), include_str!("../../../../facts/kfunc-sets-6.12-modules.tsv")),
    (KernelVersion::new(6, 18), include_str!("../../../../facts/kfunc-sets-6.18.15.tsv")),
    (KernelVersion::new(6, 19), include_str!("../../../../facts/kfunc-sets-6.19.14.tsv")),
    (KernelVersion::new(7, 2), include_str!("../../../../facts/kfunc-sets-7.2.13.tsv")),
];

/// What a kfunc is registered for.
#[derive(Clone, Copy, Debug)]
enum Hook {
    /// Programs of all types.
    Common,
    Of(Avail),
}

impl Hook {
    fn parse(word: &str) -> Option<Self> {
        Some(Self::Of(match word {
            "common" => return Some(Self::Common),
            "xdp" => kfunc_hook::XDP,
            "tc" => kfunc_hook::TC,
            "struct_ops" => kfunc_hook::STRUCT_OPS,
            "tracing" => kfunc_hook::TRACING,
            "syscall" => kfunc_hook::SYSCALL,
            "cgroup" => kfunc_hook::CGROUP,
            "sched_act" => kfunc_hook::SCHED_ACT,
            "sk_skb" => kfunc_hook::SK_SKB,
            "socket_filter" => kfunc_hook::SOCKET_FILTER,
            "lwt" => kfunc_hook::LWT,
            "netfilter" => kfunc_hook::NETFILTER,
            "kprobe" => kfunc_hook::KPROBE,
            _ => return None,
        }))
    }

    /// Whether programs of a type find it in a release.
    fn has(self, prog: ProgType, version: KernelVersion) -> bool {
        match self {
            Self::Common => true,
            Self::Of(avail) => {
                avail.iter().any(|grant| grant.progs.contains(&prog) && grant.since <= version)
            }
        }
    }
}

/// A filter that was registered with a set.
#[derive(Debug)]
enum Filter {
    None,
    /// `bpf_fs_kfuncs_filter`: LSM programs only.
    Lsm,
    /// `tracing_iter_filter`: iterators only.
    Iter,
    /// `bpf_kprobe_multi_filter`: session programs only.
    Session,
    /// Registered with `CONFIG_SYSTEM_DATA_VERIFICATION` alone.
    DataVerification,
    /// `bpf_qdisc_kfunc_filter`: a queueing discipline's members, or some of them only.
    Qdisc(Option<Vec<&'static str>>),
}

impl Filter {
    fn parse(word: &'static str) -> Option<Self> {
        Some(match word {
            "-" => Self::None,
            "lsm" => Self::Lsm,
            "iter" => Self::Iter,
            "session" => Self::Session,
            "config=SYSTEM_DATA_VERIFICATION" => Self::DataVerification,
            "qdisc" => Self::Qdisc(None),
            _ => Self::Qdisc(Some(word.strip_prefix("qdisc=")?.split(',').collect())),
        })
    }

    fn passes(&self, calls: &KernelCalls, caller: &Caller<'_>) -> bool {
        use AttachType::{TraceFsession, TraceIter, TraceKprobeSession, TraceUprobeSession};
        let attach = caller.attach_type;
        match self {
            Self::None => true,
            Self::Lsm => caller.prog_type == ProgType::Lsm,
            Self::Iter => attach == TraceIter,
            Self::Session => {
                matches!(attach, TraceKprobeSession | TraceUprobeSession | TraceFsession)
            }
            Self::DataVerification => calls.data_verification,
            Self::Qdisc(only) => caller.struct_ops.is_some_and(|(name, member)| {
                let listed = only.as_ref().is_none_or(|members| members.contains(&member));
                name == "Qdisc_ops" && listed
            }),
        }
    }
}

/// A registration of a kfunc.
#[derive(Debug)]
struct Row {
    /// `None` where the hooks are not known yet.
    hooks: Option<Vec<Hook>>,
    filter: Filter,
    effect: Option<Effect>,
    releases: Releases,
}

/// What is known of one kfunc.
#[derive(Debug, Default)]
struct Kfunc {
    rows: Vec<Row>,
    /// Flags by release, oldest first.
    flags: Vec<(KernelVersion, KfuncFlags)>,
}

impl Kfunc {
    /// The flags of the newest table that is not newer than the release; of the oldest that is, where the kfunc was
    /// read in newer releases only.
    fn flags_at(&self, version: KernelVersion) -> Option<KfuncFlags> {
        let mut older = self.flags.iter().rev().filter(|(since, _)| *since <= version);
        older.next().or(self.flags.first()).map(|(_, flags)| *flags)
    }
}

type Kfuncs = HashMap<&'static str, Kfunc>;

static KFUNCS: LazyLock<Kfuncs> =
    LazyLock::new(|| parse(TABLE, SETS).expect("the built-in tables are tested to be well-formed"));

fn parse(table: &'static str, sets: &[(KernelVersion, &'static str)]) -> Result<Kfuncs, String> {
    let mut kfuncs = Kfuncs::new();
    let malformed = |line: &str| format!("malformed row: {line}");
    for line in table.lines().skip(1) {
        let (name, row) = row(line).ok_or_else(|| malformed(line))?;
        kfuncs.entry(name).or_default().rows.push(row);
    }
    for (version, set) in sets {
        for line in set.lines() {
            let mut cells = line.split('\t').skip(1);
            let name = cells.next().ok_or_else(|| malformed(line))?;
            let words = cells.next().ok_or_else(|| malformed(line))?;
            // A flag that skep does not know leaves the kfunc without flags, which is "not modelled".
            let Some(flags) = flags(words) else { continue };
            let history = &mut kfuncs.entry(name).or_default().flags;
            match history.last_mut() {
                // Sets of one kernel may differ: sleepable in one hook that has both kinds of programs, not said in
                // one where all sleep.
                Some((last, seen)) if last == version => *seen |= flags,
                _ => history.push((*version, flags)),
            }
        }
    }
    Ok(kfuncs)
}

fn row(line: &'static str) -> Option<(&'static str, Row)> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [name, hooks, filter, effects, since, until] = cells[..] else { return None };
    let row = Row {
        hooks: match hooks {
            "?" => None,
            "-" => Some(Vec::new()),
            hooks => Some(hooks.split(',').map(Hook::parse).collect::<Option<_>>()?),
        },
        filter: Filter::parse(filter)?,
        effect: match effects {
            "-" => None,
            name => Some(effect(name)?),
        },
        releases: Releases::parse(since, until)?,
    };
    Some((name, row))
}

/// `KF_ACQUIRE|KF_RET_NULL`, or `-`.
fn flags(words: &str) -> Option<KfuncFlags> {
    let mut flags = KfuncFlags::empty();
    for word in words.split('|').filter(|word| *word != "-") {
        flags |= KfuncFlags::from_name(word.strip_prefix("KF_")?)?;
    }
    Some(flags)
}

/// The answer to "may this program call that kfunc?".
pub(super) fn kfunc(calls: &KernelCalls, name: &str, caller: &Caller<'_>) -> KfuncAnswer {
    let Some((name, kfunc)) = KFUNCS.get_key_value(name) else { return KfuncAnswer::Denied };
    if matches!(caller.prog_type, ProgType::Ext) {
        return KfuncAnswer::NotModelled;
    }
    for row in kfunc.rows.iter().filter(|row| row.releases.contain(caller.version)) {
        let Some(hooks) = &row.hooks else { return KfuncAnswer::NotModelled };
        let registered = hooks.iter().any(|hook| hook.has(caller.prog_type, caller.version));
        if !registered || !row.filter.passes(calls, caller) {
            continue;
        }
        let Some(flags) = kfunc.flags_at(caller.version) else { return KfuncAnswer::NotModelled };
        return KfuncAnswer::Proto(KfuncProto { name, flags, effect: row.effect });
    }
    if kfunc.rows.is_empty() { KfuncAnswer::NotModelled } else { KfuncAnswer::Denied }
}

#[cfg(test)]
mod tests {
    use super::{SETS, TABLE, parse};

    #[test]
    fn every_kfunc_of_every_set_has_a_row_and_every_row_has_flags() {
        let kfuncs = parse(TABLE, SETS).unwrap();
        for (version, set) in SETS {
            for line in set.lines() {
                let name = line.split('\t').nth(1).unwrap();
                let kfunc = &kfuncs[name];
                let rows = kfunc.rows.iter().filter(|row| row.releases.contain(*version)).count();
                assert!(rows > 0 || line.contains("KPTR_GET"), "{version} {name}");
            }
        }
        let bare = kfuncs.iter().filter(|(_, kfunc)| kfunc.flags.is_empty());
        let bare: Vec<&str> = bare.map(|(name, _)| *name).collect();
        assert!(bare.iter().all(|name| *name == "bpf_kfunc_call_test_kptr_get"), "{bare:?}");
    }
}
