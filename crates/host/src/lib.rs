//! The real kernel: what `bpf(2)` makes of an object that was resolved against the running kernel.
//!
//! [`HostObject`] creates an object's maps as libbpf would, and [`HostObject::judge`] asks the kernel's verifier
//! about its programs one by one, as veristat would: nothing is attached, and no program stays loaded. [`Program`]
//! is the same for insns that come from nowhere else, such as generated ones.

mod btf;
mod error;
mod log;
mod map;
mod object;
mod program;
mod sys;

pub use error::HostError;
pub use log::{Stats, Verdict, message_before_stats};
pub use map::{Map, MapAttr};
pub use object::HostObject;
pub use program::{LogBuffer, LogLevel, Program};
pub use sys::possible_cpus;

pub use btf::{KernelBtf, load as load_btf};
