//! The cases on the running kernel, with events of this thread: writes to a watched word, software events, or renames of
//! the thread.

use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use skep_abi::{Errno, MapType, ProgType};
use skep_host::{
    HostError, Kind, Link, LoadedProgram, LogBuffer, LogLevel, Map, MapAttr, PerfEvent,
    PerfEventAttr, PerfRing, Target, Tracefs, ids,
};

use crate::program::code;
use crate::world::{Open, Program, Source, Switch, Way, Who, World, Wrong};

/// The word that breakpoints watch.
static WATCHED: AtomicU64 = AtomicU64::new(0);

struct Loaded {
    file: Option<LoadedProgram>,
    id: u32,
    map: Map,
}

pub(crate) struct Kernel {
    source: Source,
    tracepoint: u64,
    /// An event that is not inherited: while a task has one, its other events stay its own. Where all are inherited,
    /// the kernel swaps those of parent and child when it switches between the two, cookies and all.
    anchor: Option<PerfEvent>,
    events: Vec<Option<PerfEvent>>,
    rings: HashMap<usize, PerfRing>,
    programs: Vec<Loaded>,
    links: Vec<Option<Link>>,
    answers: Vec<String>,
}

fn errno<T>(answer: Result<T, HostError>) -> Result<T, Errno> {
    answer.map_err(|error| error.errno)
}

impl Kernel {
    /// The kernel, or why it cannot be asked.
    pub(crate) fn new(way: Way, source: Source) -> Result<Self, String> {
        let told = |error: HostError| error.to_string();
        let tracepoint = if way.is_tracepoint() {
            Tracefs::open().and_then(|fs| fs.id("task", "task_rename")).map_err(told)?
        } else {
            0
        };
        let mut kernel = Self {
            source,
            tracepoint,
            anchor: None,
            events: Vec::new(),
            rings: HashMap::new(),
            programs: Vec::new(),
            links: Vec::new(),
            answers: Vec::new(),
        };
        let mut anchor = PerfEventAttr::default();
        (anchor.type_, anchor.config) = (1, 9);
        kernel.anchor = PerfEvent::open(&anchor, Target::ThisThread, None).ok();
        // What is refused at all is refused now.
        kernel.open(way, Open::default()).map_err(|errno| format!("no event: {errno}"))?;
        kernel.try_load(way, Program::default())?;
        kernel.events.clear();
        kernel.programs.clear();
        Ok(kernel)
    }

    pub(crate) fn answers(&self) -> &[String] {
        &self.answers
    }

    fn event(&self, event: usize) -> &PerfEvent {
        self.events[event].as_ref().unwrap()
    }

    fn program(&self, program: usize) -> &LoadedProgram {
        self.programs[program].file.as_ref().unwrap()
    }

    fn period(&self, way: Way, how: Open) -> u64 {
        match how.counting {
            true => 0,
            false if way.is_tracepoint() => 1,
            false => self.source.period(),
        }
    }

    fn keep(&mut self, link: Link) -> usize {
        self.links.push(Some(link));
        self.links.len() - 1
    }

    fn try_load(&mut self, way: Way, program: Program) -> Result<usize, String> {
        let attr = MapAttr {
            name: "seen",
            kind: MapType::Array,
            key_size: 4,
            value_size: 16,
            max_entries: 1,
            flags: 0,
            extra: 0,
            kernel_value: 0,
            types: None,
            inner: None,
        };
        let map = Map::create(&attr).map_err(|error| error.to_string())?;
        let mut code = code(way, program);
        let fd = std::os::fd::AsRawFd::as_raw_fd(&map.as_fd());
        // BPF_PSEUDO_MAP_VALUE: the descriptor, and the offset in the value.
        code.insns[code.address_at].src.0 = 2;
        code.insns[code.address_at].imm = fd;
        code.insns[code.address_at + 1].imm = 0;
        let is_traced = way.is_tracepoint() != program.other_type;
        let prog_type = if is_traced { ProgType::Tracepoint } else { ProgType::PerfEvent };
        let asked = skep_host::Program::new(prog_type, &code.insns);
        let mut log = LogBuffer::whole();
        let loaded: OwnedFd =
            asked.load(LogLevel::NONE, &mut log).map_err(|errno| format!("no program: {errno}"))?;
        let file = LoadedProgram::of_fd(loaded).map_err(|error| error.to_string())?;
        let id = file.info().map_err(|error| error.to_string())?.id;
        self.programs.push(Loaded { file: Some(file), id, map });
        Ok(self.programs.len() - 1)
    }
}

/// Does what the events count, so many times.
fn pass(way: Way, source: Source, count: u32) {
    if way.is_tracepoint() {
        for _ in 0..count {
            rustix::thread::set_name(&CString::new("attach").unwrap()).unwrap();
        }
        return;
    }
    match source {
        Source::Writes => (0..count).for_each(|_| WATCHED.store(1, SeqCst)),
        Source::PageFaults => touch(count as usize),
        Source::ContextSwitches => {
            let end = switches() + u64::from(count);
            while switches() < end {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        Source::CpuClock => spin(Duration::from_nanos(2 * Source::PERIOD) * count),
    }
}

/// How often this thread has given up its CPU or lost it. A sleep need not count: its time may be up before the thread
/// has left the CPU, as happens when the host takes a virtual CPU away.
fn switches() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let counts = status.lines().filter_map(|line| line.split_once("_ctxt_switches:"));
    counts.map(|(_, count)| count.trim().parse::<u64>().unwrap()).sum()
}

/// Touches pages for the first time.
fn touch(count: usize) {
    // Beyond huge pages, so that each has a fault of its own; more than malloc ever keeps for itself.
    const APART: usize = 4 << 20;
    let mut fresh = vec![0u8; 64 << 20];
    for page in 0..count {
        std::hint::black_box(&mut fresh)[page * APART + APART / 2] = 1;
    }
}

/// Uses the CPU for so long.
fn spin(time: Duration) {
    let own = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    };
    let begun = own();
    while own() - begun < time {}
}

