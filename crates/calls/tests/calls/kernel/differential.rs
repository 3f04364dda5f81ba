//! The same calls with the same memory, made by the running kernel and on the bench.

use std::fs;

use skep_abi::{KernelVersion, MapType, Pid};
use skep_machine::memory::{Label, SlabSpec, Window};
use skep_machine::{MapDef, Task};

use super::bpf::Map;
use super::vector::{self, Answer, Arg, Host, NoAnswer, SCRATCH};
use crate::bench::{Bench, CALLBACK, PID};

/// The kernel's side and ours of one map.
struct Twin {
    theirs: Map,
    def: MapDef,
    /// Keys and values that both begin with.
    elements: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Twin {
    fn new(def: MapDef, elements: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Self, NoAnswer> {
        let theirs =
            Map::create(def.map_type as u32, def.key_size, def.value_size, def.max_entries, 0)?;
        for (key, value) in &elements {
            theirs.update(key, value)?;
        }
        Ok(Self { theirs, def, elements })
    }
}

/// Answers of both sides; `None` when the kernel refuses BPF here.
struct Pair<'a> {
    bench: Bench,
    twin: Option<&'a Twin>,
}

impl<'a> Pair<'a> {
    fn new() -> Self {
        Self { bench: bench(), twin: None }
    }

