//! The running kernel as the engine: an object loaded there, attached to the events that a source opens, and read.
//!
//! Everything is held by descriptors of this process: however it ends, nothing is left behind.

mod attach;
mod follow;
mod load;
mod output;

pub(crate) use attach::Attachments;
pub(crate) use follow::Follower;
pub(crate) use load::entries;
pub use load::{Loaded, load};
pub(crate) use output::Outputs;

use crate::{Error, ErrorKind};

/// Adds to a refusal of the kernel that the other engine may do.
#[must_use]
pub fn or_on_the_machine(mut error: Error) -> Error {
    if error.kind == ErrorKind::Environment {
        let other = "`--engine machine` runs the same in user space and needs no privilege";
        error.hint = Some(match error.hint {
            Some(hint) => format!("{hint}; {other}"),
            None => other.to_owned(),
        });
    }
    error
}
