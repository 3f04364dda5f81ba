//! Whole programs on a whole machine: results, traps, frames, and the running kernel's opinion.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod atomics;
mod bench;
mod btf_ptr;
mod calls;
mod frames;
mod insns;
mod kernel;
mod limits;
mod obj;
mod packets;
mod rcu;
mod refs;
mod tail_calls;
mod traps;
