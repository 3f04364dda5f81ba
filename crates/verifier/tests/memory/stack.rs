//! Pairs of stores and loads of the stack, at all sizes and offsets of two slots.

use skep_abi::ProgType;
use skep_isa::{Insn, assemble};

use crate::judges::{self, Loaded};
use crate::sweep;

const TYPES: [(&str, i32); 4] = [("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8)];

/// What is stored: a zero, a number, an unknown byte, a pointer.
const STORED: [&str; 5] = ["0", "-5", "r6", "r7", "r8"];

/// R6 is an unknown byte, R7 a pointer, R8 an unknown number.
const BEGIN: &str = "r7 = r1\nr6 = *(u64 *)(r1 +0)\nr8 = r6\nr6 &= 255\n";

fn assembled(body: &str) -> Vec<Insn> {
    assemble(&format!("{BEGIN}{body}r0 = 0\nexit")).expect("the test's text is assembled")
}

fn differences(programs: impl Iterator<Item = String>) {
    let loaded = Loaded::plain(ProgType::PerfEvent);
    if judges::running().is_none() || judges::kernel(&loaded, &assembled("")).is_some() {
        skep_skip::skipped!("the running kernel judges no programs here");
        return;
    }
    let mut wrong = Vec::new();
    for body in programs {
        sweep::compare("stack", &loaded, &assembled(&body), &mut wrong);
    }
    sweep::must_be_none(&wrong);
}

#[test]
fn a_store_and_a_load_agree_with_the_kernel() {
    let stores = TYPES.iter().flat_map(|store| (-17..2).map(move |off| (store, off)));
    let programs = stores.flat_map(|((ty, size), off)| {
        STORED.iter().flat_map(move |value| {
            let first = format!("*({ty} *)(r10 {off:+}) = {value}\n");
            TYPES.iter().flat_map(move |(load, load_size)| {
                let first = first.clone();
                // Unaligned accesses are refused alike; a few of them are enough.
                (-16..1).filter(move |at| off % size == 0 && at % load_size == 0).map(move |at| {
                    // Reading through what was loaded makes the kernel say what it is.
                    format!("{first}r3 = *({load} *)(r10 {at:+})\nr4 = *(u8 *)(r3 +0)\n")
                })
            })
        })
    });
    differences(programs);
}

#[test]
fn two_stores_and_a_load_of_one_slot_agree_with_the_kernel() {
    let aligned = |size: i32| (-8..0).filter(move |off| off % size == 0);
    let stores: Vec<String> = TYPES
        .iter()
        .flat_map(|(ty, size)| aligned(*size).map(move |off| (ty, off)))
        .flat_map(|(ty, off)| {
            ["0", "r6", "r7"].map(|value| format!("*({ty} *)(r10 {off:+}) = {value}\n"))
        })
        .collect();
    let mut programs = Vec::new();
    for first in &stores {
        for second in &stores {
            for (ty, off) in [("u8", -8), ("u16", -6), ("u32", -8), ("u32", -4), ("u64", -8)] {
                // The bounds of what was loaded decide whether the access is within the stack.
                programs.push(format!(
                    "{first}{second}r3 = *({ty} *)(r10 {off:+})\nr5 = r10\nr5 += -300\nr5 += r3\n*(u8 *)(r5 +0) = 0\n"
                ));
            }
        }
    }
    differences(programs.into_iter());
}

#[test]
fn accesses_at_unknown_offsets_agree_with_the_kernel() {
    let mut programs = Vec::new();
    for mask in [0, 1, 3, 7, 8, 15, 24, 255] {
        for fixed in [-600, -512, -272, -40, -24, -16, -8, -1, 0] {
            for (ty, _) in TYPES {
                let pointer = format!("r2 = r10\nr6 &= {mask}\nr2 += r6\n");
                let spilled =
                    "*(u64 *)(r10 -8) = r7\n*(u64 *)(r10 -16) = 0\n*(u32 *)(r10 -24) = r8\n";
                let through = "r4 = *(u8 *)(r3 +0)\n";
                programs.push(format!("{spilled}{pointer}r3 = *({ty} *)(r2 {fixed:+})\n{through}"));
                for value in ["0", "r8", "r7"] {
                    let store = format!("{spilled}{pointer}*({ty} *)(r2 {fixed:+}) = {value}\n");
                    programs.push(format!("{store}r3 = *(u64 *)(r10 -8)\n{through}"));
                    programs.push(format!("{store}r3 = *(u64 *)(r10 -16)\n{through}"));
                    programs.push(format!("{store}r3 = *(u32 *)(r10 -24)\n{through}"));
                }
            }
        }
    }
    differences(programs.into_iter());
}

#[test]
fn memory_of_calls_agrees_with_the_kernel() {
    let mut programs = Vec::new();
    // bpf_probe_read_kernel fills memory, bpf_trace_printk reads it.
    for (call, size) in ["call 113", "call 6"].into_iter().flat_map(|call| {
        ["-1", "0", "1", "8", "16", "24", "600", "r6", "r8"].map(|size| (call, size))
    }) {
        for off in [-600, -512, -24, -20, -16, -8, -1, 0] {
            for third in ["r3 = 0\n", "r3 = r7\n"] {
                let body = "*(u64 *)(r10 -8) = r7\n*(u32 *)(r10 -16) = r8\n";
                let args = format!("r1 = r10\nr1 += {off}\nr2 = {size}\n{third}{call}\n");
                programs.push(format!("{body}{args}r3 = *(u64 *)(r10 -8)\nr4 = *(u8 *)(r3 +0)\n"));
                programs.push(format!("{body}{args}r3 = *(u32 *)(r10 -16)\nr4 = *(u8 *)(r3 +0)\n"));
            }
        }
    }
    differences(programs.into_iter());
}
