//! Programs that both engines run on made-up input: `BPF_PROG_TEST_RUN`.

use std::thread;

use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::json;
use skep_abi::ProgType;
use skep_host::TestRun as HostRun;
use skep_isa::opcode;
use skep_machine::TestRun;
use skep_object::{KernelProfile, Resolved, ResolvedProgram};

use super::compare::{Twisted, compare};
use super::leaves::{Leaves, is_comparable};
use super::twist::{Twist, machine};
use super::{DiffedProgram, Difference};
use crate::host::load;
use crate::load::Loaded;
use crate::{Error, ErrorKind};

/// Bytes of a packet without contents.
const PACKET: usize = 64;
/// Room for packets afterwards.
const ROOM: usize = 1 << 17;

/// Calls whose results are those of the process that runs the test, so that they may be the same twice.
const OF_CALLER: &[&str] = &[
    "bpf_get_current_pid_tgid",
    "bpf_get_current_uid_gid",
    "bpf_get_current_comm",
    "bpf_get_current_cgroup_id",
    "bpf_get_current_task",
    "bpf_get_current_task_btf",
    "bpf_get_socket_cookie",
    "bpf_get_netns_cookie",
    "bpf_get_hash_recalc",
    "bpf_get_stack",
    "bpf_get_stackid",
    "bpf_ktime_get_coarse_ns",
    "bpf_jiffies64",
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
    matches!(prog_type, P::SocketFilter | P::SchedCls | P::SchedAct | P::Xdp)
}

/// Runs a program in both, and compares.
pub(super) fn run(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    diffed: &mut DiffedProgram,
) -> Result<(), Error> {
    let place = resolved.programs.iter().position(|other| std::ptr::eq(other, program));
    let on_machine =
        |inputs: &[Input], twist| replay(resolved, profile, program, place, inputs, twist);
    let inputs = match context_size(resolved, profile, program, place) {
        Ok(size) => inputs(program.prog_type, size),
        Err(error) => return skip(diffed, &error),
    };
    let in_kernel = || pinned(|| record(resolved, profile, program, &inputs));
    let (first, second) = match in_kernel().and_then(|first| Ok((first, in_kernel()?))) {
        Ok(both) => both,
        Err(error) => return skip(diffed, &error),
    };
    let ours = match on_machine(&inputs, None) {
        Ok(ours) => ours,
        Err(error) if error.kind == ErrorKind::Program => {
            let (kernel, machine) = (json!("it ran"), json!(error.message));
            diffed.differences.push(Difference { what: "run".to_owned(), kernel, machine });
            return Ok(());
        }
        Err(error) => return skip(diffed, &error),
    };
    let again = Twisted {
        cause: "what the kernel has another of each time",
        before: first.clone(),
        after: second,
    };
    let mut twisted = vec![again];
    for twist in [Twist::Random, Twist::Addresses] {
        let after = on_machine(&inputs, Some(twist))?;
        twisted.push(Twisted { cause: twist.cause(), before: ours.clone(), after });
    }
    diffed.runs = inputs.len() as u64;
    compare(&first, &ours, &twisted, diffed);
    let of_caller = of_caller(program);
    if !of_caller.is_empty() {
        let calls = of_caller.join(", ");
        let unsure = diffed.differences.drain(..);
        let unsure = unsure.map(|one| format!("{}: may depend on {calls}", one.what));
        diffed.excluded.extend(unsure);
    }
    Ok(())
}

fn skip(diffed: &mut DiffedProgram, why: &Error) -> Result<(), Error> {
    diffed.skipped = Some(why.to_string());
    Ok(())
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

fn context_size(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    place: Option<usize>,
) -> Result<u32, Error> {
    let machine = machine(profile, None)?;
    let places: Vec<usize> = place.into_iter().collect();
    let loaded = usable(Loaded::only(&machine, resolved, profile, &places)?, program)?;
    Ok(loaded.max_ctx_offset(&program.name).unwrap_or(0))
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
) -> Result<Leaves, Error> {
    let loaded = load(resolved, profile, &[program], &mut |_| ())?;
    let live = loaded.program(&program.name).ok_or_else(|| Error::input("it is not loaded"))?;
    let mut leaves = Leaves::default();
    for (number, input) in inputs.iter().enumerate() {
        let data_out = if input.data.is_empty() { 0 } else { ROOM };
        let run = HostRun { data: &input.data, data_out, ctx: &input.ctx, ..HostRun::default() };
        let result = live.test_run(&run)?;
        put(&mut leaves, program, number, result.retval, &result.data, &result.ctx);
    }
    for (spec, map) in loaded.maps().filter(|(spec, _)| is_comparable(spec)) {
        leaves.map(loaded.btf(), spec, &crate::host::entries(map)?);
    }
    Ok(leaves)
}

/// Runs a program on the machine, with fresh maps.
fn replay(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    place: Option<usize>,
    inputs: &[Input],
    twist: Option<Twist>,
) -> Result<Leaves, Error> {
    let machine = machine(profile, twist)?;
    let places: Vec<usize> = place.into_iter().collect();
    let loaded = usable(Loaded::only(&machine, resolved, profile, &places)?, program)?;
    let mut leaves = Leaves::default();
    for (number, input) in inputs.iter().enumerate() {
        let mut run = TestRun::new().data(&input.data);
        if !input.ctx.is_empty() {
            run = run.ctx(&input.ctx);
        }
        let result = loaded.test_run(&machine, &program.name, &run)?;
        put(&mut leaves, program, number, result.retval, &result.data, &result.ctx);
    }
    for map in loaded.maps.iter().filter(|map| is_comparable(&map.spec)) {
        let Some(side) = machine.user_side(map.id) else { continue };
        leaves.map(loaded.btf.as_ref(), &map.spec, &side.entries());
    }
    Ok(leaves)
}

fn put(
    leaves: &mut Leaves,
    program: &ResolvedProgram,
    number: usize,
    retval: u32,
    data: &[u8],
    ctx: &[u8],
) {
    let mut put = |what: &str, value| {
        leaves.put(format!("{what} of run {number}"), what.to_owned(), value);
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

/// The calls of a program that tell of the process that runs it.
fn of_caller(program: &ResolvedProgram) -> Vec<&'static str> {
    let is_helper = |code: u8, src: u8| code == opcode::JMP | opcode::CALL && src == 0;
    let calls = program.insns.iter().filter(|insn| is_helper(insn.code, insn.src.0));
    let names = calls.filter_map(|insn| skep_calls::helper_name(u32::try_from(insn.imm).ok()?));
    let mut found: Vec<&'static str> =
        names.filter_map(|name| OF_CALLER.iter().copied().find(|known| *known == name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
