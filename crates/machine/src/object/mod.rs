//! Kernel objects, laid out by the profile's BTF: no Rust struct mirrors a kernel struct.
//!
//! A field that nobody writes reads as zero; the first load of each such field is noted by its name.

mod chunks;
mod layout;
mod pool;
mod world;

pub(crate) use chunks::{Chunks, Place};
pub(crate) use layout::{Layout, Unmodelled};
pub(crate) use pool::{CHUNK, ObjectPool, Pool};
pub(crate) use world::World;
