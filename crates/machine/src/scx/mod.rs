//! sched_ext as seen by those that only watch: `kernel/sched/ext.c`, `kernel/sched/ext_idle.c`.
//!
//! The machine schedules nothing. It knows whether a scheduler is loaded, which of the kernel's services that
//! scheduler asked for, and why the last one ended. While one is loaded, idle CPUs are tracked in masks that
//! programs read as they are at that moment.
//!
//! ```
//! use skep_abi::{Cpu, Node, Pid};
//! use skep_machine::Machine;
//! use skep_machine::scx::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
//! use skep_topology::Topology;
//!
//! let topology = Topology::new().nodes(2).cores_per_node(2).smt(2).build()?;
//! let machine = Machine::builder().topology(topology).build()?;
//! let scx = machine.sched_ext();
//! scx.enable(SchedExtOps::new("rusty").flags(OPS_BUILTIN_IDLE_PER_NODE))?;
//! // Thread 42 comes to CPU 1; its sibling is CPU 5.
//! machine.switch_to(Cpu(1), Pid(42));
//! assert_eq!(scx.idle_cpus(Some(Node(0))).iter().collect::<Vec<_>>(), [Cpu(0), Cpu(4), Cpu(5)]);
//! assert_eq!(scx.idle_cores(Some(Node(0))).iter().collect::<Vec<_>>(), [Cpu(0), Cpu(4)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exit;
mod masks;
mod ops;
mod pick;
mod select;
mod span;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;

use skep_abi::{Addr, Cpu, Errno, KernelVersion, Node};
use skep_btf::Btf;
use skep_topology::{CpuMask, Topology};

pub use exit::{ECODE_ACT_RESTART, ECODE_RSN_HOTPLUG, ExitInfo, ExitKind};
pub use ops::{OPS_BUILTIN_IDLE_PER_NODE, OPS_KEEP_BUILTIN_IDLE, SchedExtOps};
pub use pick::{PICK_IDLE_CORE, PICK_IDLE_IN_NODE};
pub use select::{WAKE_SYNC, Wakeup};
pub use state::LoadError;

use crate::Machine;
use crate::cpumask::Cpumasks;
use crate::memory::{Memory, OutOfMemory};
use masks::Masks;
use state::Instance;

/// First release whose calls know that no scheduler is loaded, and say `ENODEV`.
const INSTANCES_SINCE: KernelVersion = KernelVersion::new(6, 18);

/// The state of sched_ext.
#[derive(Debug)]
pub(crate) struct Scx {
    pub(crate) instance: Instance,
    masks: Masks,
}

impl Scx {
    pub(crate) fn new(
        memory: &Memory,
        btf: Option<&Btf>,
        cpumasks: &Cpumasks,
        topology: &Topology,
        version: KernelVersion,
    ) -> Result<Self, OutOfMemory> {
        let masks = Masks::new(memory, btf, cpumasks, topology)?;
        Ok(Self { instance: Instance::new(version), masks })
    }
}

/// sched_ext of a machine: what loads schedulers, what changes idle CPUs, and what calls ask.
#[derive(Clone, Copy, Debug)]
pub struct SchedExt<'m> {
    pub(crate) machine: &'m Machine,
    pub(crate) scx: &'m Scx,
}

impl<'m> SchedExt<'m> {
    /// Loads a scheduler: all CPUs that run count as idle from then on, until they are told to be busy.
    ///
    /// # Errors
    /// [`LoadError`]: `EBUSY` while another one is loaded, `EINVAL` for flags or a name that the release does not take,
    /// and for masks of each node without built-in idle tracking. The kernel reports the last as an exit of a scheduler
    /// that `bpf(2)` had called loaded; here it is both, an error and an [`ExitInfo`].
    pub fn enable(self, ops: SchedExtOps) -> Result<(), LoadError> {
        let is_per_node = ops.is_per_node();
        let reset = || self.reset(is_per_node);
        self.scx.instance.enable(ops, reset)
    }

    /// Takes the scheduler away, as user space does.
    pub fn disable(self) {
        self.scx.instance.exit(ExitInfo {
            kind: ExitKind::Unreg,
            exit_code: 0,
            msg: String::new(),
        });
        self.scx.instance.finish();
    }

    /// The scheduler that is loaded. One that a call has ended is gone once the program that made the call has ended.
    #[must_use]
    pub fn ops(self) -> Option<SchedExtOps> {
        self.scx.instance.finish();
        self.scx.instance.ops()
    }

    /// Why the last scheduler ended, or was not loaded.
    #[must_use]
    pub fn exit_info(self) -> Option<ExitInfo> {
        self.scx.instance.finish();
        self.scx.instance.last_exit()
    }

    /// What the kernel logged of schedulers (`dmesg`), without times: the last thousand lines.
    #[must_use]
    pub fn log(self) -> Vec<String> {
        self.scx.instance.finish();
        self.scx.instance.log()
    }

    /// How often CPUs came or went (`/sys/kernel/sched_ext/hotplug_seq`).
    #[must_use]
    pub fn hotplug_seq(self) -> u64 {
        self.scx.instance.hotplug_seq()
    }

    /// Whether a scheduler is loaded, as calls see it.
    #[must_use]
    pub fn is_loaded(self) -> bool {
        self.scx.instance.is_loaded()
    }

