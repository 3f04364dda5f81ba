//! The cases on skep's machine.

use std::sync::{Arc, Weak};

use skep_abi::{Addr, AttachType, Cpu, Errno, MapType, Pid, ProgType, Sample};
use skep_interp::{Interp, Interpreted, Program as Code, ProgramSpec};
use skep_machine::perf::{Overflow, Rate, Target};
use skep_machine::trace::Traced;
use skep_machine::{
    File, Link, LinkCreate, Machine, MapDef, NewTask, NoUserMemory, PerfEvent, PerfEventAttr, Prog,
    ProgSpec, Task, Width,
};

use crate::program::code;
use crate::world::{Open, Program, Source, Switch, Way, Who, World, Wrong};

/// The process and its threads.
const OWN: Pid = Pid(1000);
/// The tracepoint's number and the end of its last field.
const TRACEPOINT: (u64, u32) = (77, 46);

struct Loaded {
    file: Option<Arc<Prog>>,
    watched: Weak<Prog>,
    counters: Addr,
}

pub(crate) struct Simulated {
    source: Source,
    machine: Machine,
    interp: Arc<Interp>,
    events: Vec<Option<Arc<PerfEvent>>>,
    programs: Vec<Loaded>,
    links: Vec<Option<Arc<Link>>>,
    last_child: u32,
    time: u64,
    answers: Vec<String>,
}

impl Simulated {
    pub(crate) fn new(source: Source) -> Self {
        let machine = Machine::builder().cpus(2).build().unwrap();
        machine.tasks().insert(Task::new(OWN, Pid(std::process::id()), "test"));
        machine.define_tracepoint(TRACEPOINT.0, "task:task_rename", TRACEPOINT.1).unwrap();
        Self {
            source,
            machine,
            interp: Arc::new(Interp::new().allow_uninit_stack(true)),
            events: Vec::new(),
            programs: Vec::new(),
            links: Vec::new(),
            last_child: OWN.0,
            time: 0,
            answers: Vec::new(),
        }
    }

    pub(crate) fn answers(&self) -> &[String] {
        &self.answers
    }

    fn event(&self, event: usize) -> &Arc<PerfEvent> {
        self.events[event].as_ref().unwrap()
    }

    fn file(&self, program: usize) -> File {
        self.programs[program].file.as_ref().map_or(File::Closed, File::from)
    }

    fn keep(&mut self, link: Arc<Link>) -> usize {
        self.links.push(Some(link));
        self.links.len() - 1
    }

    fn pass(&mut self, way: Way, tid: Pid) {
        self.time += 1;
        let period = if way.is_tracepoint() { 1 } else { self.source.period() };
        let sample = Sample::new(Pid(std::process::id()), tid).time(self.time).period(period);
        if way.is_tracepoint() {
            let place = self.machine.tracepoint(TRACEPOINT.0).unwrap();
            let (cpu, user) = (Cpu(0), &NoUserMemory);
            let at = Traced { cpu, task: tid, sample: Some(&sample), user };
            self.machine.fire_tracepoint(&place, at, &[0; 46]);
            return;
        }
        for event in self.machine.perf_events() {
            let overflow =
                Overflow { sample: &sample, cpu: Cpu(0), user: &NoUserMemory, throttle: false };
            self.machine.overflow(&event, overflow);
        }
    }
}

impl World for Simulated {
    fn open(&mut self, way: Way, how: Open) -> Result<usize, Errno> {
        let period = if way.is_tracepoint() { 1 } else { self.source.period() };
        let rate = Rate::Period(if how.counting { 0 } else { period });
        let (event_type, config) = self.source.event();
        let mut attr = if way.is_tracepoint() {
            PerfEventAttr::new(2, TRACEPOINT.0, rate)
        } else {
            PerfEventAttr::new(event_type, config, rate)
        };
        if !way.is_tracepoint() && self.source == Source::Writes {
            (attr.config1, attr.config2, attr.bp_type) = (0x1000, 8, 2);
        }
        (attr.disabled, attr.inherit) = (how.disabled, how.inherit);
        attr.precise_ip = how.precise.into();
        let group = how.group.map(|leader| File::from(self.event(leader)));
        let target = Target::Task(OWN);
        let event = self.machine.perf_event_open_in(&attr, target, None, group.as_ref())?;
        self.events.push(Some(event));
        Ok(self.events.len() - 1)
    }

    fn load(&mut self, way: Way, program: Program) -> usize {
        let map = MapDef::new("seen", MapType::Array, 4, 16, 1);
        let map = self.machine.create_map(map).unwrap();
        let counters = self.machine.map(map).unwrap().lookup(Cpu(0), &[0; 4]).unwrap();
        let mut code = code(way, program);
        code.insns[code.address_at].imm = counters.0 as i32;
        code.insns[code.address_at + 1].imm = (counters.0 >> 32) as i32;
        let is_traced = way.is_tracepoint() != program.other_type;
        let prog_type = if is_traced { ProgType::Tracepoint } else { ProgType::PerfEvent };
        let id = self.machine.new_prog_id();
        let spec = ProgramSpec::raw(id, "case", prog_type, code.insns);
        let code = Code::new(&self.machine, spec).unwrap();
        let mut spec = ProgSpec::new("case", prog_type);
        spec.calls_stack_walk = program.walks;
        let prog = self.machine.prog_load(id, spec, Interpreted::new(&self.interp, code));
        let watched = Arc::downgrade(&prog);
        self.programs.push(Loaded { file: Some(prog), watched, counters });
        self.programs.len() - 1
    }

