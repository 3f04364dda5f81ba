//! What `programs/smt.bpf.c` needs before it runs: a kernel that has masks of idle CPUs, a scheduler that has it keep
//! them, and the maps that user space fills.

use skep_abi::Cpu;
use skep_btf::{Btf, Kind};
use skep_machine::Machine;
use skep_machine::scx::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
use skep_topology::{CpuMask, Topology};

use crate::load::Loaded;
use crate::profile::{HostProfile, nearest_that, running};
use crate::{Error, ErrorKind};

/// Siblings that the program has room for (`MAX_SIBLINGS`).
const MAX_SIBLINGS: usize = 7;
/// Words of a mask of all CPUs that the program takes (`MAX_CPUS`).
const MASK_WORDS: usize = 128;

/// Whether a kernel has masks of idle CPUs for each node: since 6.15, where it is built with sched_ext.
fn has_idle_masks(btf: &Btf) -> bool {
    btf.find("scx_bpf_get_idle_smtmask_node", Kind::Func).is_some()
}

/// The same kernel where it has masks of idle CPUs, else the nearest shipped one that has, with a notice that says so.
#[must_use]
pub fn kernel_with_idle_masks(host: HostProfile) -> HostProfile {
    if has_idle_masks(&host.profile.btf) {
        return host;
    }
    let Some(profile) = nearest_that(host.profile.version, |profile| has_idle_masks(&profile.btf))
    else {
        return host;
    };
    let notice = format!(
        "Linux {} here is built without masks of idle CPUs for each node (sched_ext, since 6.15); the machine runs Linux {} instead",
        host.profile.release, profile.release
    );
    HostProfile { profile, notice: Some(notice) }
}

/// Why the running kernel cannot run the program: one sentence.
#[must_use]
pub fn why_not_on_host() -> String {
    let needs = "the program asks masks of idle CPUs for each node, which a kernel keeps only while a sched_ext \
                 scheduler with SCX_OPS_BUILTIN_IDLE_PER_NODE schedules it";
    match running() {
        Ok(kernel) if !has_idle_masks(&kernel.btf) => {
            format!("{needs}, and Linux {} is built without these", kernel.release)
        }
        _ => format!("{needs}, and skep loads no scheduler into a kernel that others use"),
    }
}

/// Loads a scheduler that leaves everything to the kernel, idle CPUs of each node included, and that bears hotplug.
///
/// # Errors
/// When the kernel of the machine is too old for it.
pub fn enable(machine: &Machine) -> Result<(), Error> {
    let ops = SchedExtOps::new("builtin").flags(OPS_BUILTIN_IDLE_PER_NODE).hotplug();
    machine.sched_ext().enable(ops).map_err(|error| Error::new(ErrorKind::Unsupported, error))
}

/// Tells the loaded program who is whose sibling, whose samples count, and of whom the masks of idle CPUs tell what is;
/// others are busy for all that is known, so that no core of theirs is taken for free.
///
/// # Errors
/// When a core has more than eight threads, and when the program is another one.
pub fn fill(
    machine: &Machine,
    loaded: &Loaded,
    cpus: &CpuMask,
    told: &CpuMask,
) -> Result<(), Error> {
    let topology = machine.topology();
    for cpu in topology.cpus() {
        let key = cpu.cpu.0.to_le_bytes();
        write(machine, loaded, "cores", key, &siblings(topology, cpu.cpu)?)?;
    }
    for cpu in machine.online().and_not(told).iter() {
        machine.set_busy(cpu);
    }
    tell(machine, loaded, cpus, told)
}

/// Tells the loaded program again whose samples count, and of whom the masks of idle CPUs tell what is.
///
/// # Errors
/// When the program is another one.
pub(super) fn tell(
    machine: &Machine,
    loaded: &Loaded,
    cpus: &CpuMask,
    told: &CpuMask,
) -> Result<(), Error> {
    let words = [cpus, told].into_iter().flat_map(|mask| (0..MASK_WORDS).map(|at| mask.word(at)));
    let wanted: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    write(machine, loaded, "wanted", [0; 4], &wanted)
}

/// `struct siblings` of a CPU.
fn siblings(topology: &Topology, cpu: Cpu) -> Result<Vec<u8>, Error> {
    let others = topology.siblings(cpu).iter().filter(|other| **other != cpu);
    let others: Vec<u32> = others.map(|other| other.0).collect();
    if others.len() > MAX_SIBLINGS {
        let threads = others.len() + 1;
        return Err(Error::unsupported(format!(
            "the core of CPU {cpu} has {threads} threads, and the program knows at most {}",
            MAX_SIBLINGS + 1
        )));
    }
    let nr = others.len() as u32;
    let mut words = [nr].into_iter().chain(others).collect::<Vec<u32>>();
    words.resize(1 + MAX_SIBLINGS, 0);
    Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
}

fn write(
    machine: &Machine,
    loaded: &Loaded,
    name: &str,
    key: [u8; 4],
    value: &[u8],
) -> Result<(), Error> {
    let foreign = || Error::input(format!("`{name}` is not as the built-in profiler has it"));
    let map = loaded.map(name).and_then(|map| machine.user_side(map.id)).ok_or_else(foreign)?;
    map.update(&key, value, 0).map_err(|_| foreign())
}
