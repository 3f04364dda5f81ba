//! A session: samples of real processes drive the programs of an object on a machine.
//!
//! Records arrive in the order of time. Those about tasks and mappings change what calls will answer; each sample runs
//! the programs that are attached to its events, as of the moment at which it was taken.

mod attach;
mod cpus;
mod driver;
mod ground;
mod host;
mod seen;
mod tasks;
mod user_memory;
mod watch;

pub(crate) use attach::PASSED;
pub use attach::{EventPlan, Method};
pub use driver::{Driver, ProgramCounts};
pub use ground::Ground;
pub(crate) use host::machine_like_host_seeded;
pub use host::{machine_like_host, machine_on};
pub use seen::Seen;
pub(crate) use tasks::follow as follow_tasks;
pub(crate) use user_memory::Processes;
pub(crate) use watch::open_with;
pub use watch::{Watched, open, open_recording, refused, watch};
