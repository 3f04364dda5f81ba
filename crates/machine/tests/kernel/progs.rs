//! Operations by programs: of type SYSCALL, run once for each operation on this CPU.

use std::os::fd::AsRawFd;

use skep_abi::{Addr, Cpu, Errno, MapType};
use skep_machine::map::MapFlags;
use skep_machine::{Machine, Map, MapDef};

use crate::asm::{EXIT, add, call, jump_null, load, map, mov, mov_reg, store};
use crate::bpf::{KernelMap, KernelProgram, allowed, pin};
use crate::rng::Rng;
use crate::setup;

/// `BPF_PROG_TYPE_SYSCALL` and `BPF_F_SLEEPABLE`, which it needs.
pub(crate) const SYSCALL: (u32, u32) = (31, 1 << 4);

const LOOKUP: i32 = 1;
const UPDATE: i32 = 2;
const DELETE: i32 = 3;

/// Words of a value.
const WORDS: usize = 3;
/// Where the context has what.
const FLAGS: i16 = 0;
const RESULT: i16 = 8;
const KEY: i16 = 16;
const OTHER_KEY: i16 = 24;
const VALUE: i16 = 32;
const CTX_WORDS: usize = 4 + WORDS;
/// Where on the stack keys and the value go.
const STACK_KEY: i16 = -8;
const STACK_VALUE: i16 = -32;

/// Copies a key from the context to the stack.
fn take_key(from: i16) -> Vec<u64> {
    vec![load(1, 6, from), store(10, STACK_KEY, 1)]
}

fn take_value() -> Vec<u64> {
    let word = |n: usize| 8 * n as i16;
    (0..WORDS)
        .flat_map(|n| [load(1, 6, VALUE + word(n)), store(10, STACK_VALUE + word(n), 1)])
        .collect()
}

fn call_with(fd: i32, helper: i32) -> Vec<u64> {
    let mut insns = map(1, fd).to_vec();
    insns.extend([mov_reg(2, 10), add(2, STACK_KEY.into())]);
    if helper == UPDATE {
        insns.extend([mov_reg(3, 10), add(3, STACK_VALUE.into()), load(4, 6, FLAGS)]);
    }
    insns.push(call(helper));
    insns
}

/// Copies the value at R7 into the context.
fn give_value() -> Vec<u64> {
    let word = |n: usize| 8 * n as i16;
    (0..WORDS).flat_map(|n| [load(1, 7, word(n)), store(6, VALUE + word(n), 1)]).collect()
}

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Update,
    Delete,
    /// Looks up and copies the value.
    Lookup,
    /// Looks up, updates so many times, and copies the value that it had looked up.
    Hold(u8),
    /// Looks up, deletes, inserts another key, and copies the value that it had looked up.
    Reuse,
    /// Looks up and writes the first word through the pointer.
    Poke,
}

const OPS: [Op; 7] =
    [Op::Update, Op::Delete, Op::Lookup, Op::Hold(1), Op::Hold(2), Op::Reuse, Op::Poke];

fn program(op: Op, fd: i32) -> Vec<u64> {
    let mut insns = vec![mov_reg(6, 1)];
    insns.extend(take_key(KEY));
    insns.extend(take_value());
    match op {
        Op::Update => insns.extend(call_with(fd, UPDATE)),
        Op::Delete => insns.extend(call_with(fd, DELETE)),
        _ => {
            insns.extend(call_with(fd, LOOKUP));
            let mut found = vec![mov_reg(7, 0), mov(8, 1)];
            match op {
                Op::Hold(times) => (0..times).for_each(|_| found.extend(call_with(fd, UPDATE))),
                Op::Reuse => {
                    found.extend(call_with(fd, DELETE));
                    found.extend(take_key(OTHER_KEY));
                    found.extend(call_with(fd, UPDATE));
                }
                Op::Poke => found.extend([load(1, 6, VALUE), store(7, 0, 1)]),
                _ => {}
            }
            found.extend(give_value());
            insns.push(mov(8, 0));
            insns.push(jump_null(0, found.len() as i16));
            insns.extend(found);
            insns.push(mov_reg(0, 8));
        }
    }
    insns.extend([store(6, RESULT, 0), mov(0, 0), EXIT]);
    insns
}

/// What a program leaves: its result, and the value it copied.
type Outcome = (u64, [u64; WORDS]);

fn errno(answer: Result<(), Errno>) -> u64 {
    answer.map_or_else(Errno::to_reg, |()| 0)
}

