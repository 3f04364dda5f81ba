//! A machine drawn in the terminal: a box for each node, a line for each cache, brackets around each core.

use std::io::{self, Write};

use skep_abi::Cpu;
use skep_topology::{Core, CpuMask, Llc, NodeInfo, Topology, format_list};

use crate::output::{CODE, ERROR, HEADING};

/// CPUs up to which each core is drawn.
const CORES: usize = 512;
/// Nodes that are drawn; the rest is counted.
const NODES: usize = 64;
/// The narrowest box that is set beside another one.
const NARROWEST: usize = 30;

/// Text with a style, which is as wide as it has characters.
struct Piece {
    text: String,
    style: anstyle::Style,
}

/// A line in a box.
#[derive(Default)]
struct Line(Vec<Piece>);

impl Line {
    fn plain(text: impl Into<String>) -> Self {
        let mut line = Self::default();
        line.push(text, anstyle::Style::new());
        line
    }

    fn push(&mut self, text: impl Into<String>, style: anstyle::Style) {
        self.0.push(Piece { text: text.into(), style });
    }

    fn width(&self) -> usize {
        self.0.iter().map(|piece| piece.text.chars().count()).sum()
    }

    /// Prints it, and spaces up to a width.
    fn print(&self, width: usize, out: &mut dyn Write) -> io::Result<()> {
        for Piece { text, style } in &self.0 {
            write!(out, "{style}{text}{style:#}")?;
        }
        write!(out, "{:1$}", "", width.saturating_sub(self.width()))
    }
}

/// Draws it within `width` columns.
pub(super) fn draw(machine: &Topology, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut nodes: Vec<&NodeInfo> = machine.nodes().iter().take(NODES).collect();
    // Memory without CPUs comes last: it has no picture of its own.
    nodes.sort_by_key(|node| node.cpus.is_empty());
    let widest = |limit: usize| {
        let lines = nodes.iter().flat_map(|node| inside(machine, node, limit));
        lines.map(|line| line.width()).max().unwrap_or(0).max(16)
    };
    // As many beside each other as are as wide as they want to be.
    let wanted = widest(width.saturating_sub(4));
    let beside = ((width + 2) / (wanted + 6)).clamp(1, nodes.len().max(1));
    let inner = match beside {
        1 => width.saturating_sub(4).min(wanted),
        _ => wanted.max(NARROWEST.saturating_sub(4)),
    };
    for row in nodes.chunks(beside) {
        let boxes: Vec<Vec<Line>> = row.iter().map(|node| inside(machine, node, inner)).collect();
        print_row(row, &boxes, inner, out)?;
    }
    if let Some(left @ 1..) = machine.nodes().len().checked_sub(NODES) {
        writeln!(out, "… and {left} more nodes; --json has all")?;
    }
    legend(machine, out)
}

fn print_row(
    nodes: &[&NodeInfo],
    boxes: &[Vec<Line>],
    inner: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let gap = |index: usize| if index + 1 < nodes.len() { "  " } else { "\n" };
    for (index, node) in nodes.iter().enumerate() {
        let title = match node.online {
            true => format!("node {}", node.node),
            false => format!("node {} (offline)", node.node),
        };
        let rest = (inner + 2).saturating_sub(title.chars().count() + 3);
        write!(out, "┌─ {HEADING}{title}{HEADING:#} {}┐{}", "─".repeat(rest), gap(index))?;
    }
    let height = boxes.iter().map(Vec::len).max().unwrap_or(0);
    for number in 0..height {
        for (index, lines) in boxes.iter().enumerate() {
            write!(out, "│ ")?;
            match lines.get(number) {
                Some(line) => line.print(inner, out)?,
                None => write!(out, "{:inner$}", "")?,
            }
            write!(out, " │{}", gap(index))?;
        }
    }
    for index in 0..nodes.len() {
        write!(out, "└{}┘{}", "─".repeat(inner + 2), gap(index))?;
    }
    Ok(())
}