    fn with(twin: &'a Twin) -> Self {
        Self { bench: bench(), twin: Some(twin) }
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
    fn agree(&self, name: &str, args: &[Arg<'_>], memory: &[u8], what: &str) -> bool {
        let call = skep_calls::by_name(name).unwrap();
        let skep_abi::CallKind::Helper(id) = call.spec.kind else { panic!("no helper") };
        match vector::call(Host::Syscall, id, args, memory) {
            Ok(theirs) => {
                let ours = self.ours(name, args, memory);
                assert_eq!(ours.r0 as i64, theirs.r0 as i64, "{name} {what}: R0");
                let differs = ours.memory.iter().zip(&theirs.memory).position(|(a, b)| a != b);
                assert_eq!(differs, None, "{name} {what}: first byte of memory that differs");
                true
            }
            Err(NoAnswer::Verdict(refused)) => panic!("{name} {what}: {}", refused.why()),
            Err(NoAnswer::Environment(error)) => {
                println!("skip: {error}");
                false
            }
        }
    }
}

/// A bench like this process on this kernel.
fn bench() -> Bench {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = KernelVersion::from_release(&release).unwrap_or(KernelVersion::new(6, 18));
    let mut bench = Bench::with(|builder| builder.version(version));
    let comm = fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
    bench.machine.tasks().insert(Task::new(bench.task, PID, comm.trim_end_matches('\n')));
    bench.user.0.clear();
    bench
}

#[test]
fn formats_print_the_same() {
    let pair = Pair::new();
    let values = [0, 1, 255, 0x8000_0000, u64::MAX - 4, i64::MIN as u64];
    let integers = [
        "%d", "%i", "%u", "%x", "%X", "%ld", "%lu", "%lx", "%lld", "%lli", "%llu", "%llx", "%llX",
        "%5d|", "%-5d|", "%05d|", "%+d", "% d", "%0-+ 8d|", "%08lx", "%-12llx|", "%024llu", "%c",
        "%5c|", "%-5c|", "%05c|", "%px", "%20px|", "%-20px|", "%020px|", "%pB", "%ps", "%pS",
        "%20ps|", "%-20pS|", "%%", "%d%%", "\t%d\n", "é%dé", "%px.", "%px x", "%100d", "%1000000d",
        "%99999999999d", "%4294967290d", "%-1000d|", "%8388608d", "%s", "%pks", "%pus", "%10s|",
        "%-10s|", "%9pks|", "%pI4", "%pi4", "%pI6", "%pi6", "%10pI4|", "%pI4h",
    ];
    for fmt in integers {
        for value in values {
            // A hashed pointer differs by boot, so `%p` gets what is never hashed.
            let mut memory = vec![0xaa; 64];
            memory.extend(value.to_le_bytes());
            for size in [0, 1, 5, 40] {
                let args = [
                    Arg::Scratch(0),
                    Arg::Value(size),
                    Arg::ConstStr(fmt),
                    Arg::Scratch(64),
                    Arg::Value(8),
                ];
                if !pair.agree("bpf_snprintf", &args, &memory, &format!("{fmt:?} {value:#x} {size}")) {
                    return;
                }
            }
        }
    }
    for (fmt, value) in [("%p", 0), ("%p|", u64::MAX), ("%pK", 0), ("%20p|", u64::MAX - 4000)] {
        let memory = [vec![0xaa; 64], value.to_le_bytes().to_vec()].concat();
        let args =
            [Arg::Scratch(0), Arg::Value(40), Arg::ConstStr(fmt), Arg::Scratch(64), Arg::Value(8)];
        pair.agree("bpf_snprintf", &args, &memory, fmt);
    }
}

#[test]
fn many_arguments_print_the_same() {
    let mut pair = Pair::new();
    let strings = b"one\0two\0\0four\0";
    let page = user_page(strings);
    pair.bench.user.0.insert(page, user_bytes(page));
    let (one, two, empty, four) = (page, page + 4, page + 8, page + 9);
    for (fmt, args) in [
        ("%s %s|%s|%s", vec![one, two, empty, four]),
        ("%d%s%lld%c%s%x", vec![1, one, 2, 0x41, four, 3]),
        ("%s%d%s%d", vec![empty, 7, empty, 8]),
        ("%pus%d%pus", vec![two, 0x4142_4344, one]),
        ("%c%c%c%d", vec![0x61, 0x62, 0x63, 9]),
        ("%d%pus%d", vec![1234, four, 9]),
        ("%s%pks%px", vec![one, one, one]),
        ("%d %d %d %d %d %d %d %d %d %d %d %d", (0..12).collect()),
        ("%d", (0..12).collect()),
        ("no conversion", vec![]),
        ("%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld", vec![u64::MAX; 12]),
    ] {
        for size in [0, 1, 2, 3, 4, 5, 8, 13, 64] {
            let mut memory = vec![0xaa; 128];
            memory.extend(args.iter().flat_map(|arg| arg.to_le_bytes()));
            let regs = [
                Arg::Scratch(0),
                Arg::Value(size),
                Arg::ConstStr(fmt),
                Arg::Scratch(128),
                Arg::Value(8 * args.len() as u64),
            ];
            if !pair.agree("bpf_snprintf", &regs, &memory, &format!("{fmt:?} {size}")) {
                return;
            }
        }
    }
}

/// A page of this process with these bytes at its head and 'x' behind; it is never given back.
fn user_page(head: &[u8]) -> u64 {
    let mut bytes = vec![b'x'; 8192];
    let start = bytes.as_ptr() as usize;
    let at = start.next_multiple_of(4096) - start;
    bytes[at..at + head.len()].copy_from_slice(head);
    bytes[at + 4095] = 0;
    (bytes.leak().as_ptr() as usize + at) as u64
}

/// The 4096 bytes of a page that [`user_page`] made, read through the kernel.
fn user_bytes(page: u64) -> Vec<u8> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; 4096];
    fs::File::open("/proc/self/mem").unwrap().read_exact_at(&mut bytes, page).unwrap();
    bytes
}

#[test]
fn probe_reads_read_the_same() {
    let mut pair = Pair::new();
    let page = user_page(b"hello world\0abcdefgh\0");
    pair.bench.user.0.insert(page, user_bytes(page));
    let top = (1u64 << 47) - 4096;
    let addrs = [
        page, page + 3, page + 11, page + 12, page + 21, page + 4095, 0, 1, top - 1, top, top + 1,
        top + 4095, 1 << 47, 1 << 60, 0xffff_ffff_ff60_0000, 0xffff_ffff_ffff_f000,
        0xffff_8000_0000_0000, u64::MAX,
    ];
    let names = [
        "bpf_probe_read", "bpf_probe_read_str", "bpf_probe_read_user", "bpf_probe_read_user_str",
        "bpf_probe_read_kernel", "bpf_probe_read_kernel_str",
    ];
    for name in names {
        for addr in addrs {
            for size in [0, 1, 2, 5, 7, 8, 9, 12, 13, 16, 24, 33] {
                // The page after ours holds whatever it holds.
                if (page..page + 4096).contains(&addr) && addr + size > page + 4096 {
                    continue;
                }
                let args = [Arg::Scratch(0), Arg::Value(size), Arg::Value(addr)];
                if !pair.agree(name, &args, &[0xaa; 64], &format!("{addr:#x} {size}")) {
                    return;
                }
            }
        }
    }
}

#[test]
fn kernel_memory_reads_the_same() {
    let pair = Pair::new();
    let text = b"some kernel text\0behind it";
    let memory = [vec![0xaa; 64], text.to_vec()].concat();
    for name in ["bpf_probe_read_kernel", "bpf_probe_read_kernel_str", "bpf_probe_read_str"] {
        for (from, size) in [(64, 0), (64, 1), (64, 5), (64, 16), (64, 17), (64, 24), (80, 8), (81, 3)] {
            let args = [Arg::Scratch(0), Arg::Value(size), Arg::Scratch(from)];
            if !pair.agree(name, &args, &memory, &format!("{from} {size}")) {
                return;
            }
        }
    }
}

#[test]
fn names_are_copied_the_same() {
    let pair = Pair::new();
    for size in [1, 2, 8, 15, 16, 17, 32] {
        let args = [Arg::Scratch(0), Arg::Value(size)];
        if !pair.agree("bpf_get_current_comm", &args, &[0xaa; 64], &format!("{size}")) {
            return;
        }
    }
}

#[test]
fn loops_run_the_same() {
    let pair = Pair::new();
    for nr in [0, 1, 5, 1 << 32 | 3, 1 << 23, (1 << 23) + 1, u64::from(u32::MAX)] {
        for flags in [0, 1, 1 << 40] {
            for stop in [-1, 0, 3] {
                let args =
                    [Arg::Value(nr), Arg::Callback(0, stop), Arg::Value(0), Arg::Value(flags)];
                if !pair.agree("bpf_loop", &args, &[0; 8], &format!("{nr} {flags} {stop}")) {
                    return;
                }
            }
        }
    }
}

/// The maps that calls are tried on: type, sizes, and elements to begin with.
fn twins() -> Result<Vec<Twin>, NoAnswer> {
    let element = |key: u64, value: u64| (key.to_le_bytes().to_vec(), value.to_le_bytes().to_vec());
    let index = |key: u32, value: u64| (key.to_le_bytes().to_vec(), value.to_le_bytes().to_vec());
    Ok(vec![
        Twin::new(MapDef::new("array", MapType::Array, 4, 8, 3), vec![index(1, 7)])?,
        Twin::new(MapDef::new("hash", MapType::Hash, 8, 8, 2), vec![element(1, 7)])?,
        Twin::new(
            MapDef::new("full", MapType::Hash, 8, 8, 2),
            vec![element(2, 7), element(3, 7)],
        )?,
    ])
}

#[test]
fn elements_are_walked_the_same() {
    let Ok(twins) = twins().inspect_err(|why| println!("skip: {why:?}")) else { return };
    for twin in &twins {
        for flags in [0, 1] {
            for stop in [-1, 1, 2] {
                // Each try has its own pair of maps, for our side makes a new one each time.
                let pair = Pair::with(twin);
                let args = [
                    Arg::Map(&twin.theirs),
                    Arg::Counter(0, stop),
                    Arg::Value(0),
                    Arg::Value(flags),
                ];
                let what = format!("{} {flags} {stop}", twin.def.name);
                if !pair.agree("bpf_for_each_map_elem", &args, &[0; 8], &what) {
                    return;
                }
            }
        }
    }
}

#[test]
fn elements_are_updated_and_deleted_the_same() {
    for key in [0u64, 1, 2, 3, 1 << 40] {
        for flags in [0, 1, 2, 3, 4, 8, 1 << 40, u64::MAX] {
            let Ok(twins) = twins().inspect_err(|why| println!("skip: {why:?}")) else { return };
            for twin in &twins {
                let memory = [key.to_le_bytes(), [9; 8]].concat();
                let what = format!("{} {key} {flags}", twin.def.name);
                let update = [
                    Arg::Map(&twin.theirs),
                    Arg::Scratch(0),
                    Arg::Scratch(8),
                    Arg::Value(flags),
                ];
                let pair = Pair::with(twin);
                if !pair.agree("bpf_map_update_elem", &update, &memory, &what) {
                    return;
                }
            }
        }
        let Ok(twins) = twins().inspect_err(|why| println!("skip: {why:?}")) else { return };
        for twin in &twins {
            let delete = [Arg::Map(&twin.theirs), Arg::Scratch(0)];
            let what = format!("{} {key}", twin.def.name);
            Pair::with(twin).agree("bpf_map_delete_elem", &delete, &key.to_le_bytes(), &what);
        }
    }
}

#[test]
fn rings_take_and_refuse_the_same() {
    for size in [0, 1, 8, 4000, 4088, 4089, 4096] {
        for flags in [0, 1, 2, 3, 4, 1 << 40] {
            let ring = MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096);
            let Ok(twin) = Twin::new(ring, vec![]) else {
                println!("skip: no ring buffer");
                return;
            };
            let pair = Pair::with(&twin);
            let output =
                [Arg::Map(&twin.theirs), Arg::Scratch(0), Arg::Value(size), Arg::Value(flags)];
            if !pair.agree("bpf_ringbuf_output", &output, &[7; 16], &format!("{size} {flags}")) {
                return;
            }
        }
    }
    let Ok(twin) = Twin::new(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096), vec![]) else {
        return;
    };
    for flags in [0, 1, 2, 3, 5, u64::MAX] {
        let query = [Arg::Map(&twin.theirs), Arg::Value(flags)];
        Pair::with(&twin).agree("bpf_ringbuf_query", &query, &[], &format!("{flags}"));
    }
}

#[test]
fn numbers_of_this_process_are_the_same() {
    let mut pair = Pair::new();
    let tid = fs::read_link("/proc/thread-self").ok();
    let tid = tid.as_ref().and_then(|link| link.file_name()?.to_str()?.parse::<u32>().ok());
    let Some(tid) = tid else {
        println!("skip: no /proc");
        return;
    };
    let task = Task::new(Pid(tid), Pid(std::process::id()), "");
    pair.bench.machine.tasks().insert(task);
    (pair.bench.task, pair.bench.sample) = (Pid(tid), None);
    // In a PID namespace the kernel's numbers are others.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_nested = status.lines().any(|line| {
        line.starts_with("NSpid:") && line.split_whitespace().count() > 2
    });
    if is_nested {
        println!("skip: in a PID namespace");
        return;
    }
    pair.agree("bpf_get_current_pid_tgid", &[], &[], "");
}
