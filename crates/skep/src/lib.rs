//! skep as a library: an eBPF object, a machine to run it on, samples to run it with.

pub mod check;
pub mod contents;
mod error;
pub mod load;
pub mod profile;
pub mod profiler;
pub mod run;
pub mod session;
mod test_run;

pub use error::{Error, ErrorKind};
pub use skep_machine as machine;
pub use skep_report as report;
pub use skep_sample as sample;