/// What is in a node's box, in lines of at most `width` columns where words allow.
fn inside(machine: &Topology, node: &NodeInfo, width: usize) -> Vec<Line> {
    if node.cpus.is_empty() {
        return vec![Line::plain(format!("memory only, {}", super::memory(node.memory)))];
    }
    let mut llcs: Vec<Llc> =
        node.cpus.iter().filter_map(|cpu| machine.cpu(*cpu)).map(|cpu| cpu.llc).collect();
    llcs.sort_unstable();
    llcs.dedup();
    let digits = machine.llcs().len().saturating_sub(1).to_string().len();
    let mut lines = Vec::new();
    for llc in llcs {
        let here = |cpu: &&Cpu| machine.cpu(**cpu).is_some_and(|of| of.llc == llc);
        let cpus: Vec<Cpu> = node.cpus.iter().filter(here).copied().collect();
        let cells = match machine.cpus().count() <= CORES {
            true => cores(machine, &cpus),
            false => ranges(machine, &cpus),
        };
        wrap(&format!("llc {:>digits$} ", llc.0), cells, width, &mut lines);
    }
    lines
}

/// Sets cells one after the other, under the first where a line is full.
fn wrap(head: &str, cells: Vec<Line>, width: usize, lines: &mut Vec<Line>) {
    let mut line = Line::default();
    line.push(head, CODE);
    let indent = line.width();
    let mut is_empty = true;
    for cell in cells {
        if !is_empty && line.width() + 1 + cell.width() > width {
            lines.push(std::mem::replace(&mut line, Line::plain(" ".repeat(indent))));
            is_empty = true;
        }
        if !is_empty {
            line.push(" ", anstyle::Style::new());
        }
        line.0.extend(cell.0);
        is_empty = false;
    }
    lines.push(line);
}

/// A bracket for each core, with its CPUs as wide as the largest number.
fn cores(machine: &Topology, cpus: &[Cpu]) -> Vec<Line> {
    let digits = machine.nr_cpu_ids().saturating_sub(1).to_string().len();
    let has_signs = machine.online() != machine.possible();
    let mut cores: Vec<Core> =
        cpus.iter().filter_map(|cpu| machine.cpu(*cpu)).map(|cpu| cpu.core).collect();
    cores.sort_unstable();
    cores.dedup();
    let of = |core: Core| {
        let mut cell = Line::plain("[");
        let siblings = machine.cores().get(core.0 as usize).map_or(&[][..], Vec::as_slice);
        for (index, &cpu) in siblings.iter().enumerate() {
            if index > 0 {
                cell.push(" ", anstyle::Style::new());
            }
            let (sign, style) = state(machine, cpu);
            let sign = if has_signs { sign } else { "" };
            cell.push(format!("{:>digits$}{sign}", cpu.0), style);
        }
        cell.push("]", anstyle::Style::new());
        cell
    };
    cores.into_iter().map(of).collect()
}

/// Offline CPUs have a minus, absent ones a cross.
fn state(machine: &Topology, cpu: Cpu) -> (&'static str, anstyle::Style) {
    if machine.online().contains(cpu) {
        (" ", anstyle::Style::new())
    } else if machine.present().contains(cpu) {
        ("-", ERROR)
    } else {
        ("x", CODE)
    }
}

/// Ranges of CPUs, for machines whose cores no terminal holds.
fn ranges(machine: &Topology, cpus: &[Cpu]) -> Vec<Line> {
    let mask: CpuMask = cpus.iter().copied().collect();
    let list = |mask: &CpuMask| format_list(mask.iter().map(|cpu| cpu.0));
    let words = |text: String| -> Vec<String> {
        let last = text.matches(',').count();
        let parts = text.split(',').enumerate();
        parts.map(|(n, part)| if n < last { format!("{part},") } else { part.to_owned() }).collect()
    };
    let mut cells: Vec<Line> =
        words(list(&mask.and(machine.online()))).into_iter().map(Line::plain).collect();
    for (left, what, style) in [
        (mask.and(machine.present()).and_not(machine.online()), "offline", ERROR),
        (mask.and_not(machine.present()), "absent", CODE),
    ] {
        if !left.is_empty() {
            let mut head = Line::default();
            head.push(what, style);
            cells.push(head);
            cells.extend(words(list(&left)).into_iter().map(Line::plain));
        }
    }
    cells
}

fn legend(machine: &Topology, out: &mut dyn Write) -> io::Result<()> {
    if machine.cpus().count() > CORES {
        return Ok(());
    }
    let mut words = vec!["[ ] a core with its CPUs"];
    if machine.present() != machine.online() {
        words.push("- offline");
    }
    if machine.possible() != machine.present() {
        words.push("x absent");
    }
    writeln!(out, "{CODE}{}{CODE:#}", words.join(", "))
}
