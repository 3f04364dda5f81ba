//! Open files: what a descriptor of the machine stands for.

use std::sync::Arc;

use skep_abi::{Errno, MapId};

use crate::{Link, PerfEvent, Prog};

/// An open file. The file is closed when the last clone of it goes.
#[derive(Clone, Debug)]
pub enum File {
    /// A perf event.
    PerfEvent(Arc<PerfEvent>),
    /// A program.
    Prog(Arc<Prog>),
    /// A link.
    Link(Arc<Link>),
    /// A map.
    Map(MapId),
    /// Any other file, such as a regular one.
    Other,
    /// A number that names no open file.
    Closed,
}

impl File {
    /// The program (`bpf_prog_get`).
    ///
    /// # Errors
    /// `EBADF` when nothing is open, `EINVAL` when it is another file.
    pub fn prog(&self) -> Result<&Arc<Prog>, Errno> {
        match self {
            Self::Prog(prog) => Ok(prog),
            Self::Closed => Err(Errno::EBADF),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The perf event (`perf_event_get`).
    ///
    /// # Errors
    /// `EBADF` when it is another file, or nothing is open.
    pub fn perf_event(&self) -> Result<&Arc<PerfEvent>, Errno> {
        match self {
            Self::PerfEvent(event) => Ok(event),
            _ => Err(Errno::EBADF),
        }
    }

    /// The link (`bpf_link_get_from_fd`).
    ///
    /// # Errors
    /// `EBADF` when nothing is open, `EINVAL` when it is another file.
    pub fn link(&self) -> Result<&Arc<Link>, Errno> {
        match self {
            Self::Link(link) => Ok(link),
            Self::Closed => Err(Errno::EBADF),
            _ => Err(Errno::EINVAL),
        }
    }
}

impl From<&Arc<PerfEvent>> for File {
    fn from(event: &Arc<PerfEvent>) -> Self {
        Self::PerfEvent(Arc::clone(event))
    }
}

impl From<&Arc<Prog>> for File {
    fn from(prog: &Arc<Prog>) -> Self {
        Self::Prog(Arc::clone(prog))
    }
}

impl From<&Arc<Link>> for File {
    fn from(link: &Arc<Link>) -> Self {
        Self::Link(Arc::clone(link))
    }
}
