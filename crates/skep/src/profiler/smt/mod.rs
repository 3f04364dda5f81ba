//! What SMT siblings did at the instant of each sample: `programs/smt.bpf.c`, on a machine with a sched_ext scheduler
//! that keeps masks of idle CPUs for each node.

mod group;
mod script;
mod setup;
mod split;

use std::sync::atomic::AtomicBool;

use skep_machine::Machine;
use skep_object::KernelProfile;
use skep_sample::sched::Script;
use skep_sample::{Options, SourceKind};
use skep_topology::{CpuMask, Topology};

use super::bench::Bench;
use super::{Builtin, Outcome, Stage, machine_for};
use crate::Error;
use crate::session::{Driver, EventPlan, Method, open};

pub use group::{Group, Sibling};
pub use setup::{enable, fill, kernel_with_idle_masks, why_not_on_host};
pub use split::{Share, Split, shares};

/// The compiled program.
pub const OBJECT: &[u8] = include_bytes!("../../../../../programs/smt.bpf.o");

const SMT: Builtin = Builtin { file: "smt.bpf.o", object: OBJECT, program: "smt" };

/// What to tell apart, and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// CPUs whose samples count; `None` for all.
    pub cpus: Option<CpuMask>,
    /// What CPUs do, instead of the host's context switches.
    pub script: Option<Script>,
}

/// What told which CPUs were idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleSource {
    /// Records of the context switches of the host's CPUs.
    Switches,
    /// A script.
    Script,
}

impl IdleSource {
    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switches => "switches",
            Self::Script => "script",
        }
    }
}

/// Samples a target and counts its stacks apart by node and by what the siblings of the sampled CPU did, on a machine
/// like the host or a declared one. The kernel must have masks of idle CPUs ([`kernel_with_idle_masks`]).
///
/// # Errors
/// When CPUs of the request or its script are not the machine's; what is missing or refused.
pub fn profile(
    options: &Options,
    kernel: &KernelProfile,
    topology: Option<Topology>,
    request: Request,
    method: Method,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Stage<'_>),
) -> Result<Outcome, Error> {
    let is_declared = topology.is_some();
    let machine = machine_for(kernel, topology)?;
    let cpus = wanted(request.cpus, machine.topology())?;
    if let Some(script) = &request.script {
        script::check(script, machine.topology())?;
    }
    enable(&machine)?;
    let is_active = machine.is_smt_active();
    let loaded = SMT.load(&machine, kernel)?;
    let mut options = options.clone();
    // Where no CPU has a sibling nobody has to watch all of them.
    options.cpu_switches = request.script.is_none() && is_active;
    let session = open(&options)?;
    let idle_source = match request.script {
        Some(_) => Some(IdleSource::Script),
        None => session.has_cpu_switches().then_some(IdleSource::Switches),
    };
    fill(&machine, &loaded, &cpus, idle_source.is_some())?;
    let plan = EventPlan::new(&options, session.event());
    let mut driver = Driver::new(&machine, SMT.program(&loaded), &plan, method)?
        .on_declared_machine(is_declared);
    if let Some(script) = request.script {
        driver = driver.idle_script(script);
    }
    let is_ptrace = session.source() == SourceKind::Ptrace;
    let silent = match idle_source {
        Some(IdleSource::Switches) if is_declared => silent(&machine.online())?,
        _ => CpuMask::new(),
    };
    let mut outcome =
        Bench { machine: &machine, loaded: &loaded, driver }.run(session, stop, progress)?;
    let split = Split { is_active, cpus, idle_source, ..Split::read(&machine, &loaded)? };
    outcome.notices.extend(remarks(&machine, &split, is_declared, is_ptrace));
    if !silent.is_empty() {
        outcome.notices.push(format!(
            "the CPUs {silent} of the declared machine are none of the host's, and idle throughout"
        ));
    }
    outcome.smt = Some(split);
    Ok(outcome)
}

/// The CPUs whose samples count: all, unless some were chosen, which must be the machine's.
fn wanted(chosen: Option<CpuMask>, topology: &Topology) -> Result<CpuMask, Error> {
    let possible = topology.possible();
    let Some(chosen) = chosen else { return Ok(possible.clone()) };
    let foreign = chosen.and_not(possible);
    match foreign.is_empty() {
        true => Ok(chosen),
        false => Err(Error::input(format!(
            "the machine has no CPU {foreign}: it has the CPUs {possible}"
        ))),
    }
}

/// CPUs of a declared machine of which no record of the host can tell.
fn silent(online: &CpuMask) -> Result<CpuMask, Error> {
    Ok(online.and_not(crate::topology::host()?.topology.online()))
}

fn remarks(machine: &Machine, split: &Split, is_declared: bool, is_ptrace: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if !split.is_active {
        remarks.push(without_smt(machine.topology(), is_declared));
    } else if split.idle_source.is_none() && is_ptrace {
        remarks.push(
            "which CPUs are idle is not known: ptrace tells of the command's threads alone; perf, where it is \
             permitted, records the context switches of all CPUs, and --idle-script names a script of them"
                .to_owned(),
        );
    }
    if split.elsewhere > 0 {
        let (elsewhere, cpus) = (split.elsewhere, &split.cpus);
        remarks.push(format!("{elsewhere} samples are left out, of CPUs other than {cpus}"));
    }
    if let Some(exit) = machine.sched_ext().exit_info() {
        remarks.push(format!(
            "the scheduler whose masks tell idle CPUs has ended, and later samples are left out: {}",
            exit.msg
        ));
    }
    remarks
}

/// What it means that no core has two CPUs that run.
fn without_smt(topology: &Topology, is_declared: bool) -> String {
    if topology.cores().iter().any(|core| core.len() > 1) {
        return "SMT is off on this machine: of the threads of each core only one runs, so that there is no sibling \
                that could be busy, and nothing to split"
            .to_owned();
    }
    let hidden = match is_declared {
        true => "",
        false => " (a virtual machine may hide which of its CPUs share a core)",
    };
    format!(
        "this machine has no SMT: every CPU is its own core, so that there is no sibling that could be busy, and \
         nothing to split{hidden}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_smt_means_depends_on_the_machine() {
        let none = Topology::new().cores_per_node(2).build().unwrap();
        assert!(without_smt(&none, true).ends_with("and nothing to split"));
        assert!(without_smt(&none, false).contains("a virtual machine may hide"));
        let off = Topology::new().cores_per_node(2).smt(2).smt_off().build().unwrap();
        let text = without_smt(&off, false);
        assert!(
            text.starts_with(
                "SMT is off on this machine: of the threads of each core only one runs"
            ),
            "{text}"
        );
    }

    #[test]
    fn cpus_that_the_machine_lacks_are_refused_by_name() {
        let topology = Topology::new().cores_per_node(2).build().unwrap();
        let all = wanted(None, &topology).unwrap();
        assert_eq!(all.to_string(), "0-1");
        let one: CpuMask = [skep_abi::Cpu(1)].into_iter().collect();
        assert_eq!(wanted(Some(one.clone()), &topology).unwrap(), one);
        let foreign: CpuMask = [1, 2, 3].map(skep_abi::Cpu).into_iter().collect();
        let error = wanted(Some(foreign), &topology).unwrap_err().to_string();
        assert_eq!(error, "the machine has no CPU 2-3: it has the CPUs 0-1");
    }
}