    fn link(&mut self, program: usize, event: usize, cookie: u64) -> Result<usize, Errno> {
        let event = File::from(self.event(event));
        let create = LinkCreate::perf_event(self.file(program), event, cookie);
        let link = self.machine.link_create(&create)?;
        Ok(self.keep(link))
    }

    fn bad_link(&mut self, program: usize, event: usize, wrong: Wrong) -> Result<usize, Errno> {
        let (prog, event) = (self.file(program), File::from(self.event(event)));
        let mut create = LinkCreate::perf_event(prog.clone(), event.clone(), 0);
        match wrong {
            Wrong::Flags => create.flags = 1,
            Wrong::AttachType => create.attach_type = AttachType::TraceIter as u32,
            Wrong::Target => create.target = prog,
            Wrong::Program => create.prog = event,
        }
        let link = self.machine.link_create(&create)?;
        Ok(self.keep(link))
    }

    fn set_bpf(&mut self, program: usize, event: usize) -> Result<(), Errno> {
        self.event(event).set_bpf(&self.file(program))
    }

    fn set_bpf_no_program(&mut self, event: usize) -> Result<(), Errno> {
        self.event(event).set_bpf(&File::from(self.event(event)))
    }

    fn update(&mut self, link: usize, program: usize) -> Result<(), Errno> {
        self.links[link].as_ref().unwrap().update(&self.file(program))
    }

    fn detach(&mut self, link: usize) -> Result<(), Errno> {
        self.links[link].as_ref().unwrap().detach()
    }

    fn query(&mut self, event: usize, max: u32) -> Result<usize, Errno> {
        match self.event(event).query_bpf(max) {
            Ok(ids) => Ok(ids.len()),
            // The host's words for it: as many as were asked for.
            Err((Errno::ENOSPC, _)) => Ok(max as usize),
            Err((errno, _)) => Err(errno),
        }
    }

    fn switch(&mut self, event: usize, switch: Switch) -> Result<(), Errno> {
        let event = self.event(event);
        match switch {
            Switch::Enable => event.enable(),
            Switch::Disable => event.disable(),
            Switch::EnableGroup => event.enable_group(),
            Switch::DisableGroup => event.disable_group(),
            Switch::Reset => event.reset(),
            Switch::Refresh(samples) => return event.refresh(samples),
            Switch::Period(period) => return event.set_period(period),
        }
        Ok(())
    }

    fn close_event(&mut self, event: usize) {
        self.events[event] = None;
    }

    fn close_program(&mut self, program: usize) {
        self.programs[program].file = None;
    }

    fn close_link(&mut self, link: usize) {
        self.links[link] = None;
    }

    fn is_loaded(&mut self, program: usize) -> bool {
        self.programs[program].watched.strong_count() > 0
    }

    fn hit(&mut self, way: Way, count: u32, who: Who) {
        let mut tid = OWN;
        if who == Who::Child {
            self.last_child += 1;
            tid = Pid(self.last_child);
            let pid = Pid(std::process::id());
            let clone_flags = NewTask::PTHREAD;
            let new = NewTask { tid, pid, parent_pid: pid, clone_flags, ..NewTask::fork(OWN, tid) };
            self.machine.new_task(&new, &NoUserMemory);
        }
        for _ in 0..count {
            self.pass(way, tid);
        }
        if who == Who::Child {
            self.machine.exit_task(tid);
        }
    }

    fn seen(&mut self, program: usize) -> (u64, u64) {
        let (memory, at) = (self.machine.memory(), self.programs[program].counters);
        let seen = [0, 8].map(|offset| memory.load(at.offset(offset), Width::Dw).unwrap());
        for offset in [0, 8] {
            memory.store(at.offset(offset), Width::Dw, 0).unwrap();
        }
        (seen[0], seen[1])
    }

    fn value(&mut self, event: usize) -> u64 {
        self.event(event).value().counter
    }

    fn records(&mut self, event: usize) -> usize {
        let ring = self.event(event).map_ring(8).unwrap().take();
        let mut left = ring.as_slice();
        let mut samples = 0;
        while let Some((head, _)) = left.split_first_chunk::<8>() {
            samples += usize::from(head[0] == 9);
            left = &left[usize::from(u16::from_le_bytes([head[6], head[7]]))..];
        }
        samples
    }

    fn note(&mut self, line: String) {
        self.answers.push(line);
    }
}
