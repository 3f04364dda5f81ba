//! Claiming idle CPUs: `kernel/sched/ext_idle.c`.

use skep_abi::{Addr, Cpu, Node};

use super::SchedExt;
use super::masks::IdleMasks;
use crate::Fault;
use crate::cpumask::Words;

/// Only CPUs whose whole core is idle (`SCX_PICK_IDLE_CORE`).
pub const PICK_IDLE_CORE: u64 = 1 << 0;
/// Only CPUs of the node (`SCX_PICK_IDLE_IN_NODE`, since 6.15).
pub const PICK_IDLE_IN_NODE: u64 = 1 << 1;

impl SchedExt<'_> {
    /// The masks that a CPU is in: its node's where there are such (`scx_cpu_node_if_enabled`).
    pub(super) fn masks_of(self, cpu: Cpu) -> (Option<Node>, IdleMasks) {
        let node = self.is_per_node().then(|| self.node_of(cpu)).flatten();
        (node, self.scx.masks.idle(node))
    }

    pub(super) fn node_of(self, cpu: Cpu) -> Option<Node> {
        self.topology().cpu(cpu).map(|of| of.node)
    }

    /// A CPU became idle or busy (`update_builtin_idle`): its core is wholly idle with the last of its CPUs, and not
    /// with the first that is busy. Nothing where no scheduler lets the kernel track idle CPUs.
    pub fn update_idle(self, cpu: Cpu, is_idle: bool) {
        let can_be = self.topology().cpu(cpu).is_some();
        if !self.scx.instance.has_builtin_idle() || !can_be {
            return;
        }
        let (masks, cpumasks) = (&self.scx.masks, self.machine.cpumasks());
        let (_, of) = self.masks_of(cpu);
        masks.assign(cpumasks, of.cpu, cpu, is_idle);
        if !self.is_smt_active() {
            return;
        }
        let core = self.smt_siblings(cpu);
        let is_core_idle = |cpu: Cpu| masks.contains(cpumasks, of.cpu, cpu);
        if !is_idle || core.iter().all(is_core_idle) {
            for cpu in core.iter() {
                masks.assign(cpumasks, of.smt, cpu, is_idle);
            }
        }
    }

    /// Claims a CPU: it is in no mask afterwards, and its siblings' core is not wholly idle, whether it was idle or not;
    /// *Returns* whether it was (`scx_idle_test_and_clear_cpu`).
    #[must_use]
    pub fn test_and_clear_idle(self, cpu: Cpu) -> bool {
        let (masks, cpumasks) = (&self.scx.masks, self.machine.cpumasks());
        let (_, of) = self.masks_of(cpu);
        if self.is_smt_active() {
            // A CPU that does not run is in no core, and is taken out itself.
            for cpu in self.smt_siblings(cpu).iter().chain([cpu]) {
                masks.assign(cpumasks, of.smt, cpu, false);
            }
        }
        masks.assign(cpumasks, of.cpu, cpu, false)
    }

    /// Claims an idle CPU in the masks of a node, or of the whole machine (`pick_idle_cpu_in_node`): one whose whole
    /// core is idle first.
    pub(super) fn pick_in_node(
        self,
        on: Cpu,
        allowed: &Words,
        node: Option<Node>,
        flags: u64,
    ) -> Option<Cpu> {
        let (masks, cpumasks) = (&self.scx.masks, self.machine.cpumasks());
        let of = masks.idle(node);
        let choose = |mask: Addr| {
            let idle = masks.words(cpumasks, mask).with(allowed, |a, b| a & b);
            let cpu = cpumasks.choose(on, &idle);
            (cpu < cpumasks.bits().nr_cpu_ids).then_some(Cpu(cpu))
        };
        loop {
            let whole = self.is_smt_active().then(|| choose(of.smt)).flatten();
            if whole.is_none() && self.is_smt_active() && flags & PICK_IDLE_CORE != 0 {
                return None;
            }
            let cpu = whole.or_else(|| choose(of.cpu))?;
            // What was chosen may be claimed by another CPU meanwhile; each turn takes a bit out of a mask.
            if self.test_and_clear_idle(cpu) {
                return Some(cpu);
            }
        }
    }

    /// Claims an idle CPU out of `allowed`, in a node and then in the others from the nearest on, or in the whole
    /// machine (`scx_pick_idle_cpu`). Choices inside a mask go round, by the cursor of the CPU `on`.
    pub(super) fn pick(
        self,
        on: Cpu,
        allowed: &Words,
        node: Option<Node>,
        flags: u64,
    ) -> Option<Cpu> {
        let here = self.pick_in_node(on, allowed, node, flags);
        let (None, Some(node)) = (here, node) else { return here };
        if flags & PICK_IDLE_IN_NODE != 0 {
            return None;
        }
        let topology = self.topology();
        let others = topology.nodes_by_distance(node).into_iter().filter(|other| *other != node);
        let mut online =
            others.filter(|other| topology.node(*other).is_some_and(|node| node.online));
        online.find_map(|other| self.pick_in_node(on, allowed, Some(other), flags))
    }

    /// As `scx_pick_idle_cpu`, out of a mask in memory.
    ///
    /// # Errors
    /// A [`Fault`] where no mask is.
    pub fn pick_idle(
        self,
        on: Cpu,
        allowed: Addr,
        node: Option<Node>,
        flags: u64,
    ) -> Result<Option<Cpu>, Fault> {
        let allowed = self.machine.cpumasks().searched(allowed)?;
        Ok(self.pick(on, &allowed, node, flags))
    }

    /// Any CPU out of a mask, and of a node where one is given, in turn.
    ///
    /// # Errors
    /// A [`Fault`] where no mask is.
    pub fn pick_any(
        self,
        on: Cpu,
        allowed: Addr,
        node: Option<Node>,
    ) -> Result<Option<Cpu>, Fault> {
        let cpumasks = self.machine.cpumasks();
        let mut allowed = cpumasks.searched(allowed)?;
        if let Some(node) = node {
            allowed = allowed.with(&cpumasks.words_of(&self.of_node(node)), |a, b| a & b);
        }
        let cpu = cpumasks.choose(on, &allowed);
        Ok((cpu < cpumasks.bits().nr_cpu_ids).then_some(Cpu(cpu)))
    }
}
