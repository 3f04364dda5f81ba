//! `/sys/devices/system/{cpu,node}` of a machine, as far as tools read it; `/proc/cpuinfo` beside it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use skep_abi::Cpu;
use skep_topology::{CpuInfo, CpuMask, Topology, format_list};

/// Writes the folder.
///
/// # Errors
/// Those of writing.
pub(crate) fn write(machine: &Topology, root: &Path) -> io::Result<()> {
    let system = root.join("sys/devices/system");
    let put = |path: &str, text: String| {
        let path = system.join(path);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text + "\n")
    };
    put("cpu/possible", machine.possible().to_string())?;
    put("cpu/present", machine.present().to_string())?;
    put("cpu/online", machine.online().to_string())?;
    put("cpu/offline", machine.possible().and_not(machine.online()).to_string())?;
    put("cpu/kernel_max", "8191".to_owned())?;
    for cpu in machine.cpus().filter(|cpu| machine.present().contains(cpu.cpu)) {
        let is_online = machine.online().contains(cpu.cpu);
        put(&format!("cpu/cpu{}/online", cpu.cpu), u8::from(is_online).to_string())?;
        if is_online {
            write_cpu(machine, cpu, &put)?;
        }
    }
    let numbers = |is_in: &dyn Fn(&skep_topology::NodeInfo) -> bool| {
        format_list(machine.nodes().iter().filter(|of| is_in(of)).map(|of| of.node.0))
    };
    put("node/possible", numbers(&|_| true))?;
    put("node/online", numbers(&|of| of.online))?;
    put("node/has_cpu", numbers(&|of| !of.cpus.is_empty()))?;
    put("node/has_memory", numbers(&|of| of.online && of.memory > 0))?;
    let nodes: Vec<_> = machine.nodes().iter().filter(|node| node.online).collect();
    for of in &nodes {
        let node = of.node;
        let path = |name: &str| format!("node/node{node}/{name}");
        let cpus = running(machine, &of.cpus);
        put(&path("cpulist"), cpus.to_string())?;
        put(&path("cpumap"), map(&cpus, machine))?;
        put(&path("meminfo"), format!("Node {node} MemTotal: {:>15} kB", of.memory >> 10))?;
        let distance = |to| machine.distance(node, to).unwrap_or(0).to_string();
        let row: Vec<String> = nodes.iter().map(|to| distance(to.node)).collect();
        put(&path("distance"), row.join(" "))?;
    }
    write_cpuinfo(machine, root)
}

fn write_cpu(
    machine: &Topology,
    cpu: &CpuInfo,
    put: &dyn Fn(&str, String) -> io::Result<()>,
) -> io::Result<()> {
    let path = |name: &str| format!("cpu/cpu{}/{name}", cpu.cpu);
    let lists = [
        ("core_cpus", machine.siblings(cpu.cpu)),
        ("thread_siblings", machine.siblings(cpu.cpu)),
        ("package_cpus", machine.cpus_of_socket(cpu.socket)),
        ("core_siblings", machine.cpus_of_socket(cpu.socket)),
    ];
    for (name, cpus) in lists {
        let cpus = running(machine, cpus);
        put(&path(&format!("topology/{name}")), map(&cpus, machine))?;
        put(&path(&format!("topology/{name}_list")), cpus.to_string())?;
    }
    put(&path("topology/physical_package_id"), cpu.socket.to_string())?;
    put(&path("topology/core_id"), cpu.core.to_string())?;
    if let Some(khz) = cpu.max_khz {
        put(&path("cpufreq/cpuinfo_max_freq"), khz.to_string())?;
        put(&path("cpufreq/cpuinfo_min_freq"), "800000".to_owned())?;
    }
    if cpu.capacity != skep_topology::CAPACITY_SCALE {
        put(&path("cpu_capacity"), cpu.capacity.to_string())?;
    }
    let caches = [
        ("1", "Data", machine.siblings(cpu.cpu)),
        ("1", "Instruction", machine.siblings(cpu.cpu)),
        ("2", "Unified", machine.siblings(cpu.cpu)),
        ("3", "Unified", machine.llc_siblings(cpu.cpu)),
    ];
    for (index, (level, kind, cpus)) in caches.into_iter().enumerate() {
        let path = |name: &str| path(&format!("cache/index{index}/{name}"));
        let cpus = running(machine, cpus);
        put(&path("level"), level.to_owned())?;
        put(&path("type"), kind.to_owned())?;
        put(&path("size"), "1024K".to_owned())?;
        put(&path("id"), cpus.first().unwrap_or_default().to_string())?;
        put(&path("shared_cpu_map"), map(&cpus, machine))?;
        put(&path("shared_cpu_list"), cpus.to_string())?;
    }
    Ok(())
}

/// Those that run: all masks of sysfs have only these.
fn running(machine: &Topology, cpus: &[Cpu]) -> CpuMask {
    cpus.iter().copied().collect::<CpuMask>().and(machine.online())
}

/// `%*pb`: words of 32 bits, the highest first.
fn map(cpus: &CpuMask, machine: &Topology) -> String {
    let words = machine.nr_cpu_ids().div_ceil(32);
    let word = |index: u32| cpus.word(index as usize / 2) >> (index % 2 * 32) & 0xffff_ffff;
    let words: Vec<String> = (0..words).rev().map(|index| format!("{:08x}", word(index))).collect();
    words.join(",")
}

fn write_cpuinfo(machine: &Topology, root: &Path) -> io::Result<()> {
    let mut text = String::new();
    for cpu in machine.cpus().filter(|cpu| machine.online().contains(cpu.cpu)) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "processor\t: {}\nvendor_id\t: AuthenticAMD\n", cpu.cpu);
    }
    std::fs::create_dir_all(root.join("proc"))?;
    std::fs::write(root.join("proc/cpuinfo"), text)
}
