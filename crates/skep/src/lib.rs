//! skep as a library: an eBPF object, a machine to run it on, samples to run it with.

mod error;

pub use error::{Error, ErrorKind};
