//! Programs on the events that a source samples: each opened, and attached to, as a loader would on the kernel.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Cpu, Errno, Pid, ProgType, Sample};
use skep_machine::perf::{Pmu, Rate, SampleType, Target};
use skep_machine::{File, Link, LinkCreate, Machine, PerfEvent, PerfEventAttr, Prog, Task};
use skep_sample::{Options, Session};

use crate::{Error, ErrorKind};

/// How programs are attached to events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `BPF_LINK_CREATE`, with a cookie.
    Link {
        /// The cookie.
        cookie: u64,
    },
    /// `PERF_EVENT_IOC_SET_BPF`.
    Ioctl,
    /// `PERF_EVENT_IOC_SET_BPF` on an event that is opened by the number of its PMU: that of tracepoints, or a clock's
    /// own.
    Pmu,
}

/// The events of a source, as the machine opens them.
#[derive(Clone, Debug)]
pub struct EventPlan {
    /// The attributes of each.
    pub attr: PerfEventAttr,
    /// Whether each thread of the target has one, which its children inherit; else each CPU has.
    pub per_task: bool,
    /// Of a tracepoint: its name, and the end of its last field.
    pub tracepoint: Option<(String, u32)>,
}

impl EventPlan {
    /// Events that these options open, each of which delivers to programs what the session's event counts.
    ///
    /// Call chains are recorded for skep itself: the events of the machine are opened without
    /// `PERF_SAMPLE_CALLCHAIN`, as profilers do that let the program walk the stack, so that stacks carry no context
    /// markers.
    #[must_use]
    pub fn new(options: &Options, session: &Session) -> Self {
        use skep_sample::Target as Sampled;
        let event = session.event();
        let rate = match session.recorded().map_or(options.rate, |(rate, _)| rate) {
            skep_sample::Rate::Frequency(hz) => Rate::Frequency(hz),
            skep_sample::Rate::Period(period) => Rate::Period(period),
        };
        let per_task = matches!(options.target, Sampled::Command(_) | Sampled::Pids(_));
        let sample_type = if options.fields.addr { SampleType::ADDR } else { SampleType::empty() };
        let [config1, config2, _] = event.config_more;
        // A PMU of the host that no kernel must have counts what only the CPU understands.
        let event_type = if event.kind > BREAKPOINT { RAW } else { event.kind };
        let attr = PerfEventAttr {
            event_type,
            config: event.config,
            config1,
            config2,
            bp_type: event.bp_type,
            rate,
            sample_type,
            inherit: options.inherit && per_task,
            ..PerfEventAttr::default()
        };
        let tracepoint = event.is_tracepoint().then(|| {
            let size = match session.recording() {
                None => event.record_size(),
                Some(recording) => recording.record_size(event),
            };
            let size = size.unwrap_or(0);
            (event.name.clone(), size)
        });
        Self { attr, per_task, tracepoint }
    }
}

/// `PERF_TYPE_RAW` and `PERF_TYPE_BREAKPOINT`.
const RAW: u32 = 4;
const BREAKPOINT: u32 = 5;

/// One program and its events.
#[derive(Debug)]
pub(super) struct Attachment {
    pub(super) prog: Arc<Prog>,
    method: Method,
    attr: PerfEventAttr,
    /// Events of CPUs, by number; none where each task has one.
    cpus: Vec<Option<Arc<PerfEvent>>>,
    /// Events of the target's threads, and the copies that their children have.
    tasks: HashMap<Pid, Arc<PerfEvent>>,
    per_task: bool,
    /// They hold program and event; nothing asks for them.
    links: Vec<Arc<Link>>,
}

impl Attachment {
    /// Attaches a program to the events of a plan; one of a raw tracepoint to that.
    ///
    /// # Errors
    /// Why the kernel would refuse it.
    pub(super) fn new(
        machine: &Machine,
        prog: Arc<Prog>,
        plan: &EventPlan,
        method: Method,
    ) -> Result<Self, Error> {
        let mut attr = plan.attr.clone();
        if method == Method::Pmu {
            attr.event_type = own_pmu(&attr);
        }
        let (cpus, tasks, links) = (Vec::new(), HashMap::new(), Vec::new());
        let per_task = plan.per_task;
        let mut made = Self { prog, method, attr, cpus, tasks, per_task, links };
        match made.prog.prog_type() {
            ProgType::Tracing | ProgType::RawTracepoint => made.watch(machine)?,
            _ if plan.tracepoint.is_some() => made.trace(machine, plan)?,
            _ if per_task => made.rehearse(machine)?,
            _ => {
                for cpu in (0..machine.nr_cpu_ids()).map(Cpu) {
                    let is_online = machine.is_online(cpu);
                    let target = Target::AnyTask;
                    let open = is_online.then(|| made.open(machine, target, Some(cpu)));
                    made.cpus.push(open.transpose()?);
                }
            }
        }
        Ok(made)
    }

    /// The event that a sample overflows.
    pub(super) fn event(&mut self, machine: &Machine, sample: &Sample) -> Option<&PerfEvent> {
        if !self.per_task {
            return self.cpus.get(sample.cpu.0 as usize)?.as_deref();
        }
        let tid = sample.tid;
        if !self.tasks.contains_key(&tid) {
            let event = self.copy_of(machine, tid).or_else(|| {
                if machine.tasks().get(tid).is_none() {
                    machine.tasks().insert(Task::new(tid, sample.pid, ""));
                }
                // A thread that was there when the events were opened has one of its own.
                self.open(machine, Target::Task(tid), None).ok()
            })?;
            self.tasks.insert(tid, event);
        }
        self.tasks.get(&tid).map(|event| &**event)
    }

