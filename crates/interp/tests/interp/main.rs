//! Whole programs on a whole machine: results, traps, frames, and the running kernel's opinion.

mod atomics;
mod bench;
mod calls;
mod frames;
mod insns;
mod kernel;
mod limits;
mod tail_calls;
mod traps;
