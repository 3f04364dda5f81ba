//! Where samples come from: perf events of running processes, ptrace where perf is refused, or a `perf.data`.
//!
//! A [`Session`] samples one [`Target`] and hands out one stream of [`Record`]s, the same from every source: samples,
//! and before them what they refer to (tasks, mappings).
//!
//! ```no_run
//! use std::time::Duration;
//! use skep_sample::{Options, RecordKind, Session, Target};
//!
//! let mut session = Session::open(&Options::new(Target::Command(vec!["ls".into(), "-R".into()])))?;
//! session.notices().iter().for_each(|notice| eprintln!("{notice}"));
//! session.start()?;
//! loop {
//!     let batch = session.poll(Duration::from_millis(100))?;
//!     for record in &batch.records {
//!         if let RecordKind::Sample(sample) = &record.kind {
//!             let space = session.spaces().at(sample.pid, sample.time);
//!             let mapping = space.and_then(|space| space.mapping_at(sample.ip));
//!             println!("{} {:#x} {:?}", sample.tid, sample.ip, mapping.map(|mapping| &mapping.path));
//!         }
//!     }
//!     if batch.end.is_some() {
//!         break;
//!     }
//! }
//! println!("{:?} {:?}", session.target_status(), session.totals());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rooms: [`event_name`] reads `-e`; `attr` asks the kernel for it; `live` opens events and drains `ring`s, whose bytes
//! [`record`] reads; [`recording`] reads those of a file; `ptrace` is the third source; `proc` reads `/proc`; `session`
//! merges, completes ([`Task`]s, [`Spaces`]) and unwinds ([`unwind`]). Unsafe code lives in `sys` alone.

mod attr;
mod child;
mod clock;
mod convert;
mod error;
pub mod event_name;
mod live;
mod mapped_code;
mod mapped_file;
mod notice;
mod options;
mod proc;
mod ptrace;
pub mod record;
pub mod recording;
mod ring;
pub mod sched;
mod session;
mod space;
mod stream;
mod sys;
mod task;
mod tasks;
pub mod unwind;

pub use error::{Cause, OpenError, SampleError};
pub use mapped_code::MappedCode;
pub use notice::Notice;
pub use options::{Fields, OnOpen, Options, Rate, SourceChoice, Target};
pub use proc::ProcessMemory;
pub use session::{Batch, Session, SourceKind, Totals};
pub use space::Spaces;
pub use stream::{End, Lineage, Record, RecordKind, TargetStatus};
pub use sys::spawn::ChildStdout;
pub use task::{CgroupDir, Comm, CpuMask, Task};
