//! `perf.data` files for tests: made byte by byte, or by perf.
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
mod perf;
mod record;

pub use event::{CPU_CLOCK, DUMMY, Event, SCHED_SWITCH};
pub use feature::{Node, cpus, numa, release, strings, text};
pub use file::Recorded;
pub use perf::perf_record;
pub use record::{Record, comm, fork, mmap, present, raw, sample, sched_switch, switch};

/// `PERF_RECORD_FINISHED_ROUND`.
pub const ROUND: u32 = 68;

fn word(bytes: &mut Vec<u8>, word: u64) {
    bytes.extend(word.to_le_bytes());
}

fn half(bytes: &mut Vec<u8>, half: u32) {
    bytes.extend(half.to_le_bytes());
}
