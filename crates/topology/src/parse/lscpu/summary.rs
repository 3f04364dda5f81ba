//! `lscpu -J`: counts, and lists of CPUs.

use std::collections::BTreeMap;

use serde_json::Value;
use skep_abi::{Cpu, Node};

use super::{COMMAND, build, khz, list};
use crate::parse::{Form, ParseError, Parsed, Problem};
use crate::partial::{PartialCpu, fill_in};
use crate::{MAX_CPUS, MAX_NODES, NodeSpec, TopologySpec, format_list, parse_list};

/// Fields by their names, without the colon.
struct Fields(BTreeMap<String, String>);

pub(super) fn read(fields: &Value) -> Result<Parsed, ParseError> {
    let mut found = Fields(BTreeMap::new());
    found.gather(fields, "lscpu")?;
    let count = found.needed("CPU(s)", MAX_CPUS)?;
    let offline = found.list("Off-line CPU(s) list", MAX_CPUS)?.unwrap_or_default();
    let online = match found.list("On-line CPU(s) list", MAX_CPUS)? {
        Some(online) => online,
        None => (0..count).filter(|cpu| !offline.contains(cpu)).collect(),
    };
    let threads = found.needed("Thread(s) per core", 1024)?;
    let sockets = found.number("Socket(s)", MAX_CPUS)?.unwrap_or(1);
    let mut nodes = found.nodes()?;
    if nodes.is_empty() {
        nodes.push((0, online.clone()));
    }
    let machine = Machine { threads, sockets, llcs: found.caches(), khz: found.max_khz() };
    let mut notes = Vec::new();
    let mut cpus = machine.place(&nodes, &mut notes)?;
    if let Some(cpu) = online.iter().find(|cpu| !cpus.contains_key(&Cpu(**cpu))) {
        let what = format!("CPU {cpu} is in the list, but on no node");
        return Err(ParseError::syntax(Form::Lscpu, what).field("On-line CPU(s) list"));
    }
    for cpu in &offline {
        cpus.insert(Cpu(*cpu), PartialCpu { online: false, ..PartialCpu::default() });
    }
    if !offline.is_empty() {
        notes.push(format!(
            "the summary does not say where the offline CPUs {} are: each is taken for a core of its own on node 0",
            format_list(offline)
        ));
    }
    let nodes = nodes.iter().map(|(node, _)| (Node(*node), NodeSpec::default())).collect();
    build(TopologySpec { cpus: fill_in(&cpus), nodes, ..TopologySpec::default() }, notes)
}

impl Fields {
    /// Fields may have others within.
    fn gather(&mut self, fields: &Value, path: &str) -> Result<(), ParseError> {
        for (index, item) in list(fields, path)?.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let text = |name| item.get(name).and_then(Value::as_str);
            let Some(name) = text("field") else {
                return Err(
                    ParseError::value(Form::Lscpu, item, "a field with its data").field(path)
                );
            };
            if let Some(data) = text("data") {
                self.0.insert(name.trim_end_matches(':').to_owned(), data.to_owned());
            }
            if let Some(children) = item.get("children") {
                self.gather(children, &format!("{path}.children"))?;
            }
        }
        Ok(())
    }

    /// A number from 1 to a limit.
    fn number(&self, name: &str, limit: u32) -> Result<Option<u32>, ParseError> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        match text.trim().parse() {
            Ok(number) if (1..=limit).contains(&number) => Ok(Some(number)),
            _ => {
                let wanted = format!("a number from 1 to {limit}");
                Err(ParseError::value(Form::Lscpu, text, &wanted).field(name))
            }
        }
    }

    fn needed(&self, name: &str, limit: u32) -> Result<u32, ParseError> {
        self.number(name, limit)?.ok_or_else(|| {
            let what = format!("it is missing; `{COMMAND}` writes a table that says more");
            ParseError::new(Form::Lscpu, Problem::Missing(what)).field(name)
        })
    }

    fn list(&self, name: &str, limit: u32) -> Result<Option<Vec<u32>>, ParseError> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        match parse_list(text, limit) {
            Ok(list) => Ok(Some(list)),
            Err(error) => Err(ParseError::syntax(Form::Lscpu, error.why).field(name)),
        }
    }

    /// `NUMA node0 CPU(s)`, …; nodes without CPUs have an empty list.
    fn nodes(&self) -> Result<Vec<(u32, Vec<u32>)>, ParseError> {
        let mut nodes = BTreeMap::new();
        for name in self.0.keys() {
            let number = name.strip_prefix("NUMA node").and_then(|n| n.strip_suffix(" CPU(s)"));
            let Some(number) = number else { continue };
            match number.parse::<u32>() {
                Ok(node) if node < MAX_NODES => {
                    nodes.insert(node, self.list(name, MAX_CPUS)?.unwrap_or_default());
                }
                _ => {
                    let wanted = format!("a node below {MAX_NODES}");
                    return Err(
                        ParseError::value(Form::Lscpu, number, &wanted).field(name.as_str())
                    );
                }
            }
        }
        Ok(nodes.into_iter().collect())
    }

    /// `L3 cache: 32 MiB (2 instances)`, else of L2.
    fn caches(&self) -> Option<u32> {
        let text = self.0.get("L3 cache").or_else(|| self.0.get("L2 cache"))?;
        text.split_once('(')?.1.split_whitespace().next()?.parse().ok()
    }

    fn max_khz(&self) -> Option<u32> {
        self.0.get("CPU max MHz").and_then(|text| khz(text))
    }
}

