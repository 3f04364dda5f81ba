//! `skep profile --smt`: `programs/smt.bpf.c`, which splits stacks by what the rest of the core did.
//!
//! The masks of idle CPUs that the program asks for exist while a sched_ext scheduler is loaded, so the machine has one
//! named `builtin` that schedules nothing: it keeps masks for each NUMA node (`SCX_OPS_BUILTIN_IDLE_PER_NODE`), and
//! takes CPUs that come and go in its stride. What CPUs do is told by records of their context switches, or by a
//! script.

use std::collections::BTreeMap;

use skep_abi::{Cpu, KernelVersion, Node};
use skep_btf::Kind;
use skep_machine::Machine;
use skep_machine::scx::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
use skep_object::KernelProfile;
use skep_sample::sched::Script;
use skep_topology::CpuMask;

use super::tables::Row;
use crate::load::Loaded;
use crate::profile::shipped;
use crate::{Error, ErrorKind};

/// The compiled program.
pub const OBJECT: &[u8] = include_bytes!("../../../../programs/smt.bpf.o");
/// The program in it.
pub(super) const PROGRAM: &str = "smt";

/// What the program calls that not every kernel has.
const NEEDED: [&str; 3] =
    ["bpf_cpumask_populate", "scx_bpf_get_idle_smtmask_node", "scx_bpf_cpu_node"];
/// The kernel that is taken where the one at hand lacks them.
const FALLBACK: KernelVersion = KernelVersion::new(6, 19);

/// Threads of a core beside a CPU itself (`MAX_SIBLINGS`).
const MAX_SIBLINGS: usize = 7;
/// CPUs that `chosen` has bits for (`MAX_CPUS`).
const MAX_CPUS: usize = 8192;

/// What is split, and by what.
#[derive(Clone, Debug, Default)]
pub struct Smt {
    /// CPUs whose samples count; none for all.
    pub cpus: Option<Vec<Cpu>>,
    /// What tells which CPUs are idle, instead of the host's context switches.
    pub script: Option<Script>,
}

/// Where it is known from which CPUs were idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleFrom {
    /// A script.
    Script,
    /// Context switches of all CPUs.
    Switches,
    /// Nothing but the samples themselves.
    Samples,
}

impl IdleFrom {
    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Switches => "switches",
            Self::Samples => "samples",
        }
    }
}

/// Samples of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeShare {
    /// All of them.
    pub samples: u64,
    /// Those while another thread of the core was busy.
    pub sibling_busy: u64,
    /// Of these, those while a whole core of the node was idle.
    pub core_free: u64,
}

/// How the samples are split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Whether some core of the machine has two threads that run.
    pub is_active: bool,
    /// What told which CPUs were idle.
    pub idle_from: IdleFrom,
    /// By node.
    pub nodes: BTreeMap<Node, NodeShare>,
    /// Samples that the program left out: of CPUs that were not chosen.
    pub elsewhere: u64,
}

/// What the core did at a sample, besides the sampled thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The CPU's node.
    pub node: Node,
    /// Whether another thread of the core was busy.
    pub sibling_busy: bool,
}

impl Place {
    /// Words for people; the node where there are several.
    #[must_use]
    pub fn words(self, has_nodes: bool) -> String {
        let sibling = if self.sibling_busy { "sibling busy" } else { "sibling idle" };
        if has_nodes { format!("node {}, {sibling}", self.node) } else { sibling.to_owned() }
    }
}

impl Split {
    /// Sums the rows up.
    pub(super) fn new(machine: &Machine, idle_from: IdleFrom, rows: &[Row], elsewhere: u64) -> Self {
        let mut nodes: BTreeMap<Node, NodeShare> = BTreeMap::new();
        for row in rows {
            let Some(core) = row.core else { continue };
            let share = nodes.entry(core.place.node).or_default();
            share.samples += row.samples;
            if core.place.sibling_busy {
                share.sibling_busy += row.samples;
            }
            if core.core_free {
                share.core_free += row.samples;
            }
        }
        Self { is_active: machine.is_smt_active(), idle_from, nodes, elsewhere }
    }