impl World for Kernel {
    fn open(&mut self, way: Way, how: Open) -> Result<usize, Errno> {
        let mut attr = PerfEventAttr::default();
        if way.is_tracepoint() {
            (attr.type_, attr.config) = (2, self.tracepoint);
        } else {
            (attr.type_, attr.config) = self.source.event();
        }
        let watches = !way.is_tracepoint() && self.source == Source::Writes;
        if watches {
            attr.bp_type = 2;
            attr.__bindgen_anon_3.bp_addr = WATCHED.as_ptr() as u64;
            attr.__bindgen_anon_4.bp_len = 8;
        }
        attr.__bindgen_anon_1.sample_period = self.period(way, how);
        attr.set_disabled(how.disabled.into());
        attr.set_inherit(how.inherit.into());
        attr.set_precise_ip(how.precise.into());
        attr.set_exclude_kernel(watches.into());
        let group = how.group.map(|leader| self.event(leader));
        let event = errno(PerfEvent::open(&attr, Target::ThisThread, group))?;
        self.events.push(Some(event));
        Ok(self.events.len() - 1)
    }

    fn load(&mut self, way: Way, program: Program) -> usize {
        self.try_load(way, program).unwrap()
    }

    fn link(&mut self, program: usize, event: usize, cookie: u64) -> Result<usize, Errno> {
        let link = errno(Link::perf_event(self.program(program), self.event(event), cookie))?;
        Ok(self.keep(link))
    }

    fn bad_link(&mut self, program: usize, event: usize, wrong: Wrong) -> Result<usize, Errno> {
        let (prog, event) = (self.program(program).as_fd(), self.event(event).as_fd());
        let (mut source, mut target, mut kind, mut flags) = (prog, event, 41, 0);
        match wrong {
            Wrong::Flags => flags = 1,
            Wrong::AttachType => kind = 28,
            Wrong::Target => target = prog,
            Wrong::Program => source = event,
        }
        let link = errno(Link::create_raw(source, target, kind, flags))?;
        Ok(self.keep(link))
    }

    fn set_bpf(&mut self, program: usize, event: usize) -> Result<(), Errno> {
        errno(self.event(event).set_bpf(self.program(program)))
    }

    fn set_bpf_no_program(&mut self, event: usize) -> Result<(), Errno> {
        let event = self.event(event);
        errno(event.set_bpf_fd(event.as_fd()))
    }

    fn update(&mut self, link: usize, program: usize) -> Result<(), Errno> {
        let link = self.links[link].as_ref().unwrap();
        errno(link.update(self.program(program), None))
    }

    fn detach(&mut self, link: usize) -> Result<(), Errno> {
        errno(self.links[link].as_ref().unwrap().detach())
    }

    fn query(&mut self, event: usize, max: u32) -> Result<usize, Errno> {
        errno(self.event(event).query_bpf(max)).map(|ids| ids.len())
    }

    fn switch(&mut self, event: usize, switch: Switch) -> Result<(), Errno> {
        let event = self.event(event);
        errno(match switch {
            Switch::Enable => event.enable(),
            Switch::Disable => event.disable(),
            Switch::EnableGroup => event.enable_group(),
            Switch::DisableGroup => event.disable_group(),
            Switch::Reset => event.reset(),
            Switch::Refresh(samples) => event.refresh(samples),
            Switch::Period(period) => event.set_period(period),
        })
    }

    fn close_event(&mut self, event: usize) {
        self.rings.remove(&event);
        self.events[event] = None;
    }

    fn close_program(&mut self, program: usize) {
        self.programs[program].file = None;
    }

    fn close_link(&mut self, link: usize) {
        self.links[link] = None;
    }

    fn is_loaded(&mut self, program: usize) -> bool {
        // The kernel frees after a grace period, but the number goes at once or very soon.
        let id = self.programs[program].id;
        let mut is_listed = true;
        for _ in 0..50 {
            is_listed = ids(Kind::Programs).unwrap().contains(&id);
            if !is_listed {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        is_listed
    }

    fn hit(&mut self, way: Way, count: u32, who: Who) {
        match who {
            Who::Own => pass(way, self.source, count),
            Who::Child => {
                let source = self.source;
                let child = std::thread::spawn(move || pass(way, source, count));
                child.join().unwrap();
            }
        }
    }

    fn seen(&mut self, program: usize) -> (u64, u64) {
        let map = &self.programs[program].map;
        let value = map.lookup(&[0; 4]).unwrap().unwrap();
        map.update(&[0; 4], &[0; 16]).unwrap();
        let word = |at: usize| u64::from_le_bytes(value[at..at + 8].try_into().unwrap());
        (word(0), word(8))
    }

    fn value(&mut self, event: usize) -> u64 {
        self.event(event).read().unwrap()[0].value
    }

    fn records(&mut self, event: usize) -> usize {
        if !self.rings.contains_key(&event) {
            let ring = PerfRing::new(self.event(event), 8).unwrap();
            self.rings.insert(event, ring);
        }
        let mut samples = 0;
        let ring = self.rings.get_mut(&event).unwrap();
        ring.drain(|record| samples += usize::from(record.kind == 9));
        samples
    }

    fn note(&mut self, line: String) {
        self.answers.push(line);
    }
}
