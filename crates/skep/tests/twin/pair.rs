//! Both sides of one object.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};
use skep::load::Loaded;
use skep::profile::running;
use skep::sample::{Record, RecordKind};
use skep::session::{Driver, EventPlan, Method};
use skep_abi::{Cpu, Pid, ProgType, Sample};
use skep_host::{HostObject, LoadOptions, NotLoaded, PerfEvent, Target, Wanted};
use skep_machine::perf::Rate;
use skep_machine::{Machine, PerfEventAttr, Prog, TestRun};
use skep_object::{KernelProfile, ObjectSpec, Resolved};

/// The CPU on which both sides run, since some maps have a value for each.
const CPU: usize = 0;

/// An object in the kernel and on a machine with as many CPUs and the same types.
pub(crate) struct Pair {
    resolved: &'static Resolved,
    host: skep_host::Loaded,
    /// The kernel's event; none for programs that are run for a test.
    event: Option<PerfEvent>,
    pub(crate) machine: &'static Machine,
    pub(crate) loaded: &'static Loaded,
    program: Arc<Prog>,
    /// Which of the program's threads is sampled on the machine.
    pub(crate) tid: Cell<Pid>,
}

/// Whether skep rejects a program for a kernel.
fn rejects(resolved: &Resolved, profile: &KernelProfile, name: &str) -> bool {
    let machine =
        Machine::builder().version(profile.version).btf(profile.btf.clone()).build().unwrap();
    let loaded = Loaded::new(&machine, resolved, profile).unwrap();
    loaded.unusable.iter().any(|(program, _)| program == name)
}

impl Pair {
    /// Loads an object on both sides and attaches its program; `None` where the kernel takes none from this process.
    pub(crate) fn load(object: &[u8], name: &str) -> Option<Self> {
        let profile = match running() {
            Ok(profile) => profile,
            Err(error) => {
                skep_skip::skipped!("{error}");
                return None;
            }
        };
        // They live as long as the test's process, which spares this struct a lifetime.
        let resolved = ObjectSpec::parse("twin.bpf.o", object).unwrap().resolve(&profile).unwrap();
        let resolved: &'static Resolved = Box::leak(Box::new(resolved));
        let options = LoadOptions { wanted: Wanted::Named(&[name]), ..LoadOptions::default() };
        let host = HostObject::load(resolved, &options);
        let index = resolved.programs.iter().position(|program| program.name == name).unwrap();
        let theirs = match &host.programs()[index] {
            Ok(program) => program,
            Err(why) => {
                // An older kernel may lack a call; then it is one that skep rejects for that kernel too.
                let is_rejected = matches!(why, NotLoaded::Rejected(_));
                assert!(!is_rejected || rejects(resolved, &profile, name), "{name}: {why}");
                skep_skip::skipped!("{why}");
                return None;
            }
        };
        let event = (resolved.programs[index].prog_type == ProgType::PerfEvent).then(|| {
            let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
            event.set_bpf(theirs).unwrap();
            event
        });
        let machine = Machine::builder()
            .cpus(skep_host::possible_cpus())
            .version(profile.version)
            .btf(profile.btf.clone())
            .build()
            .unwrap();
        let machine: &'static Machine = Box::leak(Box::new(machine));
        let loaded: &'static Loaded =
            Box::leak(Box::new(Loaded::new(machine, resolved, &profile).unwrap()));
        let unusable = loaded.unusable.iter().find(|(program, _)| program == name);
        assert!(unusable.is_none(), "{unusable:?}");
        assert!(loaded.unverified.is_empty(), "{:?}", loaded.unverified);
        let program = loaded.program(name).cloned().unwrap();
        let mut set = CpuSet::new();
        set.set(CPU);
        sched_setaffinity(None, &set).unwrap();
        Some(Self { resolved, host, event, machine, loaded, program, tid: Cell::new(Pid(1)) })
    }

