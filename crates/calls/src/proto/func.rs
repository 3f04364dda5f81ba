//! `struct bpf_func_proto`: the prototypes of `facts/helper-protos.tsv`.

use std::collections::HashMap;

use skep_abi::{Acquires, HelperProto, KernelVersion, RetBound};

use super::caller::AllowedAt;
use super::effect::effect;
use super::spelling;

pub(super) const TABLE: &str = include_str!("../../../../facts/helper-protos.tsv");

/// A prototype with the releases that have it.
#[derive(Debug)]
pub(super) struct Func {
    pub(super) proto: HelperProto,
    /// `->allowed`: where a program may be attached to make the call.
    pub(super) allowed: Option<AllowedAt>,
    /// Asks where the traced function was entered.
    pub(super) asks_entry: bool,
    pub(super) releases: Releases,
}

/// Releases from one, and perhaps up to but not including another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Releases {
    pub(super) since: KernelVersion,
    until: Option<KernelVersion>,
}

impl Releases {
    pub(super) fn parse(since: &str, until: &str) -> Option<Self> {
        let until = match until {
            "-" => None,
            until => Some(KernelVersion::from_release(until)?),
        };
        Some(Self { since: KernelVersion::from_release(since)?, until })
    }

    pub(super) fn contain(self, version: KernelVersion) -> bool {
        self.since <= version && self.until.is_none_or(|until| version < until)
    }
}

/// The prototypes by name; releases of one name follow each other.
pub(super) fn parse(table: &'static str) -> Result<HashMap<&'static str, Vec<Func>>, String> {
    let mut found: HashMap<_, Vec<Func>> = HashMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let (name, func) = row(&cells).ok_or_else(|| format!("malformed row: {line}"))?;
        found.entry(name).or_default().push(func);
    }
    Ok(found)
}

fn row(cells: &[&'static str]) -> Option<(&'static str, Func)> {
    let [name, id, helper, since, until, flags, ret, bound, args @ .., effects] = cells else {
        return None;
    };
    let args: [_; 5] =
        args.iter().map(|cell| spelling::arg(cell)).collect::<Option<Vec<_>>>()?.try_into().ok()?;
    let mut func = Func {
        proto: HelperProto {
            id: id.parse().ok()?,
            name: helper,
            args,
            ret: spelling::ret(ret)?,
            gpl_only: false,
            pkt_access: false,
            might_sleep: false,
            allow_fastcall: false,
            changes_pkt_data: false,
            ptr_cast: false,
            acquires: Acquires::No,
            ret_bound: match *bound {
                "-" => RetBound::None,
                "mem_size" => RetBound::MemSize,
                "cpu" => RetBound::Cpu,
                _ => return None,
            },
            effect: match *effects {
                "-" => None,
                name => Some(effect(name)?),
            },
        },
        allowed: None,
        asks_entry: false,
        releases: Releases::parse(since, until)?,
    };
    for flag in flags.split(',').filter(|flag| *flag != "-") {
        func.set(flag)?;
    }
    Some((name, func))
}

impl Func {
    fn set(&mut self, flag: &str) -> Option<()> {
        let proto = &mut self.proto;
        match flag {
            "gpl_only" => proto.gpl_only = true,
            "pkt_access" => proto.pkt_access = true,
            "might_sleep" => proto.might_sleep = true,
            "allow_fastcall" => proto.allow_fastcall = true,
            "changes_pkt_data" => proto.changes_pkt_data = true,
            "ptr_cast" => proto.ptr_cast = true,
            "acquire" => proto.acquires = Acquires::Always,
            "acquire_from_sockmap" => proto.acquires = Acquires::FromSockmap,
            "func_entry" => self.asks_entry = true,
            "allowed=d_path" => self.allowed = Some(AllowedAt::DPath),
            "allowed=lsm_sleepable" => self.allowed = Some(AllowedAt::SleepableHook),
            "allowed=sk_storage" => self.allowed = Some(AllowedAt::SkStorage),
            _ => return None,
        }
        Some(())
    }
}