    /// What the user should know: sentences without a full stop.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if !self.is_active {
            notices.push(
                "SMT is not active on this machine: each CPU is a core of its own, so that a sibling is never busy"
                    .to_owned(),
            );
        } else if self.idle_from == IdleFrom::Samples {
            notices.push(
                "only the samples themselves tell which CPUs were busy, so that siblings that ran anything else count \
                 as idle"
                    .to_owned(),
            );
        }
        if self.elsewhere > 0 {
            notices.push(format!("{} samples were of CPUs that were not chosen", self.elsewhere));
        }
        notices
    }
}

/// The kernel whose calls the program needs: the given one, or the newest that skep knows well, with a notice.
///
/// # Errors
/// Never in practice: skep ships the other one.
pub fn kernel(given: KernelProfile) -> Result<(KernelProfile, Option<String>), Error> {
    let lacks = |name: &&str| given.btf.find(name, Kind::Func).is_none();
    let Some(missing) = NEEDED.iter().find(|name| lacks(name)) else { return Ok((given, None)) };
    let profile = shipped(FALLBACK)
        .ok_or_else(|| Error::unsupported(format!("Linux {FALLBACK}, which --smt needs")))?;
    let notice = format!(
        "Linux {} has no {missing}, so the machine's kernel is Linux {}",
        given.release, profile.release
    );
    Ok((profile, Some(notice)))
}

/// Loads the scheduler that has the machine track idle CPUs.
pub(super) fn track_idle(machine: &Machine) -> Result<(), Error> {
    let ops = SchedExtOps::new("builtin").flags(OPS_BUILTIN_IDLE_PER_NODE).hotplug();
    machine.sched_ext().enable(ops).map_err(Error::environment)
}

/// Why the machine tracks idle CPUs no longer, where it does not.
pub(super) fn check_tracking(machine: &Machine) -> Result<(), Error> {
    match machine.sched_ext().ops() {
        Some(_) => Ok(()),
        None => {
            let why = machine.sched_ext().exit_info().map_or_else(String::new, |info| info.to_string());
            Err(Error::new(
                ErrorKind::Program,
                format!("the built-in profiler ended the machine's scheduler: {why}"),
            ))
        }
    }
}

/// Tells the program which CPUs count, and which are of one core.
pub(super) fn fill(machine: &Machine, loaded: &Loaded, smt: &Smt) -> Result<(), Error> {
    let foreign = || Error::input("the built-in profiler's maps are not as they should be");
    let all = machine.topology().possible().clone();
    let chosen = smt.cpus.as_ref().map_or(all, |cpus| cpus.iter().copied().collect::<CpuMask>());
    let words = (0..MAX_CPUS / 64).flat_map(|at| chosen.word(at).to_le_bytes());
    let bytes: Vec<u8> = words.collect();
    loaded.set_variable(machine, "chosen", &bytes).ok_or_else(foreign)?;
    let map = loaded.map("topology").and_then(|map| machine.user_side(map.id));
    let map = map.ok_or_else(foreign)?;
    let online = machine.online();
    for cpu in machine.topology().cpus() {
        let others = machine.topology().siblings(cpu.cpu).iter().copied();
        let others = others.filter(|other| *other != cpu.cpu && online.contains(*other));
        let others: Vec<u32> = others.take(MAX_SIBLINGS).map(|cpu| cpu.0).collect();
        let mut value = (others.len() as u32).to_le_bytes().to_vec();
        value.extend(others.iter().flat_map(|cpu| cpu.to_le_bytes()));
        value.resize(4 + 4 * MAX_SIBLINGS, 0);
        map.update(&cpu.cpu.0.to_le_bytes(), &value, 0).map_err(|_| foreign())?;
    }
    Ok(())
}
