//! Programs that both engines run on made-up input: `BPF_PROG_TEST_RUN`.

use std::thread;

use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::json;
use skep_abi::{Errno, Pid, ProgType};
use skep_host::TestRun as HostRun;
use skep_isa::opcode;
use skep_machine::{TestRun, TestRunError};
use skep_object::{KernelProfile, MapSpec, Resolved, ResolvedProgram};

use super::compare::{Twisted, compare};
use super::leaves::{Leaves, is_comparable};
use super::twist::{Twist, machine, uninit_stack_byte};
use super::{DiffedProgram, Difference, Skipped, SkippedBy};
use crate::host::load;
use crate::load::{Loaded, needed_maps};
use crate::test_run::Caller;
use crate::{Error, ErrorKind};

/// Bytes of a packet without contents.
const PACKET: usize = 64;
/// Room for packets afterwards.
const ROOM: usize = 1 << 17;

/// Insns that a run on the machine may take.
const BUDGET: u64 = 1 << 28;

/// Calls whose results are numbers that the kernel gave to something else than the task, or a walk of its stack; they may
/// be the same twice, and nothing on the machine has others.
const OF_KERNEL: &[&str] = &[
    "bpf_get_current_cgroup_id",
    "bpf_get_current_ancestor_cgroup_id",
    "bpf_get_socket_cookie",
    "bpf_get_netns_cookie",
    "bpf_get_hash_recalc",
    "bpf_get_stack",
    "bpf_get_stackid",
];

/// What a program is run on.
#[derive(Clone, Debug, Default)]
struct Input {
    data: Vec<u8>,
    ctx: Vec<u8>,
}

/// Whether programs of a type can be run so in both.
pub(super) fn can_drive(prog_type: ProgType) -> bool {
    takes_packet(prog_type) || matches!(prog_type, ProgType::RawTracepoint | ProgType::Syscall)
}

fn takes_packet(prog_type: ProgType) -> bool {
    use ProgType as P;
    matches!(
        prog_type,
        P::SocketFilter
            | P::SchedCls
            | P::SchedAct
            | P::Xdp
            | P::CgroupSkb
            | P::LwtIn
            | P::LwtOut
            | P::LwtXmit
            | P::LwtSeg6local
            | P::FlowDissector
    )
}

/// What came of the runs in one engine.
#[derive(Clone, Debug, Default)]
struct Runs {
    leaves: Leaves,
    /// Those that came to their end.
    ended: u64,
}

/// Runs a program in both, and compares. `context` is the end of the context's bytes that it accesses.
pub(super) fn run(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    context: u32,
    diffed: &mut DiffedProgram,
) {
    let inputs = inputs(program.prog_type, context);
    let in_kernel = || pinned(|| record(resolved, profile, program, &inputs));
    let (first, second) = match in_kernel().and_then(|first| Ok((first, in_kernel()?))) {
        Ok(both) => both,
        Err(error) => {
            diffed.skipped = Some(Skipped::new(SkippedBy::Kernel, error));
            return;
        }
    };
    let on_machine = |twist| replay(resolved, profile, program, &inputs, twist);
    let ours = match on_machine(None) {
        Ok(ours) => ours,
        Err(error) if error.kind == ErrorKind::Program => {
            let (kernel, machine) = (json!("it ran"), json!(error.message));
            diffed.differences.push(Difference { what: "run".to_owned(), kernel, machine });
            return;
        }
        Err(error) => {
            // What the kernel does not run either is nothing that the machine lacks.
            let by = if first.ended == 0 { SkippedBy::Kernel } else { SkippedBy::Machine };
            diffed.skipped = Some(Skipped::new(by, error));
            return;
        }
    };
    let again = Twisted {
        cause: "what the kernel has another of each time",
        before: first.leaves.clone(),
        after: second.leaves,
    };
    let mut twisted = vec![again];
    for twist in Twist::OF_TEST_RUNS {
        // With other numbers a program may do what it did not do before; that tells nothing of the values.
        let Ok(after) = on_machine(Some(twist)) else { continue };
        let (before, after) = (ours.leaves.clone(), after.leaves);
        twisted.push(Twisted { cause: twist.cause(), before, after });
    }
    diffed.runs = first.ended;
    compare(&first.leaves, &ours.leaves, &twisted, diffed);
    let of_kernel = of_kernel(program);
    if !of_kernel.is_empty() {
        let calls = of_kernel.join(", ");
        let unsure = diffed.differences.drain(..);
        let unsure = unsure.map(|one| format!("{}: may depend on {calls}", one.what));
        diffed.excluded.extend(unsure);
    }
    if first.ended == 0 && diffed.is_equal() {
        let why = "both refuse the input";
        diffed.skipped = Some(Skipped::new(SkippedBy::Kernel, why));
    }
}

