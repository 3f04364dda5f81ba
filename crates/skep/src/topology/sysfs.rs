//! The host, as `/sys/devices/system/cpu` and `/sys/devices/system/node` show it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use skep_abi::{Cpu, Node};
use skep_topology::{
    Distances, MAX_CPUS, MAX_NODES, NodeSpec, PartialCpu, REMOTE_DISTANCE, TopologySpec, fill_in,
    format_list, parse_list,
};

use super::{Declared, Source};
use crate::Error;

/// The machine that skep runs on.
///
/// # Errors
/// When the host shows a machine that Linux could not run on.
pub fn host() -> Result<Declared, Error> {
    host_at(Path::new("/sys"))
}

/// The machine that a sysfs folder shows. What is hidden, as in some containers, is taken for simple.
///
/// # Errors
/// As [`host`].
pub fn host_at(root: &Path) -> Result<Declared, Error> {
    let sysfs = Sysfs { system: root.join("devices/system") };
    let mut notes = Vec::new();
    let spec = match sysfs.possible() {
        Some(possible) => sysfs.spec(&possible, &mut notes),
        None => {
            let count = available();
            notes.push(format!(
                "sysfs does not tell the CPUs; {count} may be used, so that many it has"
            ));
            let cpus = (0..count).map(|cpu| (Cpu(cpu), PartialCpu::default())).collect();
            TopologySpec { cpus: fill_in(&cpus), ..TopologySpec::default() }
        }
    };
    let (topology, contradiction) = spec.build_or_flat().map_err(|error| {
        Error::environment(format!("{} shows no machine: {error}", sysfs.system.display()))
    })?;
    notes.extend(contradiction.map(|error| {
        format!("cores and caches are left out, since sysfs contradicts itself: {error}")
    }));
    Ok(Declared { topology, source: Source::Host, notes })
}

fn available() -> u32 {
    std::thread::available_parallelism()
        .map_or(1, |count| u32::try_from(count.get()).unwrap_or(1).min(MAX_CPUS))
}

struct Sysfs {
    /// `/sys/devices/system`.
    system: PathBuf,
}