    /// Goes on with another thread: this one in the kernel, thread `tid` on the machine.
    pub(crate) fn move_here(&mut self, tid: Pid) {
        let index =
            self.resolved.programs.iter().position(|of| *of.name == *self.program.spec().name);
        let theirs = self.host.programs()[index.unwrap()].as_ref().unwrap();
        let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
        event.set_bpf(theirs).unwrap();
        // The one that it replaces holds the other thread.
        self.event = Some(event);
        self.tid.set(tid);
        let mut set = CpuSet::new();
        set.set(CPU);
        sched_setaffinity(None, &set).unwrap();
    }

    /// Map and offset of a global variable.
    fn variable(&self, name: &str) -> (usize, usize, usize) {
        let found = self.resolved.maps.iter().enumerate().find_map(|(map, spec)| {
            let variable = spec.variables.iter().find(|variable| variable.name == name)?;
            Some((map, variable.offset as usize, variable.size as usize))
        });
        found.unwrap_or_else(|| panic!("no variable {name}"))
    }

    fn map(&self, name: &str) -> usize {
        self.resolved.maps.iter().position(|spec| spec.name == name).unwrap()
    }

    fn ours(&self, map: usize) -> skep_machine::map::UserSide<'static> {
        let name = &self.resolved.maps[map].name;
        self.machine.user_side(self.loaded.map(name).unwrap().id).unwrap()
    }

    /// Sets a global variable on both sides.
    pub(crate) fn set(&self, name: &str, value: &[u8]) {
        let (map, at, size) = self.variable(name);
        assert_eq!(size, value.len());
        let theirs = self.host.maps()[map].as_ref().unwrap();
        let mut whole = theirs.lookup(&[0; 4]).unwrap().unwrap();
        whole[at..at + size].copy_from_slice(value);
        theirs.update(&[0; 4], &whole).unwrap();
        let ours = self.ours(map);
        let mut whole = ours.lookup(&[0; 4], 0).unwrap();
        whole[at..at + size].copy_from_slice(value);
        ours.update(&[0; 4], &whole, 0).unwrap();
    }

    /// A global variable as the kernel's program left it.
    fn theirs(&self, name: &str) -> Vec<u8> {
        let (map, at, size) = self.variable(name);
        let whole = self.host.maps()[map].as_ref().unwrap().lookup(&[0; 4]).unwrap().unwrap();
        whole[at..at + size].to_vec()
    }

    /// Lets both programs run until a counter of theirs has grown.
    pub(crate) fn run(&self, counter: &str) {
        let before = self.theirs(counter);
        let event = self.event.as_ref().unwrap();
        event.enable().unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while self.theirs(counter) == before {
            assert!(Instant::now() < end, "the kernel's program does not run");
        }
        event.disable().unwrap();
        let ran = self.program.counters().now().runs;
        let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
        let plan = EventPlan { attr, per_task: false, tracepoint: None };
        let programs = [Arc::clone(&self.program)];
        let method = Method::Link { cookie: 0 };
        let mut driver = Driver::new(self.machine, programs, &plan, method).unwrap();
        let cpu = Cpu(CPU as u32);
        let sample = Sample { pid: Pid(1), tid: self.tid.get(), cpu, ..Sample::default() };
        driver.record(&Record { time: 0, cpu, kind: RecordKind::Sample(Box::new(sample)) });
        let counts = &driver.counts()[0];
        if let Some(trap) = &counts.first_fault {
            panic!("{trap}");
        }
        assert_eq!(counts.runs, ran + 1);
    }

    /// The same as the kernel left it, as numbers of 8 bytes, whatever the machine has.
    pub(crate) fn their_numbers(&self, name: &str) -> Vec<i64> {
        self.theirs(name).as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
    }

    /// The same as the machine left it.
    pub(crate) fn our_numbers(&self, name: &str) -> Vec<i64> {
        let (map, at, size) = self.variable(name);
        let bytes = self.ours(map).lookup(&[0; 4], 0).unwrap()[at..at + size].to_vec();
        bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
    }

    /// Sets a value under a key that each side has its own for; the answers must be the same.
    pub(crate) fn update_by(&self, map: &str, keys: (i32, u32), value: &[u8]) {
        let map = self.map(map);
        let theirs = self.host.maps()[map].as_ref().unwrap();
        let answer = theirs.update(&keys.0.to_le_bytes(), value).map_err(|error| error.errno);
        assert_eq!(self.ours(map).update(&keys.1.to_le_bytes(), value, 0), answer);
    }

    /// Deletes it.
    pub(crate) fn delete_by(&self, map: &str, keys: (i32, u32)) {
        let map = self.map(map);
        let theirs = self.host.maps()[map].as_ref().unwrap();
        let answer = theirs.delete(&keys.0.to_le_bytes()).map_err(|error| error.errno);
        let answer = answer.and_then(|was| was.then_some(()).ok_or(skep_abi::Errno::ENOENT));
        assert_eq!(self.ours(map).delete(&keys.1.to_le_bytes()), answer);
    }

    /// The value that both sides must have there.
    pub(crate) fn value_by(&self, map: &str, keys: (i32, u32)) -> Option<Vec<u8>> {
        let at = self.map(map);
        let theirs = self.host.maps()[at].as_ref().unwrap().lookup(&keys.0.to_le_bytes()).unwrap();
        let ours = self.ours(at).lookup(&keys.1.to_le_bytes(), 0).ok();
        assert_eq!(ours, theirs, "{keys:?} of {map}");
        ours
    }

    /// Runs both programs on a packet; what they return must be the same.
    pub(crate) fn test_run(&self, packet: &[u8], repeat: u32) -> u32 {
        let name = &self.program.spec().name;
        let index = self.resolved.programs.iter().position(|of| *of.name == **name).unwrap();
        let theirs = self.host.programs()[index].as_ref().unwrap();
        let input = skep_host::TestRun { data: packet, repeat, ..skep_host::TestRun::default() };
        let theirs = theirs.test_run(&input).unwrap().retval;
        let input = TestRun::new().data(packet).repeat(repeat);
        let ours = self.loaded.test_run(self.machine, name, &input).unwrap().retval;
        assert_eq!(ours, theirs);
        ours
    }

    /// Does the same to a map from user space on both sides; the answers must be the same.
    pub(crate) fn update(&self, map: &str, key: u32, value: &[u8]) {
        let map = self.map(map);
        let theirs = self.host.maps()[map].as_ref().unwrap();
        let value =
            value.repeat(if theirs.is_percpu() { self.machine.nr_cpu_ids() as usize } else { 1 });
        let answer = theirs.update(&key.to_le_bytes(), &value).map_err(|error| error.errno);
        assert_eq!(self.ours(map).update(&key.to_le_bytes(), &value, 0), answer);
    }

    /// Deletes an element from user space on both sides.
    pub(crate) fn delete(&self, map: &str, key: u32) {
        let map = self.map(map);
        let theirs = self.host.maps()[map].as_ref().unwrap();
        let answer = theirs.delete(&key.to_le_bytes()).map_err(|error| error.errno);
        let answer = answer.and_then(|was| was.then_some(()).ok_or(skep_abi::Errno::ENOENT));
        assert_eq!(self.ours(map).delete(&key.to_le_bytes()), answer);
    }

    /// The value of a map that both sides must have; those of all CPUs in a row.
    pub(crate) fn value(&self, map: &str, key: u32) -> Option<Vec<u8>> {
        let at = self.map(map);
        let theirs = self.host.maps()[at].as_ref().unwrap().lookup(&key.to_le_bytes()).unwrap();
        let ours = self.ours(at).lookup(&key.to_le_bytes(), 0).ok();
        assert_eq!(ours, theirs, "{key} of {map}");
        ours
    }

    /// A global variable that both sides must have left so.
    pub(crate) fn both(&self, name: &str) -> Vec<u8> {
        let (map, at, size) = self.variable(name);
        let ours = self.ours(map).lookup(&[0; 4], 0).unwrap()[at..at + size].to_vec();
        assert_eq!(ours, self.theirs(name), "{name}");
        ours
    }

    /// The same as numbers of 8 bytes.
    pub(crate) fn numbers(&self, name: &str) -> Vec<i64> {
        let bytes = self.both(name);
        bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
    }
}

fn cpu_clock() -> skep_host::PerfEventAttr {
    let mut attr = skep_host::PerfEventAttr { type_: 1, ..skep_host::PerfEventAttr::default() };
    attr.__bindgen_anon_1.sample_period = 1_000_000;
    attr.set_disabled(1);
    attr
}