/// Runs on the first CPU, as the machine does, in a thread of its own.
fn pinned<T: Send>(run: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    let on_first = || {
        let mut first = CpuSet::new();
        first.set(0);
        // Where that is refused, values per CPU tell.
        let _ = sched_setaffinity(None, &first);
        run()
    };
    thread::scope(|scope| {
        let panicked = |_| Err(Error::environment("the thread that runs the program panicked"));
        scope.spawn(on_first).join().unwrap_or_else(panicked)
    })
}

/// A program's input: for those of packets a TCP segment and zeros, for others words of zeros and small numbers.
fn inputs(prog_type: ProgType, context: u32) -> Vec<Input> {
    if takes_packet(prog_type) {
        let packets = [segment(), vec![0; PACKET]];
        return packets.map(|data| Input { data, ctx: Vec::new() }).to_vec();
    }
    let size = context as usize;
    let counted = (0..size).map(|at| if at % 8 == 0 { (at / 8) as u8 + 1 } else { 0 }).collect();
    [vec![0; size], counted].map(|ctx| Input { data: Vec::new(), ctx }).to_vec()
}

/// A TCP segment over IPv4, from port 1000 to port 80, with ten bytes of data.
fn segment() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    frame.extend([0x45, 0, 0, 50, 0, 1, 0, 0, 64, 6, 0xf6, 0x71, 192, 168, 1, 1, 192, 168, 2, 2]);
    frame.extend([3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 32, 0, 0, 0, 0, 0]);
    frame.extend(b"0123456789");
    frame
}

/// What was loaded, if the program is among it.
fn usable(mut loaded: Loaded, program: &ResolvedProgram) -> Result<Loaded, Error> {
    match loaded.unusable.iter().position(|(name, _)| *name == program.name) {
        Some(at) => {
            let why = loaded.unusable.swap_remove(at).1;
            Err(Error { kind: ErrorKind::Unsupported, ..why })
        }
        None => Ok(loaded),
    }
}

/// Runs a program in the kernel, with fresh maps.
fn record(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    inputs: &[Input],
) -> Result<Runs, Error> {
    let loaded = load(resolved, profile, &[program], &mut |_| ())?;
    let live = loaded.program(&program.name).ok_or_else(|| Error::input("it is not loaded"))?;
    let mut runs = Runs::default();
    for (number, input) in inputs.iter().enumerate() {
        let data_out = if input.data.is_empty() { 0 } else { ROOM };
        let run = HostRun { data: &input.data, data_out, ctx: &input.ctx, ..HostRun::default() };
        match live.test_run(&run) {
            Ok(result) => {
                let (data, ctx) = (&result.data, &result.ctx);
                put(&mut runs, program, number, result.retval, data, ctx);
            }
            Err(refused) => put_refusal(&mut runs, number, refused.errno),
        }
    }
    // The machine has no more maps than these.
    let needed =
        place_of(resolved, program).map(|at| needed_maps(resolved, at)).unwrap_or_default();
    let is_needed =
        |spec: &MapSpec| needed.iter().any(|at| std::ptr::eq(&resolved.maps[*at], spec));
    let compared = loaded.maps().filter(|(spec, _)| is_comparable(spec) && is_needed(spec));
    for (spec, map) in compared {
        runs.leaves.map(loaded.btf(), spec, &crate::host::entries(map)?);
    }
    Ok(runs)
}