/// The same on the machine.
fn simulate(machine: &Machine, map: &Map, op: Op, ctx: &[u64], cpu: Cpu) -> Outcome {
    let mut value: [u64; WORDS] = ctx[4..].try_into().unwrap();
    let key = (ctx[2] as u32).to_le_bytes();
    let other = (ctx[3] as u32).to_le_bytes();
    let bytes = value.map(u64::to_le_bytes).concat();
    let update = |key: &[u8]| map.update(cpu, key, &bytes, ctx[0]);
    let read = |from: Addr| {
        let mut bytes = [0; 8 * WORDS];
        machine.memory().read(from, &mut bytes).unwrap();
        let word = |n: usize| u64::from_le_bytes(bytes[8 * n..8 * n + 8].try_into().unwrap());
        [word(0), word(1), word(2)]
    };
    let result = match op {
        Op::Update => errno(update(&key)),
        Op::Delete => errno(map.delete(cpu, &key)),
        _ => match map.lookup(cpu, &key) {
            None => 0,
            Some(held) => {
                match op {
                    Op::Hold(times) => (0..times).for_each(|_| {
                        let _ = update(&key);
                    }),
                    Op::Reuse => {
                        let _ = map.delete(cpu, &key);
                        let _ = update(&other);
                    }
                    Op::Poke => {
                        machine.memory().write(held, &value[0].to_le_bytes()).unwrap();
                    }
                    _ => {}
                }
                value = read(held);
                1
            }
        },
    };
    (result, value)
}

fn random_ops(kind: MapType, max_entries: u32, keys: u64, flags: MapFlags, ops: &[Op]) {
    let Some(machine) = setup() else { return };
    let def = MapDef::new("progs", kind, 4, 8 * WORDS as u32, max_entries).with_flags(flags);
    let kernel = KernelMap::create(&def, None, machine.nr_cpu_ids()).unwrap();
    let load = |op: &Op| {
        let insns = program(*op, kernel.fd.as_raw_fd());
        KernelProgram::load(SYSCALL.0, SYSCALL.1, &insns).ok().map(|program| (*op, program))
    };
    let Some(programs) = ops.iter().map(load).collect::<Option<Vec<_>>>() else {
        skep_skip::skipped!("the kernel refuses to load programs");
        return;
    };
    let id = machine.create_map(def).unwrap();
    let (map, user) = (machine.map(id).unwrap(), machine.user_side(id).unwrap());
    let cpus = allowed();
    for seed in 0..4 {
        let mut rng = Rng(seed);
        for step in 0..3000 {
            if step % 100 == 0 {
                pin(rng.one_of(&cpus));
            }
            let cpu = current_cpu();
            let (op, program) = &programs[rng.below(programs.len() as u64) as usize];
            let mut ctx = [0; CTX_WORDS];
            ctx[0] = rng.one_of(&[0, 0, 0, 1, 2, 3, 4, 1 << 40]);
            ctx[2] = rng.below(keys);
            ctx[3] = rng.below(keys);
            ctx[4..].fill_with(|| rng.next());
            let we_say = simulate(&machine, map, *op, &ctx, cpu);
            let asked = ctx;
            program.run(&mut ctx).unwrap();
            let kernel_says = (ctx[1], ctx[4..].try_into().unwrap());
            assert_eq!(
                we_say, kernel_says,
                "{kind:?}, step {step}: {op:?} of {asked:x?} on CPU {cpu}"
            );
        }
        for key in 0..keys as u32 {
            let key = key.to_le_bytes();
            let we_say = user.lookup(&key, 0).map_err(|errno| i32::from(errno.0));
            assert_eq!(we_say, kernel.lookup(&key, 0), "{kind:?}: key {key:?}");
        }
    }
}

/// The CPU to which this thread is pinned.
#[expect(unsafe_code, reason = "a system call")]
pub(crate) fn current_cpu() -> Cpu {
    // SAFETY: it takes nothing and changes nothing.
    Cpu(unsafe { libc::sched_getcpu() }.cast_unsigned())
}

#[test]
fn programs_see_arrays_as_in_the_kernel() {
    random_ops(MapType::Array, 8, 10, MapFlags::empty(), &OPS);
    random_ops(MapType::PercpuArray, 8, 10, MapFlags::empty(), &OPS);
}

#[test]
fn programs_see_hashes_as_in_the_kernel() {
    random_ops(MapType::Hash, 8, 14, MapFlags::empty(), &OPS);
    random_ops(MapType::Hash, 100, 60, MapFlags::empty(), &OPS);
    random_ops(MapType::PercpuHash, 8, 14, MapFlags::empty(), &OPS);
}

#[test]
fn programs_see_hashes_without_preallocation_as_in_the_kernel() {
    random_ops(MapType::Hash, 8, 14, MapFlags::NO_PREALLOC, &OPS);
    // Which memory a new element's values get there depends on when the allocator refills itself.
    let ops = [Op::Update, Op::Delete, Op::Lookup, Op::Hold(1), Op::Poke];
    random_ops(MapType::PercpuHash, 8, 14, MapFlags::NO_PREALLOC, &ops);
}

#[test]
fn programs_see_lru_hashes_with_room_as_in_the_kernel() {
    let ops = [Op::Update, Op::Delete, Op::Lookup, Op::Hold(1), Op::Poke];
    random_ops(MapType::LruHash, 1000, 30, MapFlags::empty(), &ops);
    random_ops(MapType::LruPercpuHash, 1000, 30, MapFlags::empty(), &ops);
}
