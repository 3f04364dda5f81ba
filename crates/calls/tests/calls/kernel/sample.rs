//! Stacks and values of a perf event's overflow: a page fault is sampled by the running kernel, and the calls
//! that its program made are repeated on the bench with the sample that they describe.

use std::os::fd::AsRawFd as _;

use skep_abi::{CounterValue, MapType, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER, Sample, X86Regs};
use skep_machine::perf::SampleType;
use skep_machine::{MapDef, PerfEventAttr};

use super::asm::Asm;
use super::bpf::{self, Load, Map};
use super::overflow::{self, Attr, Place, StackFrame};
use super::tries::{Try, runs, tries};
use super::{COMPARED, running};
use crate::bench::Bench;

/// Bytes that each call has for its buffer.
const SLOT: usize = 1152;
/// Where the buffers begin: before them a mark, the code segment, and the results.
const BUFFERS: usize = 2048;
/// Where the interrupted instruction's address goes, at the end of the results.
const IP_AT: usize = 2040;
/// Offsets of `ip` and `cs` in the context.
const IP: i16 = 16 * 8;
const CS: i16 = 17 * 8;

const EFAULT: u64 = -14i64 as u64;

/// The two stack trace maps.
fn defs() -> [MapDef; 2] {
    [
        MapDef::new("stacks", MapType::StackTrace, 4, 8 * 16, 64),
        MapDef::new("one", MapType::StackTrace, 4, 8 * 127, 1),
    ]
}

fn slot(index: usize) -> usize {
    BUFFERS + SLOT * index
}

fn program(tries: &[Try], result: &Map, stacks: &[Map]) -> Asm {
    let fd = result.fd.as_raw_fd();
    let mut asm = Asm::default().mov(6, 1).map_value(7, fd, 0).load(2, 7, 0);
    // Only the first overflow counts.
    asm = asm.jump_if_eq(2, 0, 3).set(0, 0).exit();
    asm = asm.set(2, 1).store(7, 0, 2).load(2, 6, CS).store(7, 8, 2);
    asm = asm.load(2, 6, IP).store(7, IP_AT as i16, 2);
    for (index, a_try) in tries.iter().enumerate() {
        let at = slot(index) as i32;
        asm = match *a_try {
            Try::Stack(size, flags) => {
                asm.mov(1, 6).map_value(2, fd, at).set(3, size).set(4, flags).call(67)
            }
            Try::Id(map, flags) => {
                asm.mov(1, 6).map(2, stacks[map].fd.as_raw_fd()).set(3, flags).call(27)
            }
            Try::Value(size) => asm.mov(1, 6).map_value(2, fd, at).set(3, size).call(56),
        };
        asm = asm.store(7, 16 + 8 * index as i16, 0);
    }
    asm.set(0, 0).exit()
}

/// What the kernel's program left behind.
struct Seen(Vec<u8>);

impl Seen {
    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    fn result(&self, index: usize) -> u64 {
        self.word(16 + 8 * index)
    }

    fn buffer(&self, index: usize) -> &[u8] {
        &self.0[slot(index)..slot(index) + SLOT]
    }

    /// The whole stack that a call copied.
    fn stack(&self, index: usize) -> Vec<u64> {
        let len = (self.result(index) as i64).max(0) as usize;
        (0..len).step_by(8).map(|at| self.word(slot(index) + at)).collect()
    }
}

/// One overflow in the kernel; `None`, with the reason printed, where that is refused.
fn overflow(tries: &[Try], how: Attr, place: Place<'_>) -> Option<Seen> {
    let size = slot(tries.len()) as u32;
    let skip = |what: &str, why: String| {
        skep_skip::skipped!("{what}: {why}");
        None
    };
    running(COMPARED)?;
    // An overflow of another kind may come first, since the test itself takes page faults.
    for _ in 0..20 {
        let maps = Map::create(2, 4, size, 1, 0).and_then(|result| {
            let stacks =
                defs().map(|def| Map::create(7, def.key_size, def.value_size, def.max_entries, 0));
            let [first, second] = stacks;
            Ok((result, [first?, second?]))
        });
        let (result, stacks) = match maps {
            Ok(maps) => maps,
            Err(error) => return skip("maps", error.to_string()),
        };
        let asm = program(tries, &result, &stacks);
        let load = Load { prog_type: 7, attach_type: 0, attach_btf_id: 0, gpl: true, asm: &asm };
        let prog = match bpf::load(load) {
            Ok(prog) => prog,
            Err(refused) => return skip("program", refused.why()),
        };
        let event = match overflow::open(how) {
            Ok(event) => event,
            Err(error) => return skip("event", error.to_string()),
        };
        let ran = overflow::attach(&event, &prog).and_then(|()| overflow::fault(&event, place));
        if let Err(error) = ran {
            return skip("overflow", error.to_string());
        }
        let seen = Seen(result.lookup(&0u32.to_le_bytes()).ok()?);
        let is_kernel = seen.word(8) & 3 == 0;
        if seen.word(0) == 1 && is_kernel == (place == Place::Kernel) {
            return Some(seen);
        }
    }
    panic!("no page fault {how:?} {place:?}");
}

