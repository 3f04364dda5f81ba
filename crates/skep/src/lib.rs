//! skep as a library: an eBPF object, a machine to run it on, samples to run it with.
//!
//! ```
//! use skep::machine::perf::{Fired, Rate, Target};
//! use skep::machine::{PerfEventAttr, Task};
//! use skep::{Cpu, Machine, Object, Pid, Sample};
//!
//! # fn main() -> Result<(), skep::Error> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs/ips.bpf.o");
//! let object = Object::open(path)?;
//! let machine = Machine::builder().cpus(64).build()?;
//! machine.tasks().insert(Task::new(Pid(7), Pid(7), "bee"));
//!
//! // What a loader does on the kernel: load, open an event, attach.
//! let loaded = machine.load(&object)?;
//! let attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
//! let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(17))?;
//! let link = loaded.program("count_ip")?.attach_perf_event(&event).cookie(7).link()?;
//!
//! // Each overflow runs the program, whose maps can be read as user space reads them.
//! let sample = Sample::new(Pid(7), Pid(7)).ip(0x40_11d0);
//! assert_eq!(event.fire(&sample)?, Fired::Discarded, "the program returns 0");
//! event.fire(&sample)?;
//! assert_eq!(loaded.map("ip_map")?.get::<u64, u32>(&0x40_11d0)?, Some(2));
//!
//! // The link holds program and event; closing it detaches.
//! drop(link);
//! assert_eq!(event.fire(&sample)?, Fired::Delivered);
//! assert_eq!(loaded.map("ip_map")?.get::<u64, u32>(&0x40_11d0)?, Some(2));
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod contents;
mod error;
mod live;
pub mod load;
pub mod profile;
pub mod profiler;
pub mod run;
pub mod session;
mod test_run;

pub use error::{Error, ErrorKind};
pub use live::{
    Attach, LoadedObject, Machine, MachineBuilder, MapHandle, Object, PerfEvent, ProgramHandle,
};
pub use skep_abi::{Cpu, Pid, Sample};
pub use skep_machine as machine;
pub use skep_report as report;
pub use skep_sample as sample;
