//! A ring for each CPU.
//!
//! Each belongs to an anchor: an event that counts nothing and outlives every target. All events of a CPU write into
//! its ring (`PERF_EVENT_IOC_SET_OUTPUT`), however many threads they belong to, so that a CPU's records lie in one
//! ring and memory does not grow with threads.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use skep_abi::Cpu;

use crate::attr;
use crate::error::OpenError;
use crate::notice::Notice;
use crate::options::Options;
use crate::ring::Ring;
use crate::sys::event::{self, Whom};

use super::limits::paranoid;

/// Room for all rings together, unless a size was asked for: skep's whole memory stays under 100 MB.
const BUDGET: usize = 48 << 20;
/// A ring with callchains holds more than a second at 999 Hz.
const CALLCHAIN_RING: usize = 2 << 20;
/// A ring with stack copies of 16 KiB holds 130 ms at 4,000 Hz.
const STACK_RING: usize = 8 << 20;
/// Below this, rings are so small that a user should know.
const SMALL: usize = 256 << 10;

/// One CPU's ring.
#[derive(Debug)]
pub(super) struct CpuRing {
    pub(super) cpu: Cpu,
    anchor: OwnedFd,
    pub(super) ring: Ring,
}

impl CpuRing {
    /// The event that owns the ring: readable when records wait.
    pub(super) fn anchor(&self) -> BorrowedFd<'_> {
        self.anchor.as_fd()
    }
}

/// Opens an anchor on each CPU and maps its ring, as large as wished or as the limits on locked memory allow.
pub(super) fn open(
    cpus: &[Cpu],
    options: &Options,
    notices: &mut Vec<Notice>,
) -> Result<Vec<CpuRing>, OpenError> {
    let mut anchors = Vec::with_capacity(cpus.len());
    for cpu in cpus {
        anchors.push(event::open(&attr::anchor(), Whom::Thread(0), cpu.0 as i32).map_err(refused)?);
    }
    let page = rustix::param::page_size();
    let mut bytes = wish(options, cpus.len()).max(page);
    loop {
        match map_all(&anchors, bytes) {
            Ok(rings) => {
                if bytes < SMALL {
                    notices.push(Notice::SmallRings { bytes });
                }
                let parts = cpus.iter().zip(anchors).zip(rings);
                return Ok(parts
                    .map(|((cpu, anchor), ring)| CpuRing { cpu: *cpu, anchor, ring })
                    .collect());
            }
            Err(error) => match error.raw_os_error() {
                Some(libc::EPERM | libc::ENOMEM) if bytes > page => bytes /= 2,
                _ => return Err(OpenError::Ring { bytes, source: error }),
            },
        }
    }
}

fn map_all(anchors: &[OwnedFd], bytes: usize) -> io::Result<Vec<Ring>> {
    anchors.iter().map(|anchor| Ring::new(anchor.as_fd(), bytes)).collect()
}

fn wish(options: &Options, cpus: usize) -> usize {
    if options.ring_bytes > 0 {
        return options.ring_bytes.checked_next_power_of_two().unwrap_or(BUDGET);
    }
    let wish =
        if options.wanted_fields().user_stack.is_some() { STACK_RING } else { CALLCHAIN_RING };
    let share = BUDGET / cpus.max(1);
    // The largest power of two within the share.
    wish.min(1 << share.max(1).ilog2())
}

/// An anchor counts nothing: when it is refused, perf is.
fn refused(source: io::Error) -> OpenError {
    match source.raw_os_error() {
        Some(libc::EACCES | libc::EPERM | libc::ENOSYS) => {
            OpenError::PerfRefused { source, paranoid: paranoid() }
        }
        Some(libc::EMFILE | libc::ENFILE) => {
            OpenError::System { doing: "opening a perf event for each CPU", source }
        }
        _ => OpenError::System { doing: "opening a perf event", source },
    }
}