    /// Whether calls that need a scheduler have to say so: none is loaded, and the release has calls that know.
    ///
    /// *Kernel*: since 6.18; before, a missing scheduler was one without idle tracking whose errors nobody heard.
    #[must_use]
    pub fn is_missing(self) -> bool {
        !self.is_loaded() && self.machine.version() >= INSTANCES_SINCE
    }

    /// Whether there are masks for each node.
    #[must_use]
    pub fn is_per_node(self) -> bool {
        self.scx.instance.is_per_node()
    }

    /// Whether idle CPUs are tracked.
    #[must_use]
    pub fn has_builtin_idle(self) -> bool {
        self.scx.instance.has_builtin_idle()
    }

    /// Whether some core has two CPUs that run (`sched_smt_active`).
    #[must_use]
    pub fn is_smt_active(self) -> bool {
        self.machine.is_smt_active()
    }

    /// Ends the scheduler with a message, once the program that runs now has ended; only the first message counts.
    pub fn error(self, msg: fmt::Arguments<'_>) {
        self.scx.instance.error(msg);
    }

    /// A CPU that is possible; any other number ends the scheduler (`ops_cpu_valid`).
    #[must_use]
    pub fn valid_cpu(self, cpu: i32) -> Option<Cpu> {
        let number = u32::try_from(cpu).ok().map(Cpu);
        let valid = number.filter(|cpu| self.topology().cpu(*cpu).is_some());
        if valid.is_none() {
            self.error(format_args!("invalid CPU {cpu}"));
        }
        valid
    }

    /// A node whose masks may be asked for (`validate_node`).
    ///
    /// # Errors
    /// `EOPNOTSUPP` without masks for each node, `EINVAL` for a number that is no possible node: both end the scheduler.
    /// `ENOENT` for -1 (`NUMA_NO_NODE`), which does not.
    pub fn valid_node(self, node: i32) -> Result<Node, Errno> {
        if !self.is_per_node() {
            self.error(format_args!("per-node idle tracking is disabled"));
            return Err(Errno::EOPNOTSUPP);
        }
        if node == -1 {
            return Err(Errno::ENOENT);
        }
        let topology = self.topology();
        let number = u32::try_from(node).ok().filter(|node| *node < topology.nr_node_ids());
        let Some(number) = number.map(Node) else {
            self.error(format_args!("invalid node {node}"));
            return Err(Errno::EINVAL);
        };
        if topology.node(number).is_none() {
            self.error(format_args!("unavailable node {node}"));
            return Err(Errno::EINVAL);
        }
        Ok(number)
    }

    /// Whether idle CPUs are tracked; where they are not, the scheduler ends (`check_builtin_idle_enabled`).
    #[must_use]
    pub fn check_builtin_idle(self) -> bool {
        let is_on = self.has_builtin_idle();
        if !is_on {
            self.error(format_args!("built-in idle tracking is disabled"));
        }
        is_on
    }

    /// `cpu_none_mask`.
    #[must_use]
    pub fn none_mask(self) -> Addr {
        self.scx.masks.none()
    }

    /// `cpu_possible_mask`.
    #[must_use]
    pub fn possible_mask(self) -> Addr {
        self.scx.masks.possible()
    }

    /// `cpu_online_mask`.
    #[must_use]
    pub fn online_mask(self) -> Addr {
        self.scx.masks.online()
    }

    /// The mask of idle CPUs of a possible node, or of the whole machine.
    #[must_use]
    pub fn idle_mask(self, node: Option<Node>) -> Addr {
        self.scx.masks.idle(node).cpu
    }

    /// The mask of CPUs whose whole core is idle; that of idle CPUs where SMT is not active.
    #[must_use]
    pub fn idle_core_mask(self, node: Option<Node>) -> Addr {
        let of = self.scx.masks.idle(node);
        if self.is_smt_active() { of.smt } else { of.cpu }
    }

    /// The CPUs of [`Self::idle_mask`].
    #[must_use]
    pub fn idle_cpus(self, node: Option<Node>) -> CpuMask {
        self.cpus_in(self.idle_mask(node))
    }

    /// The CPUs of [`Self::idle_core_mask`].
    #[must_use]
    pub fn idle_cores(self, node: Option<Node>) -> CpuMask {
        self.cpus_in(self.idle_core_mask(node))
    }

    /// All CPUs that run count as idle; that soon becomes what is (`reset_idle_masks`).
    fn reset(self, is_per_node: bool) {
        let (masks, cpumasks) = (&self.scx.masks, self.machine.cpumasks());
        if is_per_node {
            for node in self.topology().nodes() {
                masks.reset(cpumasks, Some(node.node), &self.of_node(node.node));
            }
        } else {
            masks.reset(cpumasks, None, &self.machine.online());
        }
    }

    fn cpus_in(self, mask: Addr) -> CpuMask {
        self.scx.masks.words(self.machine.cpumasks(), mask).iter().collect()
    }

    pub(crate) fn hotplug(self, cpu: Cpu, online: bool) {
        self.scx.instance.hotplug(cpu, online);
    }

    pub(crate) fn set_online(self, cpu: Cpu, online: bool) {
        self.scx.masks.set_online(self.machine.cpumasks(), cpu, online);
    }
}