/// A core of a node, each by its place among the others.
struct Place {
    node: u64,
    nodes: u64,
    core: u64,
    cores: u64,
}

impl Place {
    /// Which of the machine's parts it is in, when these are shared out evenly: whole nodes, or parts of
    /// each.
    fn share(&self, parts: u32) -> u64 {
        let parts = u64::from(parts);
        match parts / self.nodes {
            0 | 1 => self.node * parts / self.nodes,
            each => self.node * each + self.core * each / self.cores,
        }
    }
}

/// What is the same for all CPUs.
struct Machine {
    threads: u32,
    sockets: u32,
    llcs: Option<u32>,
    khz: Option<u32>,
}

impl Machine {
    fn place(
        &self,
        nodes: &[(u32, Vec<u32>)],
        notes: &mut Vec<String>,
    ) -> Result<BTreeMap<Cpu, PartialCpu>, ParseError> {
        let mut placed = BTreeMap::new();
        let mut core = 0_u64;
        let with_cpus = || nodes.iter().filter(|(_, cpus)| !cpus.is_empty());
        let populated = with_cpus().count() as u64;
        for (place, (node, cpus)) in (0_u64..).zip(with_cpus()) {
            if !(cpus.len() as u32).is_multiple_of(self.threads) {
                let what = format!(
                    "{} CPUs run there, which are no cores of {} threads; `{COMMAND}` tells which are siblings",
                    cpus.len(),
                    self.threads
                );
                let field = format!("NUMA node{node} CPU(s)");
                return Err(ParseError::syntax(Form::Lscpu, what).field(field));
            }
            let here = self.siblings(cpus, nodes.len() == 1);
            let of_node = here.len() as u64;
            for (index, siblings) in (0_u64..).zip(here) {
                let place = Place { node: place, nodes: populated, core: index, cores: of_node };
                for cpu in siblings {
                    let of = PartialCpu {
                        node: Some(*node),
                        socket: Some(place.share(self.sockets)),
                        core: Some(core),
                        llc: self.llcs.filter(|llcs| *llcs > 0).map(|llcs| place.share(llcs)),
                        max_khz: self.khz,
                        ..PartialCpu::default()
                    };
                    if placed.insert(Cpu(cpu), of).is_some() {
                        let what = format!("CPU {cpu} is on another node too");
                        let field = format!("NUMA node{node} CPU(s)");
                        return Err(ParseError::syntax(Form::Lscpu, what).field(field));
                    }
                }
                core += 1;
            }
        }
        if self.threads > 1 {
            notes.push(format!(
                "the summary does not say which CPUs are siblings: they are taken as Linux usually numbers them; `{COMMAND}` says it"
            ));
        }
        Ok(placed)
    }

    /// Cores of a node. Where its CPUs are as many ranges as a core has threads, each range has one thread
    /// of every core; else one range of a single node is cut so; else siblings follow each other.
    fn siblings(&self, cpus: &[u32], is_only: bool) -> Vec<Vec<u32>> {
        let threads = self.threads as usize;
        let cores = cpus.len() / threads;
        if cores == 0 {
            return Vec::new();
        }
        let ranges = 1 + cpus.windows(2).filter(|pair| pair[0] + 1 != pair[1]).count();
        let are_equal = cpus.chunks(cores).all(|range| range.windows(2).all(|p| p[0] + 1 == p[1]));
        if (ranges == threads || ranges == 1 && is_only) && are_equal {
            (0..cores).map(|core| (0..threads).map(|t| cpus[t * cores + core]).collect()).collect()
        } else {
            cpus.chunks(threads).map(<[u32]>::to_vec).collect()
        }
    }
}
