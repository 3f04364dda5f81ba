//! Ring buffers, written by programs and read by user space.

use std::os::fd::AsRawFd;

use skep_abi::{Errno, MapType};
use skep_machine::MapDef;

use crate::asm::{EXIT, call, insn, jump_null, load, map, mov, mov_reg, store};
use crate::bpf::{KernelMap, KernelProgram, Pages};
use crate::progs::SYSCALL;
use crate::rng::Rng;
use crate::setup;

const OUTPUT: i32 = 130;
const RESERVE: i32 = 131;
const SUBMIT: i32 = 132;
const DISCARD: i32 = 133;
const QUERY: i32 = 134;

/// Bytes of the largest record that a program copies into the ring.
const MAX: usize = 256;

/// Where the context has what: flags, result, size, then the answers to queries 0 to 4.
const QUERIES: usize = 5;
const CTX_WORDS: usize = 3 + QUERIES;

/// After R0, the result is stored and the ring is asked about itself.
fn end(fd: i32) -> Vec<u64> {
    let mut insns = vec![store(6, 8, 0)];
    for what in 0..QUERIES as i32 {
        insns.extend(map(1, fd));
        insns.extend([mov(2, what), call(QUERY), store(6, 24 + 8 * what as i16, 0)]);
    }
    insns.extend([mov(0, 0), EXIT]);
    insns
}

/// Copies `size` bytes of the stack, all of which are the size, into the ring.
fn output(fd: i32) -> Vec<u64> {
    let mut insns = vec![mov_reg(6, 1), load(3, 6, 16)];
    // r3 is at most MAX - 1.
    insns.push(insn(0x57, 3, 0, 0, MAX as i32 - 1));
    // r1 = the size in each byte.
    insns.extend([mov_reg(1, 3)]);
    for shift in [8, 16, 32] {
        insns.extend([mov_reg(2, 1), insn(0x67, 2, 0, 0, shift), insn(0x4f, 1, 2, 0, 0)]);
    }
    insns.extend((1..=MAX / 8).map(|word| store(10, -8 * word as i16, 1)));
    insns.extend([mov_reg(2, 10), insn(0x07, 2, 0, 0, -(MAX as i32)), load(4, 6, 0)]);
    insns.extend(map(1, fd));
    insns.push(call(OUTPUT));
    insns.extend(end(fd));
    insns
}

/// Reserves a record, and gives it up in one way or the other.
fn reserve(fd: i32, size: i32, helper: i32) -> Vec<u64> {
    let mut insns = vec![mov_reg(6, 1)];
    insns.extend(map(1, fd));
    insns.extend([mov(2, size), load(3, 6, 0), call(RESERVE), mov(7, 0)]);
    let found = [insn(0x72, 0, 0, 0, 0x5a), mov(7, 1), mov_reg(1, 0), mov(2, 0), call(helper)];
    insns.push(jump_null(0, found.len() as i16));
    insns.extend(found);
    insns.push(mov_reg(0, 7));
    insns.extend(end(fd));
    insns
}

#[test]
fn a_ring_buffer_does_as_the_kernels() {
    let Some(machine) = setup() else { return };
    const SIZE: u32 = 4096;
    let def = MapDef::new("ring", MapType::Ringbuf, 0, 0, SIZE);
    let kernel = KernelMap::create(&def, None, machine.nr_cpu_ids()).unwrap();
    let fd = kernel.fd.as_raw_fd();
    let sizes = [1, 8, 13, 1000, 4072, 4080, 4088, 5000];
    let plans: Vec<(i32, i32)> =
        sizes.iter().flat_map(|size| [(*size, SUBMIT), (*size, DISCARD)]).collect();
    let load = |insns: &[u64]| KernelProgram::load(SYSCALL.0, SYSCALL.1, insns).ok();
    let reserves: Option<Vec<_>> =
        plans.iter().map(|(size, how)| load(&reserve(fd, *size, *how))).collect();
    let (Some(output), Some(reserves)) = (load(&output(fd)), reserves) else {
        skep_skip::skipped!("the kernel refuses to load programs");
        return;
    };
    let pages = Pages::map(&kernel, SIZE as usize).unwrap();
    let ring = machine.map(machine.create_map(def).unwrap()).unwrap().ringbuf().unwrap();
    let mut rng = Rng(3);
    for step in 0..20_000 {
        let mut ctx = [0; CTX_WORDS];
        ctx[0] = rng.one_of(&[0, 0, 0, 0, 0, 1, 2, 3, 4, 1 << 33]);
        ctx[2] = rng.below(MAX as u64);
        match rng.below(8) {
            0 => {
                let bytes = |records: Vec<Vec<u8>>| records;
                let (kernel, ours) = (bytes(pages.consume()), bytes(ring.consume()));
                let sizes = |records: &[Vec<u8>]| records.iter().map(Vec::len).collect::<Vec<_>>();
                assert_eq!(sizes(&ours), sizes(&kernel), "step {step}");
                // Bytes that a program reserved and did not write are whatever was there.
                for (ours, kernel) in ours.iter().zip(&kernel) {
                    assert_eq!(ours.first(), kernel.first(), "step {step}");
                    if ours.len() < MAX && ours.first() != Some(&0x5a) {
                        assert_eq!(ours, kernel, "step {step}");
                    }
                }
            }
            1..4 => {
                let which = rng.below(plans.len() as u64) as usize;
                let (size, how) = plans[which];
                reserves[which].run(&mut ctx).unwrap();
                let record = ring.reserve(size as u64, ctx[0]);
                if let Some(record) = record {
                    machine.memory().write(record, &[0x5a]).unwrap();
                    let past = record.offset(size.into());
                    assert!(
                        machine.memory().write(past, &[1]).is_err(),
                        "a record ends at its size"
                    );
                    ring.commit(record, 0, how == DISCARD).unwrap();
                    assert!(
                        machine.memory().write(record, &[1]).is_err(),
                        "a record ends with its commit"
                    );
                    assert!(ring.commit(record, 0, false).is_err(), "a record is committed once");
                }
                assert_eq!(u64::from(record.is_some()), ctx[1], "step {step}: reserve {size}");
            }
            _ => {
                output.run(&mut ctx).unwrap();
                let size = ctx[2];
                let result = ring.output(&vec![size as u8; size as usize], ctx[0]);
                let result = result.map_or_else(Errno::to_reg, |()| 0);
                assert_eq!(result, ctx[1], "step {step}: output {size} with flags {:#x}", ctx[0]);
            }
        }
        if ctx[3..] != [0; QUERIES] {
            let queries: Vec<u64> = (0..QUERIES as u64).map(|what| ring.query(what)).collect();
            assert_eq!(queries, ctx[3..], "step {step}: queries");
        }
    }
}
