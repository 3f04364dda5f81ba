//! The kernel's own choice of a CPU for a task that wakes up: `scx_select_cpu_dfl`, as of 6.16.

use skep_abi::{Addr, Cpu, Node};

use super::SchedExt;
use super::pick::{PICK_IDLE_CORE, PICK_IDLE_IN_NODE};
use crate::cpumask::Words;
use crate::{Fault, Task};

/// The waker is about to sleep (`SCX_WAKE_SYNC`).
pub const WAKE_SYNC: u64 = 1 << 4;

/// What a choice is made for.
#[derive(Clone, Copy, Debug)]
pub struct Wakeup<'t> {
    /// The CPU that chooses.
    pub on: Cpu,
    /// The thread that runs there.
    pub waker: Option<&'t Task>,
    /// The mask of CPUs that the task may run on (`cpus_ptr`).
    pub cpus: Addr,
    /// How many these are (`nr_cpus_allowed`).
    pub nr_cpus: u32,
    /// The mask of CPUs to choose from; none for the task's own.
    pub allowed: Option<Addr>,
    /// The CPU that it ran on last.
    pub prev: Cpu,
    /// `SCX_WAKE_*`.
    pub wake_flags: u64,
    /// `SCX_PICK_IDLE_*`.
    pub flags: u64,
}

/// What both rounds of a search look at: whole cores first, then single CPUs.
struct Search<'a> {
    on: Cpu,
    node: Option<Node>,
    allowed: &'a Words,
    nearby: [Option<Words>; 2],
}

impl SchedExt<'_> {
    /// Claims an idle CPU for a task that wakes up: the one it ran on, one near it, or any that it may use.
    ///
    /// # Errors
    /// A [`Fault`] where no mask is.
    pub fn select_cpu(self, wakeup: &Wakeup<'_>) -> Result<Option<Cpu>, Fault> {
        let cpumasks = self.machine.cpumasks();
        let own = cpumasks.searched(wakeup.cpus)?;
        let given = wakeup.allowed.map(|mask| cpumasks.searched(mask)).transpose()?;
        let prev_is_allowed = given.as_ref().unwrap_or(&own).contains(wakeup.prev);
        if wakeup.nr_cpus == 1 {
            let claimed = prev_is_allowed && self.test_and_clear_idle(wakeup.prev);
            return Ok(claimed.then_some(wakeup.prev));
        }
        let runs_anywhere = wakeup.nr_cpus >= self.topology().possible().weight();
        let is_own = given.is_none();
        let allowed = match given {
            None => own,
            Some(given) if runs_anywhere => given,
            Some(given) => given.with(&own, |a, b| a & b),
        };
        if !is_own && allowed.is_empty() && !runs_anywhere {
            return Ok(None);
        }
        let nearby = |span: Option<Words>| match span {
            Some(span) if is_own && runs_anywhere => Some(span),
            Some(span) => Some(span.with(&allowed, |a, b| a & b)).filter(|both| !both.is_empty()),
            None => None,
        };
        let near = self.near();
        let numa = near.numa.then(|| self.numa_span(wakeup.prev)).flatten();
        let llc = near.llc.then(|| self.llc_span(wakeup.prev)).flatten();
        let nearby = [nearby(llc), nearby(numa)];
        let (node, _) = self.masks_of(wakeup.prev);
        let search = Search { on: wakeup.on, node, allowed: &allowed, nearby };
        Ok(self.select(wakeup, prev_is_allowed, &search))
    }

    fn select(
        self,
        wakeup: &Wakeup<'_>,
        prev_is_allowed: bool,
        search: &Search<'_>,
    ) -> Option<Cpu> {
        let Wakeup { on, prev, wake_flags, flags, .. } = *wakeup;
        if wake_flags & WAKE_SYNC != 0 {
            let shares = on == prev || self.of_llc(on).contains(prev);
            if prev_is_allowed && shares && self.test_and_clear_idle(prev) {
                return Some(prev);
            }
            if self.waker_yields(wakeup, search) {
                return Some(on);
            }
        }
        if self.is_smt_active() {
            let smt = self.scx.masks.idle(search.node).smt;
            let is_whole = self.scx.masks.contains(self.machine.cpumasks(), smt, prev);
            if prev_is_allowed && is_whole && self.test_and_clear_idle(prev) {
                return Some(prev);
            }
            let found = self.look(search, PICK_IDLE_CORE, flags | PICK_IDLE_CORE);
            if found.is_some() || flags & PICK_IDLE_CORE != 0 {
                return found;
            }
        }
        if prev_is_allowed && self.test_and_clear_idle(prev) {
            return Some(prev);
        }
        self.look(search, 0, flags)
    }

    /// Near the CPU first, then wherever the task may run.
    fn look(self, search: &Search<'_>, nearby: u64, anywhere: u64) -> Option<Cpu> {
        let Search { on, node, allowed, .. } = search;
        let near = search.nearby.iter().flatten();
        near.into_iter()
            .find_map(|cpus| self.pick_in_node(*on, cpus, *node, nearby))
            .or_else(|| self.pick(*on, allowed, *node, anywhere))
    }

    /// Whether the task had better wait for the waker's CPU: nothing else waits there, and some CPU near it is idle, so
    /// that the machine is not full.
    ///
    /// The kernel looks at the mask of the waker's node even where only those of the whole machine are kept.
    fn waker_yields(self, wakeup: &Wakeup<'_>, search: &Search<'_>) -> bool {
        let node = self.node_of(wakeup.on);
        let is_here = wakeup.flags & PICK_IDLE_IN_NODE == 0 || node == search.node;
        let idle = self.scx.masks.idle(node).cpu;
        wakeup.waker.is_none_or(|task| task.is_alive)
            && is_here
            && !self.scx.masks.words(self.machine.cpumasks(), idle).is_empty()
            && search.allowed.contains(wakeup.on)
    }

    /// Whether it is worth looking near a CPU first (`scx_idle_update_selcpu_topology`).
    fn near(self) -> Near {
        let online = self.machine.online();
        let Some(first) = online.first() else { return Near { llc: false, numa: false } };
        let all = online.weight();
        let (llc, numa) = (self.llc_weight(first), self.numa_weight(first));
        let differ = || online.iter().any(|cpu| self.llc_weight(cpu) != self.numa_weight(cpu));
        Near {
            llc: llc > 0 && llc < all,
            numa: !self.is_per_node() && numa > 0 && numa < all && differ(),
        }
    }

    /// CPUs that share the last level cache; none where it is the CPU's own, since there is no such domain then.
    fn llc_span(self, cpu: Cpu) -> Option<Words> {
        let cpus = self.of_llc(cpu);
        (cpus.weight() > 1).then(|| self.machine.cpumasks().words_of(&cpus))
    }

    fn llc_weight(self, cpu: Cpu) -> u32 {
        let weight = self.of_llc(cpu).weight();
        if weight > 1 { weight } else { 0 }
    }

    /// CPUs of the node; none where there is one node only, since there is no such domain then.
    fn numa_span(self, cpu: Cpu) -> Option<Words> {
        let cpus = self.of_node(self.node_of(cpu)?);
        (cpus.weight() < self.machine.online().weight())
            .then(|| self.machine.cpumasks().words_of(&cpus))
    }

    fn numa_weight(self, cpu: Cpu) -> u32 {
        let of_node = self.node_of(cpu).map_or(0, |node| self.of_node(node).weight());
        if of_node < self.machine.online().weight() { of_node } else { 0 }
    }
}

/// Which neighbourhoods are worth a look.
struct Near {
    llc: bool,
    numa: bool,
}
