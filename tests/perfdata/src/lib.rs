//! `perf.data` files made for tests: every byte of them is known.
//!
//! ```
//! use skep_perfdata::{CPU_CLOCK, Recorded, sample};
//!
//! let mut made = Recorded::new();
//! made.event(CPU_CLOCK.ids(&[7])).record(&sample(7, 1_000).cpu(3).task(42).ip(0x401000));
//! assert!(made.file().starts_with(b"PERFILE2"));
//! ```

mod event;
mod feature;
mod file;
mod record;

pub use event::{CPU_CLOCK, DUMMY, Event, SCHED_SWITCH};
pub use feature::{Node, cpus, numa, release, strings, text};
pub use file::Recorded;
pub use record::{Record, comm, fork, mmap, present, raw, sample, sched_switch, switch};

/// `PERF_RECORD_FINISHED_ROUND`.
pub const ROUND: u32 = 68;

fn word(bytes: &mut Vec<u8>, word: u64) {
    bytes.extend(word.to_le_bytes());
}

fn half(bytes: &mut Vec<u8>, half: u32) {
    bytes.extend(half.to_le_bytes());
}
