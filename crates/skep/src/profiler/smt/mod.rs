//! What SMT siblings did at the instant of each sample: `programs/smt.bpf.c`, on a machine with a sched_ext scheduler
//! that keeps masks of idle CPUs for each node.

mod group;
mod script;
mod setup;
mod split;

use std::sync::atomic::AtomicBool;

use skep_machine::Machine;
use skep_object::KernelProfile;
use skep_sample::recording::Recording;
use skep_sample::sched::Script;
use skep_sample::{Options, Session, SourceKind};
use skep_topology::{CpuMask, Topology};

use super::bench::Bench;
use super::{Builtin, Outcome, Stage};
use crate::Error;
use crate::session::{Driver, EventPlan, Ground, Method, open};

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
    /// Context switches that were recorded together with the samples.
    Recording,
}

impl IdleSource {
    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switches => "switches",
            Self::Script => "script",
            Self::Recording => "recording",
        }
    }
}

/// Samples a target and counts its stacks apart by node and by what the siblings of the sampled CPU did, on a machine.
/// The kernel must have masks of idle CPUs ([`kernel_with_idle_masks`]).
///
/// # Errors
/// When CPUs of the request or its script are not the machine's; what is missing or refused.
pub fn profile(
    options: &Options,
    kernel: &KernelProfile,
    ground: &Ground,
    request: Request,
    method: Method,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Stage<'_>),
) -> Result<Outcome, Error> {
    let machine = ground.machine(kernel)?;
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
        None if !session.has_cpu_switches() => None,
        None if session.recording().is_some() => Some(IdleSource::Recording),
        None => Some(IdleSource::Switches),
    };
    let watch = Watch::new(&machine, ground, &session, idle_source)?;
    fill(&machine, &loaded, &cpus, &watch.told)?;
    let tell = |told: &CpuMask| setup::tell(&machine, &loaded, &cpus, told);
    let plan = EventPlan::new(&options, &session);
    let mut driver = Driver::new(&machine, SMT.program(&loaded), &plan, method)?
        .on(ground)
        .of_recording(session.recording().is_some())
        .keep_track(watch.followed.clone(), watch.told.clone());
    if let Some(script) = request.script {
        driver = driver.idle_script(script);
    }
    let source = session.source();
    let gaps = session.recording().map_or(0, Recording::gaps);
    let bench = Bench { machine: &machine, loaded: &loaded, driver, tell: &tell };
    let mut outcome = bench.run(session, stop, progress)?;
    let split = Split { is_active, cpus, idle_source, ..Split::read(&machine, &loaded)? };
    outcome.notices.extend(remarks(&machine, &split, ground, source, &watch));
    if gaps > 0 && split.idle_source == Some(IdleSource::Recording) {
        outcome.notices.push(format!(
            "records are missing at {gaps} places of the recording, context switches perhaps among them: what the CPU did \
             is not known there until its next record"
        ));
    }
    outcome.smt = Some(split);
    Ok(outcome)
}

/// What a source tells of the machine's CPUs.
struct Watch {
    /// CPUs of which it tells at any time whether they are idle, but where records are lost.
    followed: CpuMask,
    /// Those of which that is known before the first record.
    told: CpuMask,
    /// CPUs that the source has not, since the machine is a declared one: nothing ever runs on them.
    silent: CpuMask,
}

impl Watch {
    fn new(
        machine: &Machine,
        ground: &Ground,
        session: &Session,
        source: Option<IdleSource>,
    ) -> Result<Self, Error> {
        let possible = machine.topology().possible();
        let (followed, known) = match (source, session.recording()) {
            (None, _) => (CpuMask::new(), None),
            (Some(IdleSource::Script), _) => (possible.clone(), None),
            (Some(_), None) => (possible.clone(), Some(crate::topology::host()?.topology)),
            (Some(_), Some(recording)) => {
                let recorded = crate::topology::recorded(recording)?.topology;
                let untold = recorded.online().and_not(recording.told());
                (possible.and_not(&untold), Some(recorded))
            }
        };
        let online = known.as_ref().map(|known| known.online().clone()).unwrap_or_default();
        let silent = match ground {
            Ground::Declared(_) if known.is_some() => machine.online().and_not(&online),
            _ => CpuMask::new(),
        };
        // Those of the source are told of by its first records.
        let told = followed.and_not(&online);
        Ok(Self { followed, told, silent })
    }
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

fn remarks(
    machine: &Machine,
    split: &Split,
    ground: &Ground,
    source: SourceKind,
    watch: &Watch,
) -> Vec<String> {
    let mut remarks = Vec::new();
    let untold = machine.online().and_not(&watch.followed);
    match (split.idle_source, source) {
        _ if !split.is_active => remarks.push(without_smt(machine.topology(), ground)),
        (None, SourceKind::Ptrace) => remarks.push(
            "which CPUs are idle is not known: ptrace tells of the command's threads alone; perf, where it is \
             permitted, records the context switches of all CPUs, and --idle-script names a script of them"
                .to_owned(),
        ),
        (None, SourceKind::Recording) => remarks.push(
            "which CPUs are idle is not known: the recording has no context switches of all tasks; `perf record -a \
             --switch-events`, or with `-a -e sched:sched_switch` and no -F, records them, and --idle-script names a script of them"
                .to_owned(),
        ),
        (Some(IdleSource::Recording), _) if !untold.is_empty() => remarks.push(format!(
            "whether the CPUs {untold} were idle is not known: the recording has no context switches of them"
        )),
        _ => {}
    }
    if !watch.silent.is_empty() {
        let whose = if source == SourceKind::Recording { "recording's" } else { "host's" };
        remarks.push(format!(
            "the CPUs {} of the declared machine are none of the {whose}, and idle throughout",
            watch.silent
        ));
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
fn without_smt(topology: &Topology, ground: &Ground) -> String {
    if topology.cores().iter().any(|core| core.len() > 1) {
        return "SMT is off on this machine: of the threads of each core only one runs, so that there is no sibling \
                that could be busy, and nothing to split"
            .to_owned();
    }
    let hidden = match ground {
        Ground::Declared(_) => "",
        Ground::Host | Ground::Recorded(_) => {
            " (a virtual machine may hide which of its CPUs share a core)"
        }
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
        let declared = Ground::Declared(none.clone());
        assert!(without_smt(&none, &declared).ends_with("and nothing to split"));
        assert!(without_smt(&none, &Ground::Host).contains("a virtual machine may hide"));
        let off = Topology::new().cores_per_node(2).smt(2).smt_off().build().unwrap();
        let text = without_smt(&off, &Ground::Host);
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
