//! Random machines and histories, against a model of sets.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use skep_abi::{Cpu, Node, Pid};
use skep_topology::{CpuSpec, Distances, NodeSpec, Topology, TopologySpec};

use super::{built, mask_of, numbers};
use crate::scx::{PICK_IDLE_CORE, PICK_IDLE_IN_NODE};

/// What happens.
#[derive(Clone, Debug)]
enum Event {
    Idle(u32),
    Busy(u32),
    Claim(u32),
    Pick { on: u32, node: usize, allowed: Vec<bool>, flags: u64 },
}

/// Idle CPUs and idle cores of one node, or of the whole machine.
#[derive(Clone, Debug, Default)]
struct Idle {
    cpus: BTreeSet<u32>,
    cores: BTreeSet<u32>,
}

struct Model<'t> {
    topology: &'t Topology,
    is_per_node: bool,
    idle: BTreeMap<Option<Node>, Idle>,
    busy: BTreeSet<u32>,
    cursors: BTreeMap<u32, u32>,
}

impl<'t> Model<'t> {
    fn new(topology: &'t Topology, is_per_node: bool) -> Self {
        let mut model = Self {
            topology,
            is_per_node,
            idle: BTreeMap::new(),
            busy: BTreeSet::new(),
            cursors: BTreeMap::new(),
        };
        for cpu in topology.online().iter() {
            let idle = model.of(cpu.0);
            idle.cpus.insert(cpu.0);
            idle.cores.insert(cpu.0);
        }
        model
    }

    fn node(&self, cpu: u32) -> Option<Node> {
        self.is_per_node.then(|| self.topology.cpu(Cpu(cpu)).unwrap().node)
    }

    fn of(&mut self, cpu: u32) -> &mut Idle {
        self.idle.entry(self.node(cpu)).or_default()
    }

    /// The CPUs of a core that run.
    fn core(&self, cpu: u32) -> Vec<u32> {
        if !self.topology.online().contains(Cpu(cpu)) {
            return vec![];
        }
        let all = self.topology.siblings(Cpu(cpu)).iter();
        all.filter(|cpu| self.topology.online().contains(**cpu)).map(|cpu| cpu.0).collect()
    }

    fn goes_idle(&mut self, cpu: u32) {
        self.busy.remove(&cpu);
        let core = self.core(cpu);
        let idle = self.of(cpu);
        idle.cpus.insert(cpu);
        if core.iter().all(|cpu| idle.cpus.contains(cpu)) {
            idle.cores.extend(core);
        }
    }

    fn gets_busy(&mut self, cpu: u32) {
        if self.busy.insert(cpu) {
            let core = self.core(cpu);
            let idle = self.of(cpu);
            idle.cpus.remove(&cpu);
            idle.cores.retain(|cpu| !core.contains(cpu));
        }
    }

    fn claim(&mut self, cpu: u32) -> bool {
        let core = self.core(cpu);
        let idle = self.of(cpu);
        idle.cores.retain(|other| !core.contains(other) && *other != cpu);
        idle.cpus.remove(&cpu)
    }

    fn choose(&mut self, on: u32, among: &BTreeSet<u32>) -> Option<u32> {
        let last = self.cursors.get(&on).copied().unwrap_or(0);
        let next = among.iter().find(|cpu| **cpu > last).or(among.first()).copied()?;
        self.cursors.insert(on, next);
        Some(next)
    }

    fn pick_in(
        &mut self,
        on: u32,
        node: Option<Node>,
        allowed: &BTreeSet<u32>,
        core: bool,
    ) -> Option<u32> {
        loop {
            let idle = self.idle.entry(node).or_default();
            let both = |set: &BTreeSet<u32>| set.intersection(allowed).copied().collect();
            let (cores, cpus): (BTreeSet<u32>, BTreeSet<u32>) =
                (both(&idle.cores), both(&idle.cpus));
            let has_smt = self.topology.is_smt_active();
            let among = match () {
                () if has_smt && !cores.is_empty() => cores,
                () if has_smt && core => return None,
                () => cpus,
            };
            let cpu = self.choose(on, &among)?;
            if self.claim(cpu) {
                return Some(cpu);
            }
        }
    }