impl Sysfs {
    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.system.join(path)).ok().map(|text| text.trim().to_owned())
    }

    fn number<T: FromStr>(&self, path: &str) -> Option<T> {
        self.text(path)?.parse().ok()
    }

    fn list(&self, path: &str, limit: u32) -> Option<Vec<u32>> {
        parse_list(&self.text(path)?, limit).ok()
    }

    fn possible(&self) -> Option<Vec<u32>> {
        self.list("cpu/possible", MAX_CPUS).filter(|possible| !possible.is_empty())
    }

    fn spec(&self, possible: &[u32], notes: &mut Vec<String>) -> TopologySpec {
        let present = self.list("cpu/present", MAX_CPUS);
        let online = self.list("cpu/online", MAX_CPUS);
        // These are sorted.
        let is_in = |list: &Option<Vec<u32>>, cpu: u32| {
            list.as_ref().is_none_or(|list| list.binary_search(&cpu).is_ok())
        };
        let mut cpus: BTreeMap<Cpu, PartialCpu> = possible
            .iter()
            .map(|&cpu| {
                let mut of = self.cpu(cpu);
                of.present = is_in(&present, cpu);
                of.online = of.present && is_in(&online, cpu);
                (Cpu(cpu), of)
            })
            .collect();
        let nodes = self.nodes(&mut cpus);
        let unknown: Vec<u32> =
            cpus.iter().filter(|(_, of)| of.core.is_none()).map(|(cpu, _)| cpu.0).collect();
        if !unknown.is_empty() {
            notes.push(format!(
                "sysfs does not tell where CPUs {} are: each is taken for a core of its own",
                format_list(unknown)
            ));
        }
        let distances = self.distances(&nodes, notes);
        TopologySpec { cpus: fill_in(&cpus), nodes, distances, nr_cpus: None }
    }

    /// What a CPU's folder says; that of an offline CPU says nothing of its place.
    fn cpu(&self, cpu: u32) -> PartialCpu {
        let path = |name: &str| format!("cpu/cpu{cpu}/{name}");
        // Numbers of cores and packages repeat in some firmware: the lists of siblings hold.
        let core = ["topology/core_cpus_list", "topology/thread_siblings_list"]
            .into_iter()
            .find_map(|name| self.list(&path(name), MAX_CPUS))
            .and_then(|siblings| siblings.first().copied());
        PartialCpu {
            socket: self.number(&path("topology/physical_package_id")),
            core: core.map(u64::from),
            llc: self.llc(cpu).map(u64::from),
            capacity: self.number(&path("cpu_capacity")),
            max_khz: self.number(&path("cpufreq/cpuinfo_max_freq")),
            ..PartialCpu::default()
        }
    }

    /// The lowest CPU of the highest cache that is not for insns alone.
    fn llc(&self, cpu: u32) -> Option<u32> {
        let mut highest: Option<(u32, u32)> = None;
        // Linux numbers the folders without holes; ten are more than any CPU has.
        for index in 0..10 {
            let path = |name: &str| format!("cpu/cpu{cpu}/cache/index{index}/{name}");
            let Some(level) = self.number::<u32>(&path("level")) else { break };
            let is_for_data = self.text(&path("type")).is_some_and(|kind| kind != "Instruction");
            let first = self.list(&path("shared_cpu_list"), MAX_CPUS)?.first().copied()?;
            if is_for_data && highest.is_none_or(|(above, _)| level > above) {
                highest = Some((level, first));
            }
        }
        highest.map(|(_, first)| first)
    }

    /// The nodes; CPUs in their lists are told so.
    fn nodes(&self, cpus: &mut BTreeMap<Cpu, PartialCpu>) -> BTreeMap<Node, NodeSpec> {
        let online = self.list("node/online", MAX_NODES).unwrap_or_default();
        let possible = self.list("node/possible", MAX_NODES).unwrap_or_else(|| online.clone());
        let mut nodes = BTreeMap::new();
        for node in possible {
            let on_it =
                self.list(&format!("node/node{node}/cpulist"), MAX_CPUS).unwrap_or_default();
            for cpu in on_it {
                if let Some(of) = cpus.get_mut(&Cpu(cpu)) {
                    of.node = Some(node);
                }
            }
            let is_online = online.binary_search(&node).is_ok();
            let memory = self.memory(node).unwrap_or(0);
            nodes.insert(Node(node), NodeSpec { memory, online: is_online });
        }
        // CPUs whose node is not known go to node 0, or to the first that is there.
        let first = nodes.iter().find(|(_, of)| of.online).map(|(node, _)| node.0);
        cpus.values_mut().for_each(|of| of.node = of.node.or(first));
        nodes
    }

    /// `Node 0 MemTotal: 24000000 kB`.
    fn memory(&self, node: u32) -> Option<u64> {
        let text = self.text(&format!("node/node{node}/meminfo"))?;
        let total = text.lines().find(|line| line.contains("MemTotal:"))?;
        let kib: u64 = total.split_whitespace().rev().nth(1)?.parse().ok()?;
        kib.checked_mul(1024)
    }

    /// Rows have a number for each node that is online.
    fn distances(&self, nodes: &BTreeMap<Node, NodeSpec>, notes: &mut Vec<String>) -> Distances {
        if nodes.len() < 2 {
            return Distances::default();
        }
        let all: Vec<Node> = nodes.keys().copied().collect();
        let online: Vec<Node> =
            nodes.iter().filter(|(_, of)| of.online).map(|(node, _)| *node).collect();
        let row = |from: &Node| -> Vec<u32> {
            let text = self.text(&format!("node/node{from}/distance")).unwrap_or_default();
            let said: BTreeMap<Node, u32> = online
                .iter()
                .copied()
                .zip(text.split_whitespace().filter_map(|word| word.parse().ok()))
                .collect();
            let to = |to: &Node| match to == from {
                true => 10,
                false => said.get(to).copied().unwrap_or(u32::from(REMOTE_DISTANCE)),
            };
            all.iter().map(to).collect()
        };
        let rows: Vec<Vec<u32>> = all.iter().map(row).collect();
        Distances::from_rows(&all, &rows).unwrap_or_else(|error| {
            notes.push(format!("the distances of nodes are left out: {error}"));
            Distances::default()
        })
    }
}
