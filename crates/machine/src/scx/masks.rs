//! The masks of sched_ext and what changes them: `kernel/sched/ext_idle.c`.
//!
//! There is a mask of idle CPUs and one of CPUs whose whole core is idle, for the whole machine and for each node;
//! which of them are kept depends on the scheduler that is loaded. Only single bits are changed while programs may
//! read, so that no program ever sees half a word.

use skep_abi::{Addr, Cpu, Node};
use skep_btf::Btf;
use skep_topology::{CpuMask, Topology};

use crate::cpumask::{Cpumasks, GlobalMasks, Words};
use crate::memory::{Memory, OutOfMemory};

/// The masks that the kernel lends to programs.
#[derive(Debug)]
pub(super) struct Masks {
    global: GlobalMasks,
    /// Possible nodes, ascending: their masks come in this order.
    nodes: Box<[Node]>,
}

/// A mask of idle CPUs and one of CPUs whose whole core is idle.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleMasks {
    pub(super) cpu: Addr,
    pub(super) smt: Addr,
}

const NONE: u64 = 0;
const POSSIBLE: u64 = 1;
const ONLINE: u64 = 2;
const IDLE_CPU: u64 = 3;
const IDLE_SMT: u64 = 4;
const NODES: u64 = 5;

impl Masks {
    pub(super) fn new(
        memory: &Memory,
        btf: Option<&Btf>,
        cpumasks: &Cpumasks,
        topology: &Topology,
    ) -> Result<Self, OutOfMemory> {
        let names = ["cpu_none_mask", "cpu_possible_mask", "cpu_online_mask"];
        let idle = ["the mask of idle CPUs", "the mask of idle cores"];
        let nodes: Box<[Node]> = topology.nodes().iter().map(|node| node.node).collect();
        let of_nodes =
            nodes.iter().flat_map(|node| idle.map(|name| format!("{name} of node {node}")));
        let names: Vec<String> =
            names.into_iter().chain(idle).map(str::to_owned).chain(of_nodes).collect();
        let global = GlobalMasks::new(memory, btf, cpumasks.bits(), &names)?;
        let masks = Self { global, nodes };
        masks.put(cpumasks, masks.possible(), topology.possible());
        masks.put(cpumasks, masks.online(), topology.online());
        Ok(masks)
    }

    fn put(&self, cpumasks: &Cpumasks, mask: Addr, cpus: &CpuMask) {
        let written = cpumasks.put_words(mask, &cpumasks.words_of(cpus));
        written.expect("the kernel's masks are alive and long enough");
    }

    pub(super) fn none(&self) -> Addr {
        self.global.addr(NONE)
    }

    pub(super) fn possible(&self) -> Addr {
        self.global.addr(POSSIBLE)
    }

    pub(super) fn online(&self) -> Addr {
        self.global.addr(ONLINE)
    }

    /// The masks of a node, which must be possible, or of the whole machine (`idle_cpumask`).
    pub(super) fn idle(&self, node: Option<Node>) -> IdleMasks {
        let at = node.and_then(|node| self.nodes.binary_search(&node).ok());
        let (cpu, smt) = match at {
            Some(at) => (NODES + 2 * at as u64, NODES + 2 * at as u64 + 1),
            None => (IDLE_CPU, IDLE_SMT),
        };
        IdleMasks { cpu: self.global.addr(cpu), smt: self.global.addr(smt) }
    }

    /// A mask's CPUs as they are now.
    pub(super) fn words(&self, cpumasks: &Cpumasks, mask: Addr) -> Words {
        cpumasks.searched(mask).expect("the kernel's masks are alive")
    }

    pub(super) fn contains(&self, cpumasks: &Cpumasks, mask: Addr, cpu: Cpu) -> bool {
        cpumasks.test_cpu(cpu.0, mask).expect("the kernel's masks are alive")
    }

    /// Puts a CPU into a mask or takes it out; *Returns* whether it was there.
    pub(super) fn assign(&self, cpumasks: &Cpumasks, mask: Addr, cpu: Cpu, is_in: bool) -> bool {
        let done =
            if is_in { cpumasks.set_cpu(cpu.0, mask) } else { cpumasks.clear_cpu(cpu.0, mask) };
        done.expect("the kernel's masks are alive")
    }

    /// A CPU came or went.
    pub(super) fn set_online(&self, cpumasks: &Cpumasks, cpu: Cpu, online: bool) {
        self.assign(cpumasks, self.online(), cpu, online);
    }

    /// Both masks of a node, or of the whole machine, become these CPUs.
    pub(super) fn reset(&self, cpumasks: &Cpumasks, node: Option<Node>, idle: &CpuMask) {
        let masks = self.idle(node);
        self.put(cpumasks, masks.cpu, idle);
        self.put(cpumasks, masks.smt, idle);
    }
}
