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
//!
//! Machines that nobody here owns run the same object. This one asks the masks of idle CPUs, which the kernel keeps while
//! a sched_ext scheduler is loaded, whether the sibling of the sampled CPU was busy:
//!
//! ```
//! use skep::machine::PerfEventAttr;
//! use skep::machine::perf::{Rate, Target};
//! use skep::machine::scx::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
//! use skep::{Cpu, Machine, Object, Pid, Sample};
//! use skep_topology::Topology;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs/smt.bpf.o");
//! let object = Object::open(path)?;
//! let small = Topology::new().cores_per_node(32);
//! let large = Topology::new().nodes(4).cores_per_node(16).smt(2);
//! let holey = Topology::new().nodes(3).cores_per_node(16).smt(2).offline_nodes([2]);
//! // Samples of CPU 17's node: without a sibling, sibling idle, sibling busy, not known; of the busy ones, those
//! // during which a whole core of the node was free.
//! let (none, both) = ([2, 0, 0, 0, 0], [0, 1, 1, 0, 1]);
//! for (topology, node, shares) in [(small, 0, none), (large, 1, both), (holey, 1, both)] {
//!     let topology = topology.build()?;
//!     let kernel = skep_abi::KernelVersion::new(6, 19);
//!     let machine = Machine::builder().kernel(kernel).with(|on| on.topology(topology.clone())).build()?;
//!     let ops = SchedExtOps::new("builtin").flags(OPS_BUILTIN_IDLE_PER_NODE);
//!     machine.sched_ext().enable(ops)?;
//!
//!     // What user space fills in: all CPUs count, idle ones are known, and who the sibling of CPU 17 is.
//!     let loaded = machine.load(&object)?;
//!     loaded.map("wanted")?.side().update(&[0; 4], &[0xff; 2048], 0)?;
//!     let sibling = topology.siblings(Cpu(17)).iter().copied().find(|cpu| *cpu != Cpu(17));
//!     let mut core = [0; 32];
//!     if let Some(Cpu(sibling)) = sibling {
//!         core[0] = 1;
//!         core[4..8].copy_from_slice(&sibling.to_le_bytes());
//!     }
//!     loaded.map("cores")?.side().update(&17_u32.to_le_bytes(), &core, 0)?;
//!
//!     let attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
//!     let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(17))?;
//!     let _link = loaded.program("smt")?.attach_perf_event(&event).link()?;
//!     let sample = Sample::new(Pid(7), Pid(7));
//!     machine.switch_to(Cpu(17), Pid(7));
//!     event.fire(&sample)?;
//!     // Thread 8 comes to the sibling: the next sample is taken beside it.
//!     sibling.into_iter().for_each(|cpu| machine.switch_to(cpu, Pid(8)));
//!     event.fire(&sample)?;
//!     assert_eq!(loaded.map("nodes")?.get::<u32, [u64; 5]>(&node)?, Some(shares));
//! }
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod contents;
pub mod diff;
mod error;
pub mod host;
mod live;
pub mod load;
pub mod profile;
pub mod profiler;
pub mod run;
pub mod session;
mod test_run;
pub mod topology;

pub use error::{Error, ErrorKind};
pub use live::{
    Attach, LoadedObject, Machine, MachineBuilder, MapHandle, Object, PerfEvent, ProgramHandle,
};
pub use skep_abi::{Cpu, Pid, Sample};
pub use skep_machine as machine;
pub use skep_report as report;
pub use skep_sample as sample;