    /// Whether samples overflow its events, rather than hit what it traces.
    pub(super) fn samples(&self) -> bool {
        self.prog.prog_type() == ProgType::PerfEvent
    }

    /// A thread's number means another thread from now on, or none.
    pub(super) fn forget(&mut self, tid: Pid) {
        // What its children have inherited lives as long as the event.
        if self.tasks.get(&tid).is_some_and(|event| event.is_inherited()) {
            self.tasks.remove(&tid);
        }
    }

    /// The copy that a thread has inherited.
    fn copy_of(&self, machine: &Machine, tid: Pid) -> Option<Arc<PerfEvent>> {
        let is_own = |event: &Arc<PerfEvent>| {
            event.is_inherited()
                && event.program().is_some_and(|attached| Arc::ptr_eq(attached.prog(), &self.prog))
        };
        machine.task_events(tid).into_iter().find(is_own)
    }

    fn open(
        &mut self,
        machine: &Machine,
        target: Target,
        cpu: Option<Cpu>,
    ) -> Result<Arc<PerfEvent>, Error> {
        let opened = machine.perf_event_open(&self.attr, target, cpu);
        let event = opened.map_err(|errno| {
            let kind = self.attr.event_type;
            Error::unsupported(format!("the machine opens no event of type {kind}: {errno}"))
        })?;
        self.attach(machine, &event).map_err(|errno| refused(&self.prog, &event, errno))?;
        Ok(event)
    }

    fn attach(&mut self, machine: &Machine, event: &Arc<PerfEvent>) -> Result<(), Errno> {
        let prog = File::from(&self.prog);
        match self.method {
            Method::Ioctl | Method::Pmu => event.set_bpf(&prog),
            Method::Link { cookie } => {
                let create = LinkCreate::perf_event(prog, File::from(event), cookie);
                self.links.push(machine.link_create(&create)?);
                Ok(())
            }
        }
    }

    /// An event of the idle task, which is always there.
    fn open_idle(&mut self, machine: &Machine) -> Result<Arc<PerfEvent>, Error> {
        let idle = Pid(0);
        if machine.tasks().get(idle).is_none() {
            machine.tasks().insert(Task::new(idle, idle, "swapper/0"));
        }
        self.open(machine, Target::Task(idle), None)
    }

    /// Attaches to an event that goes at once, so that what is refused is refused before the target runs.
    fn rehearse(&mut self, machine: &Machine) -> Result<(), Error> {
        let event = self.open_idle(machine)?;
        self.links.clear();
        drop(event);
        Ok(())
    }

    /// Attaches to a tracepoint: one event is enough, wherever it is hit.
    // DEVIATION(linux): a tracepoint's program runs for every task that passes; here it runs for those that the source
    // samples.
    fn trace(&mut self, machine: &Machine, plan: &EventPlan) -> Result<(), Error> {
        let Some((name, size)) = &plan.tracepoint else { return Ok(()) };
        machine.define_tracepoint(self.attr.config, name, *size).map_err(Error::environment)?;
        let event = self.open_idle(machine)?;
        self.tasks.insert(Pid(0), event);
        Ok(())
    }

    /// Attaches to the raw tracepoint that the program is for.
    fn watch(&mut self, machine: &Machine) -> Result<(), Error> {
        let spec = self.prog.spec();
        let place = spec.attach_to.as_deref().unwrap_or_default();
        let name = (spec.prog_type == ProgType::RawTracepoint).then_some(place);
        let cookie = match self.method {
            Method::Link { cookie } => cookie,
            Method::Ioctl | Method::Pmu => 0,
        };
        let opened = machine.raw_tracepoint_open(name, &File::from(&self.prog), cookie);
        self.links.push(opened.map_err(|errno| {
            let message = format!("program {} cannot be attached to {place}: {errno}", spec.name);
            Error::new(ErrorKind::Program, message)
        })?);
        Ok(())
    }
}

/// Raw tracepoints that the machine passes by itself.
pub(crate) const PASSED: &[&str] = &["task_newtask"];

/// Why a program cannot be attached, in words.
fn refused(prog: &Prog, event: &PerfEvent, errno: Errno) -> Error {
    let (name, own) = (&prog.spec().name, prog.prog_type());
    let taken = event.pmu().takes();
    let message = format!("program {name} cannot be attached to the event: {errno}");
    let hint = match errno {
        Errno::EINVAL if own != taken && taken == ProgType::PerfEvent => format!(
            "it is a {} program, and this event takes perf_event programs; name its event, such as `-e sched:sched_switch`",
            own.name()
        ),
        Errno::EINVAL if own != taken => {
            format!(
                "it is a {} program, and this event takes {} programs",
                own.name(),
                taken.name()
            )
        }
        Errno::EACCES => "it reads past the last field of the tracepoint".to_owned(),
        Errno::EPROTO => "it walks stacks, which a precise event cannot deliver".to_owned(),
        _ => return Error::new(ErrorKind::Program, message),
    };
    Error::input(message).hint(hint)
}

/// The number of the PMU that counts, by which the event can be opened too: the clocks have PMUs of their own.
const fn own_pmu(attr: &PerfEventAttr) -> u32 {
    match (attr.event_type, attr.config) {
        (1, 0) => Pmu::CpuClock.event_type(),
        (1, 1) => Pmu::TaskClock.event_type(),
        (event_type, _) => event_type,
    }
}