fn compare(how: Attr, place: Place<'_>) {
    for tries in runs(how) {
        let Some(seen) = overflow(&tries, how, place) else { return };
        let (user, kernel) = (seen.stack(0), seen.stack(1));
        assert!(user.len() + kernel.len() < 120, "a short stack, so that nothing of it was cut");
        if how.callchain && !how.exclude_callchain_user {
            assert_eq!(user.first(), Some(&PERF_CONTEXT_USER));
        }
        if !how.exclude_callchain_kernel {
            let in_kernel = place == Place::Kernel;
            assert_eq!(!kernel.is_empty(), in_kernel, "a kernel stack where it was interrupted");
        }
        let without = |marker: u64, mut stack: Vec<u64>| {
            if stack.first() == Some(&marker) {
                stack.remove(0);
            }
            stack
        };
        let sample = Sample {
            regs: Some(X86Regs { cs: seen.word(8), ..X86Regs::default() }),
            user_stack: without(PERF_CONTEXT_USER, user),
            kernel_stack: without(PERF_CONTEXT_KERNEL, kernel),
            ..Sample::default()
        };
        compare_run(&tries, &seen, how, sample);
    }
}

/// The same with a user stack of so many frames, which is known beforehand.
fn compare_deep(how: Attr, depth: u64) {
    let rets: Vec<u64> = (1..=depth).map(|n| 0x1000_0000 + n * 16).collect();
    let mut frames: Vec<StackFrame> =
        rets.iter().map(|ret| StackFrame { next: 0, ret: *ret }).collect();
    let addrs: Vec<u64> = frames.iter().map(|frame| std::ptr::from_ref(frame) as u64).collect();
    for (frame, next) in frames.iter_mut().zip(addrs.iter().skip(1)) {
        frame.next = *next;
    }
    let runs = match how.callchain {
        true => tries().into_iter().map(|a_try| vec![a_try]).collect(),
        false => vec![tries()],
    };
    for tries in runs {
        let Some(seen) = overflow(&tries, how, Place::Deep(&frames)) else { return };
        let sample = Sample {
            regs: Some(X86Regs { cs: seen.word(8), ..X86Regs::default() }),
            user_stack: [&[seen.word(IP_AT)], rets.as_slice()].concat(),
            ..Sample::default()
        };
        compare_run(&tries, &seen, how, sample);
    }
}

/// Repeats on the bench what the kernel's program did.
fn compare_run(tries: &[Try], seen: &Seen, how: Attr, sample: Sample) {
    let mut bench = Bench::new();
    bench.sample = Some(sample);
    let sample_type = if how.callchain { SampleType::CALLCHAIN } else { SampleType::empty() };
    bench.open(&PerfEventAttr {
        sample_type,
        exclude_callchain_kernel: how.exclude_callchain_kernel,
        exclude_callchain_user: how.exclude_callchain_user,
        inherit: how.inherit,
        ..PerfEventAttr::default()
    });
    let maps = defs().map(|def| bench.map(def).addr().0);
    for (index, a_try) in tries.iter().enumerate() {
        let theirs = seen.result(index);
        bench.write(0, &[0; SLOT]);
        let (ctx, buf) = (bench.at(0), bench.at(0));
        let ours = match *a_try {
            Try::Stack(size, flags) => bench.call("bpf_get_stack", [ctx, buf, size, flags]),
            Try::Id(map, flags) => bench.call("bpf_get_stackid", [ctx, maps[map], flags]),
            Try::Value(size) => {
                if theirs == 0 {
                    let [counter, enabled, running] =
                        [0, 8, 16].map(|at| seen.word(slot(index) + at));
                    let value = CounterValue { counter, enabled, running };
                    bench.sample.as_mut().unwrap().value = Some(value);
                }
                bench.call("bpf_perf_prog_read_value", [ctx, buf, size])
            }
        };
        let what = format!("{a_try:x?} {how:?} {:?}", bench.sample);
        if is_known_difference(*a_try, how) && ours == EFAULT && theirs != EFAULT {
            continue;
        }
        assert_eq!(ours as i64, theirs as i64, "{what}: R0");
        assert_eq!(bench.read(0, SLOT as u64), seen.buffer(index), "{what}: buffer");
    }
}

/// The kernel stores a stack without entries when a skip of 127 meets a longer recorded chain.
fn is_known_difference(a_try: Try, how: Attr) -> bool {
    how.callchain && matches!(a_try, Try::Id(_, flags) if flags & 0xff == 127)
}

#[test]
fn stacks_that_are_unwound_are_the_same() {
    for place in [Place::User, Place::Kernel] {
        compare(Attr::default(), place);
    }
}

#[test]
fn stacks_of_recorded_call_chains_are_the_same() {
    let attr = Attr { callchain: true, ..Attr::default() };
    for place in [Place::User, Place::Kernel] {
        compare(attr, place);
        compare(Attr { exclude_callchain_kernel: true, ..attr }, place);
        compare(Attr { exclude_callchain_user: true, ..attr }, place);
    }
}

#[test]
fn deep_stacks_are_cut_the_same() {
    for depth in [3, 50, 125, 126, 127, 128, 200] {
        compare_deep(Attr::default(), depth);
        compare_deep(Attr { callchain: true, ..Attr::default() }, depth);
    }
}

#[test]
fn the_value_of_an_inherited_event_is_refused_the_same() {
    compare(Attr { inherit: true, ..Attr::default() }, Place::User);
}
