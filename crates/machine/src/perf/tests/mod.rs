//! Perf events, links and tracepoints, with programs whose results the tests choose.

mod attach;
mod group;
mod inherit;
mod lifetime;
mod open;
mod overflow;
mod trace;

use std::fmt;
use std::sync::Arc;

use skep_abi::{Cpu, Errno, Pid, ProgType, Sample};

use super::{Fired, Overflow, PerfEvent, PerfEventAttr, Rate, Target};
use crate::{
    Executable, File, LinkCreate, Machine, NoUserMemory, Prog, ProgSpec, Run, Task, Trapped,
};

/// A program that is a function.
struct Code<F>(F);

impl<F> fmt::Debug for Code<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

impl<F: Fn(&mut Run<'_>) -> u64 + Send + Sync> Executable for Code<F> {
    fn run(&self, run: &mut Run<'_>) -> Result<u64, Trapped> {
        Ok((self.0)(run))
    }
}

/// Four CPUs, and the tasks 10 and 11.
pub(super) fn machine() -> Machine {
    let machine = Machine::builder().cpus(4).build().unwrap();
    machine.tasks().insert(Task::new(Pid(10), Pid(10), "bee"));
    machine.tasks().insert(Task::new(Pid(11), Pid(11), "wasp"));
    machine
}

pub(super) fn load_as(
    machine: &Machine,
    spec: ProgSpec,
    code: impl Fn(&mut Run<'_>) -> u64 + Send + Sync + 'static,
) -> Arc<Prog> {
    machine.prog_load(machine.new_prog_id(), spec, Code(code))
}

/// A perf_event program that returns `r0`.
pub(super) fn returns(machine: &Machine, r0: u64) -> Arc<Prog> {
    load_as(machine, ProgSpec::new("p", ProgType::PerfEvent), move |_| r0)
}

pub(super) fn runs(prog: &Prog) -> u64 {
    prog.counters().now().runs
}

/// cpu-clock on CPU 1, one sample for 100 ns.
pub(super) fn clock(machine: &Machine) -> Arc<PerfEvent> {
    let attr = PerfEventAttr::cpu_clock(Rate::Period(100));
    machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap()
}

pub(super) fn sample(tid: u32, cpu: u32, time: u64) -> Sample {
    Sample { pid: Pid(tid), tid: Pid(tid), cpu: Cpu(cpu), time, ..Sample::default() }
}

/// Task 10 on CPU 1, not held against the limit of a tick.
pub(super) fn fire(machine: &Machine, event: &PerfEvent) -> Fired {
    fire_as(machine, event, &sample(10, 1, 0))
}

pub(super) fn fire_as(machine: &Machine, event: &PerfEvent, sample: &Sample) -> Fired {
    machine
        .overflow(event, Overflow { sample, cpu: sample.cpu, user: &NoUserMemory, throttle: false })
}

pub(super) fn link(
    machine: &Machine,
    prog: &Arc<Prog>,
    event: &Arc<PerfEvent>,
    cookie: u64,
) -> Result<Arc<crate::Link>, Errno> {
    machine.link_create(&LinkCreate::perf_event(File::from(prog), File::from(event), cookie))
}