/// Runs a program on the machine, with fresh maps.
fn replay(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    inputs: &[Input],
    twist: Option<Twist>,
) -> Result<Runs, Error> {
    let machine = machine(profile, twist)?;
    let places: Vec<usize> = place_of(resolved, program).into_iter().collect();
    let loaded = usable(Loaded::only(&machine, resolved, profile, &places)?, program)?;
    loaded.interp.set_budget(BUDGET);
    loaded.interp.set_uninit_stack_byte(uninit_stack_byte(twist));
    let mut caller = Caller::default();
    match twist {
        Some(Twist::Clock) => caller.now += 12_345_678_901,
        Some(Twist::Task) => caller.task = Pid(4242),
        Some(Twist::UserMemory) => caller.memory = Some(0x5a),
        _ => {}
    }
    let mut runs = Runs::default();
    for (number, input) in inputs.iter().enumerate() {
        let mut run = TestRun::new().data(&input.data);
        if !input.ctx.is_empty() {
            run = run.ctx(&input.ctx);
        }
        match loaded.test_run_by(&machine, &program.name, &run, caller)? {
            Ok(result) => {
                let (data, ctx) = (&result.data, &result.ctx);
                put(&mut runs, program, number, result.retval, data, ctx);
            }
            Err(TestRunError::Refused { errno: Errno::ENOTSUPP, why }) => {
                return Err(Error::unsupported(why));
            }
            Err(TestRunError::Refused { errno, .. }) => put_refusal(&mut runs, number, errno),
            Err(TestRunError::Program(why)) => return Err(Error::new(ErrorKind::Program, why)),
            Err(TestRunError::Memory(why)) => return Err(Error::environment(why)),
        }
    }
    for map in loaded.maps.iter().filter(|map| is_comparable(&map.spec)) {
        let Some(side) = machine.user_side(map.id) else { continue };
        runs.leaves.map(loaded.btf.as_ref(), &map.spec, &side.entries());
    }
    Ok(runs)
}

fn place_of(resolved: &Resolved, program: &ResolvedProgram) -> Option<usize> {
    resolved.programs.iter().position(|other| std::ptr::eq(other, program))
}

fn put_refusal(runs: &mut Runs, number: usize, errno: Errno) {
    let refused = "refusal of the input";
    let path = format!("{refused} of run {number}");
    runs.leaves.put(path, refused.to_owned(), json!(errno.to_string()));
}

fn put(
    runs: &mut Runs,
    program: &ResolvedProgram,
    number: usize,
    retval: u32,
    data: &[u8],
    ctx: &[u8],
) {
    runs.ended += 1;
    let mut put = |what: &str, value| {
        runs.leaves.put(format!("{what} of run {number}"), what.to_owned(), value);
    };
    put("return value", json!(retval));
    if takes_packet(program.prog_type) {
        put("packet", skep_btf::hex(data));
    }
    // The others do not give their contexts back.
    if program.prog_type == ProgType::Syscall {
        put("context", skep_btf::hex(ctx));
    }
}

/// The calls of a program that tell numbers which the kernel gave.
fn of_kernel(program: &ResolvedProgram) -> Vec<&'static str> {
    let is_helper = |code: u8, src: u8| code == opcode::JMP | opcode::CALL && src == 0;
    let calls = program.insns.iter().filter(|insn| is_helper(insn.code, insn.src.0));
    let names = calls.filter_map(|insn| skep_calls::helper_name(u32::try_from(insn.imm).ok()?));
    let mut found: Vec<&'static str> =
        names.filter_map(|name| OF_KERNEL.iter().copied().find(|known| *known == name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
