//! What availability asks about the calling program: the conditions within the kernel's `get_func_proto` functions
//! and its `->allowed` callbacks (`bpf_lsm.c`, `bpf_trace.c`, `bpf_sk_storage.c`).

use std::collections::HashMap;
use std::sync::LazyLock;

use skep_abi::{AttachType, Caller, ProgType};

use super::func::Releases;
use super::{KernelCalls, Lockdown};

/// Sets of what programs attach to.
pub(super) const SETS: &str = include_str!("../../../../facts/attach-sets.tsv");

/// A condition of a row of a table.
#[derive(Debug)]
pub(super) enum When {
    Attach(Vec<AttachType>),
    NotAttach(Vec<AttachType>),
    /// Attached to one of these hooks or iterators.
    Target(Vec<&'static str>),
    /// Not this member of the struct.
    NotMember(&'static str),
    /// A BPF trampoline runs the program.
    Trampoline,
    Sleepable(bool),
    /// The kernel is locked down less than this.
    LockdownBelow(Lockdown),
    KprobeOverride,
}

impl When {
    /// Parses one word of the column `when`.
    pub(super) fn parse(word: &'static str) -> Option<Self> {
        Some(match word {
            "trampoline" => Self::Trampoline,
            "sleepable" => Self::Sleepable(true),
            "!sleepable" => Self::Sleepable(false),
            "lockdown<integrity" => Self::LockdownBelow(Lockdown::Integrity),
            "lockdown<confidentiality" => Self::LockdownBelow(Lockdown::Confidentiality),
            "config=BPF_KPROBE_OVERRIDE" => Self::KprobeOverride,
            _ => {
                let (key, values) = word.split_once('=')?;
                match key {
                    "attach" => Self::Attach(attach_types(values)?),
                    "attach!" => Self::NotAttach(attach_types(values)?),
                    "target" => Self::Target(values.split(',').collect()),
                    "member!" => Self::NotMember(values),
                    _ => return None,
                }
            }
        })
    }

    pub(super) fn holds(&self, calls: &KernelCalls, caller: &Caller<'_>) -> bool {
        match self {
            Self::Attach(types) => types.contains(&caller.attach_type),
            Self::NotAttach(types) => !types.contains(&caller.attach_type),
            Self::Target(names) => target(caller).is_some_and(|target| names.contains(&target)),
            Self::NotMember(name) => caller.struct_ops.is_none_or(|(_, member)| member != *name),
            Self::Trampoline => has_trampoline(caller),
            Self::Sleepable(sleepable) => caller.sleepable == *sleepable,
            Self::LockdownBelow(level) => calls.lockdown < *level,
            Self::KprobeOverride => calls.kprobe_override,
        }
    }
}

fn attach_types(names: &str) -> Option<Vec<AttachType>> {
    let by_name = |name| AttachType::ALL.iter().find(|kind| kind.name() == name).copied();
    names.split(',').map(by_name).collect()
}

/// `bpf_prog_has_trampoline`.
pub(super) fn has_trampoline(caller: &Caller<'_>) -> bool {
    use AttachType::{LsmMac, ModifyReturn, TraceFentry, TraceFexit, TraceFsession};
    match caller.prog_type {
        ProgType::Tracing => {
            matches!(caller.attach_type, TraceFentry | TraceFexit | ModifyReturn | TraceFsession)
        }
        ProgType::Lsm => caller.attach_type == LsmMac,
        _ => false,
    }
}

/// What the program is attached to, without the prefix that the kernel's BTF gives to hooks, iterators and
/// tracepoints.
pub(super) fn target<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    let name = caller.attach_target?;
    let prefix = match caller.attach_type {
        AttachType::LsmMac | AttachType::LsmCgroup => "bpf_lsm_",
        AttachType::TraceIter => "bpf_iter_",
        AttachType::TraceRawTp => "btf_trace_",
        _ => "",
    };
    Some(name.strip_prefix(prefix).unwrap_or(name))
}

/// Where a helper with an `->allowed` callback may be called.
#[derive(Clone, Copy, Debug)]
pub(super) enum AllowedAt {
    /// `bpf_d_path_allowed`.
    DPath,
    /// `bpf_ima_inode_hash_allowed`.
    SleepableHook,
    /// `bpf_sk_storage_tracing_allowed`.
    SkStorage,
}

impl AllowedAt {
    pub(super) fn holds(self, caller: &Caller<'_>) -> bool {
        let attach = caller.attach_type;
        match self {
            Self::DPath if caller.prog_type == ProgType::Lsm => in_set("sleepable_lsm", caller),
            Self::DPath => attach == AttachType::TraceIter || in_set("d_path", caller),
            Self::SleepableHook => in_set("sleepable_lsm", caller),
            Self::SkStorage => match attach {
                AttachType::TraceIter | AttachType::TraceRawTp => true,
                AttachType::TraceFentry | AttachType::TraceFexit => {
                    caller.attach_target.is_some_and(|name| !name.starts_with("bpf_sk_storage"))
                }
                _ => false,
            },
        }
    }
}

fn in_set(set: &str, caller: &Caller<'_>) -> bool {
    static MEMBERS: LazyLock<HashMap<(&str, &str), Releases>> =
        LazyLock::new(|| sets(SETS).expect("the built-in table is tested to be well-formed"));
    let member = target(caller).and_then(|target| MEMBERS.get(&(set, target)));
    member.is_some_and(|releases| releases.contain(caller.version))
}

pub(super) fn sets(
    table: &'static str,
) -> Result<HashMap<(&'static str, &'static str), Releases>, String> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(((next()?, next()?), Releases::parse(next()?, next()?)?))
    };
    let rows = table.lines().skip(1);
    rows.map(|line| row(line).ok_or_else(|| format!("malformed row: {line}"))).collect()
}
