//! The machine as a library's user has it: load, open, attach, fire, read.

mod event;
mod loaded;
mod machine;
mod map;
mod object;
mod program;
#[cfg(test)]
mod tests;

pub use event::PerfEvent;
pub use loaded::LoadedObject;
pub use machine::{Machine, MachineBuilder};
pub use map::MapHandle;
pub use object::Object;
pub use program::{Attach, ProgramHandle};
