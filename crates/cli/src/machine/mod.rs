//! `skep machine`: machines that need not exist.

mod json;
mod picture;

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value};
use skep::Error;
use skep::topology::{Declared, declared};
use skep_topology::{CpuMask, NodeInfo, Topology, format_list};

use crate::args::{MachineArgs, MachineCommand};
use crate::output::{HEADING, Output, Table, View, notice, width};

/// Nodes that tables show one by one.
const ROWS: usize = 64;
/// Nodes whose distances fit beside them.
const DISTANCES: usize = 16;

/// Shows a machine.
///
/// # Errors
/// When it is none, or cannot be printed.
pub(crate) fn execute(args: &MachineArgs, output: &Output) -> Result<ExitCode, Error> {
    let MachineCommand::Show(show) = &args.command;
    let view = MachineView(declared(&show.topology)?);
    view.0.notes.iter().for_each(notice);
    output.print(&view)?;
    Ok(ExitCode::SUCCESS)
}

struct MachineView(Declared);

impl View for MachineView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let machine = &self.0.topology;
        summary(machine, out)?;
        writeln!(out)?;
        nodes(machine, out)?;
        kinds(machine, out)?;
        writeln!(out)?;
        picture::draw(machine, width(), out)
    }

    fn fields(&self) -> Map<String, Value> {
        json::fields(&self.0)
    }
}

/// `3 nodes`, `1 node`.
fn count(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

fn summary(machine: &Topology, out: &mut dyn Write) -> io::Result<()> {
    let parts = [
        count(machine.sockets().len(), "socket"),
        count(machine.nodes().len(), "node"),
        count(machine.llcs().len(), "last level cache"),
        count(machine.cores().len(), "core"),
        count(machine.cpus().count(), "CPU"),
    ];
    writeln!(out, "{HEADING}{}{HEADING:#}", parts.join(", "))?;
    let nr_cpus = machine.nr_cpus().map_or("the kernel's".to_owned(), |n| n.to_string());
    let smt = if machine.is_smt_active() { "active" } else { "not active" };
    writeln!(
        out,
        "nr_cpu_ids {}, nr_node_ids {}, NR_CPUS {nr_cpus}, SMT {smt}",
        machine.nr_cpu_ids(),
        machine.nr_node_ids()
    )?;
    let (possible, present, online) = (machine.possible(), machine.present(), machine.online());
    write!(out, "online {online}")?;
    let offline = present.and_not(online);
    if !offline.is_empty() {
        write!(out, "; offline {offline}")?;
    }
    let absent = possible.and_not(present);
    if !absent.is_empty() {
        write!(out, "; possible but absent {absent}")?;
    }
    writeln!(out)
}

fn nodes(machine: &Topology, out: &mut dyn Write) -> io::Result<()> {
    let has_distances = (2..=DISTANCES).contains(&machine.nodes().len());
    let mut headings = vec!["#node", "#socket", "cpus", "#cores", "#llcs", "#memory"];
    if has_distances {
        headings.push("distances");
    }
    let mut table = Table::new(headings);
    for of in machine.nodes().iter().take(ROWS) {
        let cpus = || of.cpus.iter().filter_map(|cpu| machine.cpu(*cpu));
        let distinct = |numbers: Vec<u32>| -> std::collections::BTreeSet<u32> {
            numbers.into_iter().collect()
        };
        let mut row = vec![
            of.node.to_string(),
            format_list(distinct(cpus().map(|cpu| cpu.socket.0).collect())),
            cpu_list(of, machine),
            distinct(cpus().map(|cpu| cpu.core.0).collect()).len().to_string(),
            distinct(cpus().map(|cpu| cpu.llc.0).collect()).len().to_string(),
            memory(of.memory),
        ];
        if has_distances {
            let distance = |to: &NodeInfo| machine.distance(of.node, to.node).unwrap_or(0);
            let all: Vec<String> =
                machine.nodes().iter().map(|to| distance(to).to_string()).collect();
            row.push(all.join(" "));
        }
        table.row(row);
    }
    table.print(out)?;
    match machine.nodes().len().checked_sub(ROWS) {
        Some(left @ 1..) => writeln!(out, " … and {}; --json has all", count(left, "more node")),
        _ => Ok(()),
    }
}

fn cpu_list(of: &NodeInfo, machine: &Topology) -> String {
    match (of.cpus.is_empty(), of.online) {
        (true, true) => "none: memory only".to_owned(),
        (true, false) => "none: offline".to_owned(),
        (false, online) => {
            let mask: CpuMask = of.cpus.iter().copied().collect();
            let list = mask.to_string();
            let running = mask.and(machine.online()).weight();
            match (online, running < mask.weight()) {
                (false, _) => format!("{list} (offline)"),
                (true, true) => format!("{list} ({running} online)"),
                (true, false) => list,
            }
        }
    }
}

/// CPUs of each capacity and frequency, where these differ or are known.
fn kinds(machine: &Topology, out: &mut dyn Write) -> io::Result<()> {
    let mut kinds = std::collections::BTreeMap::new();
    for cpu in machine.cpus() {
        let key = (cpu.capacity, cpu.max_khz);
        kinds.entry(std::cmp::Reverse(key)).or_insert_with(CpuMask::new).insert(cpu.cpu);
    }
    let is_plain = kinds.len() == 1 && machine.cpus().all(|cpu| cpu.max_khz.is_none());
    if is_plain {
        return Ok(());
    }
    writeln!(out)?;
    let mut table = Table::new(["#capacity", "#max MHz", "cpus"]);
    for (std::cmp::Reverse((capacity, khz)), cpus) in kinds.iter().take(ROWS) {
        let mhz = khz.map_or("-".to_owned(), |khz| (f64::from(khz) / 1000.0).to_string());
        table.row([capacity.to_string(), mhz, cpus.to_string()]);
    }
    table.print(out)
}

/// Bytes in the largest unit that keeps them whole, or to a tenth.
fn memory(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    if bytes == 0 {
        return "none".to_owned();
    }
    let unit = (bytes.ilog2() / 10).min(4);
    let scale = 1_u64 << (10 * unit);
    match bytes % scale {
        0 => format!("{} {}", bytes / scale, UNITS[unit as usize]),
        _ => format!("{:.1} {}", bytes as f64 / scale as f64, UNITS[unit as usize]),
    }
}

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn memory_has_the_unit_that_people_use() {
        let texts = [0, 16 << 30, 24_119_115_776, 1 << 50, 4096].map(memory);
        assert_eq!(texts, ["none", "16 GiB", "22.5 GiB", "1024 TiB", "4 KiB"]);
    }
}