    fn pick(
        &mut self,
        on: u32,
        node: Option<Node>,
        allowed: &BTreeSet<u32>,
        flags: u64,
    ) -> Option<u32> {
        let mut nodes = vec![node];
        if let (Some(node), true) = (node, flags & PICK_IDLE_IN_NODE == 0) {
            let mut others: Vec<_> =
                self.topology.nodes().iter().filter(|of| of.online && of.node != node).collect();
            others.sort_by_key(|of| self.topology.distance(node, of.node));
            nodes.extend(others.iter().map(|of| Some(of.node)));
        }
        nodes
            .into_iter()
            .find_map(|node| self.pick_in(on, node, allowed, flags & PICK_IDLE_CORE != 0))
    }
}

/// Machines of up to four nodes with gaps in their numbers, cores of up to three threads, and CPUs that do not run.
fn topologies() -> impl Strategy<Value = Topology> {
    let cpu = (0..4u32, 0..5u32, 0..10u32);
    let cpus = prop::collection::vec(cpu, 1..16);
    (cpus, prop::collection::vec(11..40u8, 16)).prop_filter_map("nothing runs", |(cpus, far)| {
        let mut spec = TopologySpec::default();
        for (number, (node, core, luck)) in (0..).zip(cpus) {
            let mut of = CpuSpec {
                node: Node(node * 2),
                llc: node,
                socket: node,
                ..CpuSpec::new(node * 8 + core)
            };
            of.online = luck > 1;
            spec.cpus.insert(Cpu(number * 9 % 70), of);
            spec.nodes.insert(Node(node * 2), NodeSpec::default());
        }
        let count = spec.nodes.len();
        let cell = |at: usize| if at / count == at % count { 10 } else { far[at] };
        spec.distances = Distances::Table((0..count * count).map(cell).collect());
        spec.build().ok()
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let cpu = 0..70u32;
    let pick = (cpu.clone(), 0..4usize, prop::collection::vec(any::<bool>(), 70), 0..4u64)
        .prop_map(|(on, node, allowed, flags)| Event::Pick { on, node, allowed, flags });
    let event = prop_oneof![
        cpu.clone().prop_map(Event::Idle),
        cpu.clone().prop_map(Event::Busy),
        cpu.prop_map(Event::Claim),
        pick,
    ];
    prop::collection::vec(event, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_history_of_any_machine_is_that_of_the_model(
        topology in topologies(),
        is_per_node in any::<bool>(),
        events in events(),
    ) {
        let mut model = Model::new(&topology, is_per_node);
        let machine = built(topology.clone(), is_per_node);
        let scx = machine.sched_ext();
        let possible = numbers(topology.possible());
        let real = |cpu: u32| possible[cpu as usize % possible.len()];
        for event in events {
            match event {
                Event::Idle(cpu) => {
                    machine.switch_to(Cpu(real(cpu)), Pid(0));
                    model.goes_idle(real(cpu));
                }
                Event::Busy(cpu) => {
                    machine.switch_to(Cpu(real(cpu)), Pid(100 + cpu));
                    model.gets_busy(real(cpu));
                }
                Event::Claim(cpu) => {
                    prop_assert_eq!(scx.test_and_clear_idle(Cpu(real(cpu))), model.claim(real(cpu)));
                }
                Event::Pick { on, node, allowed, flags } => {
                    let allowed: BTreeSet<u32> =
                        possible.iter().copied().filter(|cpu| allowed[*cpu as usize]).collect();
                    let nodes = topology.nodes();
                    let node = is_per_node.then(|| nodes[node % nodes.len()].node);
                    let mask = mask_of(&machine, &allowed.iter().copied().collect::<Vec<_>>());
                    let picked = scx.pick_idle(Cpu(real(on)), mask, node, flags).unwrap();
                    let expected = model.pick(real(on), node, &allowed, flags);
                    prop_assert_eq!(picked.map(|cpu| cpu.0), expected);
                }
            }
            for (node, idle) in &model.idle {
                let cpus: BTreeSet<u32> = numbers(&scx.idle_cpus(*node)).into_iter().collect();
                prop_assert_eq!(&cpus, &idle.cpus, "idle CPUs of {:?}", node);
                let cores: BTreeSet<u32> = numbers(&scx.idle_cores(*node)).into_iter().collect();
                let expected = if topology.is_smt_active() { &idle.cores } else { &idle.cpus };
                prop_assert_eq!(&cores, expected, "idle cores of {:?}", node);
            }
        }
    }
}
