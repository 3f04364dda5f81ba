//! The same call with the same memory, made by the running kernel and on the bench.

use std::fs;

use skep_abi::KernelVersion;
use skep_machine::memory::{Label, SlabSpec, Window};
use skep_machine::{MapDef, Task};

use super::bpf::Map;
use super::vector::{self, Answer, Arg, Host, NoAnswer, SCRATCH};
use super::{COMPARED, running};
use crate::bench::{Bench, CALLBACK, PID};

/// The kernel's side and ours of one map.
pub(crate) struct Twin {
    pub(crate) theirs: Map,
    pub(crate) def: MapDef,
    /// Keys and values that both begin with.
    elements: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Twin {
    pub(crate) fn new(def: MapDef, elements: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Self, NoAnswer> {
        let theirs =
            Map::create(def.map_type as u32, def.key_size, def.value_size, def.max_entries, 0)?;
        for (key, value) in &elements {
            theirs.update(key, value)?;
        }
        Ok(Self { theirs, def, elements })
    }
}

/// Answers of both sides; `None` when the kernel refuses BPF here.
pub(crate) struct Pair<'a> {
    pub(crate) bench: Bench,
    /// The program type by which the kernel makes the call.
    pub(crate) host: Host,
    twin: Option<&'a Twin>,
}

impl<'a> Pair<'a> {
    pub(crate) fn new() -> Self {
        Self { bench: bench(), host: Host::Syscall, twin: None }
    }

    pub(crate) fn with(twin: &'a Twin) -> Self {
        Self { bench: bench(), host: Host::Syscall, twin: Some(twin) }
    }

    /// Makes the call on the bench.
    fn ours(&self, name: &str, args: &[Arg<'_>], memory: &[u8]) -> Answer {
        let bench = &self.bench;
        let mut whole = memory.to_vec();
        whole.resize(SCRATCH, 0);
        bench.write(0, &whole);
        let mut regs = [0; 5];
        let mut callback = None;
        for (reg, arg) in regs.iter_mut().zip(args) {
            *reg = match *arg {
                Arg::Value(value) => value,
                Arg::Scratch(off) => bench.at(off),
                Arg::Ctx => bench.at(0),
                Arg::ConstStr(text) => self.string(text),
                Arg::Map(_) => self.map(),
                Arg::Callback(..) | Arg::Counter(..) => {
                    callback = Some(*arg);
                    CALLBACK
                }
            };
        }
        let r0 = bench.try_call_with(name, regs, &mut |args| {
            let word = |at| u64::from_le_bytes(bench.read(at, 8).try_into().unwrap());
            let (at, value, stop) = match callback {
                Some(Arg::Callback(at, stop)) => (at, args[0], stop),
                Some(Arg::Counter(at, stop)) => (at, word(at) + 1, stop),
                _ => panic!("no callback was given"),
            };
            bench.write(at, &value.to_le_bytes());
            Ok(u64::from(value == i64::from(stop) as u64))
        });
        let r0 = r0.unwrap_or_else(|stop| panic!("{name}: {stop:?}"));
        Answer { r0, memory: bench.read(0, SCRATCH as u64) }
    }

    fn string(&self, text: &str) -> u64 {
        let label = Label::new("string", "");
        let spec = SlabSpec::new(Window::Maps, text.len() as u64 + 1, 1, label);
        let addr = self.bench.machine.memory().alloc(&spec).unwrap().addr(0);
        self.bench.machine.memory().write(addr, text.as_bytes()).unwrap();
        addr.0
    }

    fn map(&self) -> u64 {
        let twin = self.twin.expect("a vector with a map has a twin");
        let map = self.bench.map(twin.def.clone());
        for (key, value) in &twin.elements {
            map.update(self.bench.cpu, key, value, 0).unwrap();
        }
        map.addr().0
    }

    /// Makes the call on both sides and compares; `false` when the kernel refuses BPF here.
    pub(crate) fn agree(&self, name: &str, args: &[Arg<'_>], memory: &[u8], what: &str) -> bool {
        let call = skep_calls::by_name(name).unwrap();
        if running(COMPARED).is_none() {
            return false;
        }
        let skep_abi::CallKind::Helper(id) = call.spec.kind else { panic!("no helper") };
        match vector::call(self.host, id, args, memory) {
            Ok(theirs) => {
                let ours = self.ours(name, args, memory);
                assert_eq!(ours.r0 as i64, theirs.r0 as i64, "{name} {what}: R0");
                let differs = ours.memory.iter().zip(&theirs.memory).position(|(a, b)| a != b);
                assert_eq!(differs, None, "{name} {what}: first byte of memory that differs");
                true
            }
            Err(NoAnswer::Verdict(refused)) => panic!("{name} {what}: {}", refused.why()),
            Err(NoAnswer::Environment(error)) => {
                skep_skip::skipped!("{error}");
                false
            }
        }
    }
}

/// A bench like this process on this kernel.
fn bench() -> Bench {
    let version = running(COMPARED).unwrap_or(KernelVersion::new(6, 18));
    let mut bench = Bench::with(|builder| builder.version(version));
    let comm = fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
    bench.machine.tasks().insert(Task::new(bench.task, PID, comm.trim_end_matches('\n')));
    bench.user.0.clear();
    bench
}
