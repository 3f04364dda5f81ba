//! Opens events for each kind of target.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use skep_abi::{Cpu, Pid};

use crate::error::OpenError;
use crate::notice::Notice;
use crate::options::Target;
use crate::proc::{process_of, processes, task, threads_of};
use crate::sys::event::Whom;

use super::cgroup::Cgroup;
use super::limits::raise_open_files;
use super::opener::{Opener, explain};
use super::rings::CpuRing;

/// A session replays recordings without asking perf.
pub(super) const PAST: OpenError =
    OpenError::Nothing { what: "a recording has no events that could be opened" };

/// What the opening of events needs besides the target.
pub(super) struct Opening<'a> {
    pub(super) opener: &'a mut Opener,
    pub(super) rings: &'a [CpuRing],
    /// The CPUs that are sampled; the others' rings only follow.
    pub(super) sampled: &'a BTreeSet<Cpu>,
    pub(super) notices: &'a mut Vec<Notice>,
}

impl Opening<'_> {
    /// Opens an event on every CPU.
    fn everywhere(&mut self, whom: Whom<'_>) -> io::Result<()> {
        // The CPUs that sample come first, so that what works is settled by an event that samples.
        for samples in [true, false] {
            for ring in self.rings {
                if self.sampled.contains(&ring.cpu) == samples {
                    self.opener.open(whom, ring, samples, self.notices)?;
                }
            }
        }
        Ok(())
    }

    /// A child that waits, and all that it will make.
    pub(super) fn command(&mut self, child: Pid, name: &Path) -> Result<(), OpenError> {
        let target = || format!("command `{}`", name.display());
        self.files_for(1)?;
        self.everywhere(Whom::Thread(child.0 as i32))
            .map_err(|error| explain(error, &self.opener.plan.event, target()))
    }

    /// Everything on the sampled CPUs.
    pub(super) fn all(&mut self) -> Result<(), OpenError> {
        self.files_for(1)?;
        self.everywhere(Whom::All)
            .map_err(|error| explain(error, &self.opener.plan.event, "the whole system".into()))
    }

    /// A cgroup's members.
    pub(super) fn cgroup(&mut self, cgroup: &Cgroup) -> Result<(), OpenError> {
        self.files_for(1)?;
        self.everywhere(Whom::Cgroup(cgroup.directory.as_fd()))
            .map_err(|error| explain(error, &self.opener.plan.event, "a cgroup".into()))
    }

    /// A running thread; *Returns* whether it was still there.
    pub(super) fn thread(&mut self, tid: Pid) -> Result<bool, OpenError> {
        match self.everywhere(Whom::Thread(tid.0 as i32)) {
            Ok(()) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            Err(error) => Err(self.explain_thread(error, tid)),
        }
    }

    fn explain_thread(&self, error: io::Error, tid: Pid) -> OpenError {
        let us = rustix::process::geteuid().as_raw();
        let owner = task(tid).ok().and_then(|task| task.uid);
        match (error.raw_os_error(), owner) {
            (Some(libc::EACCES | libc::EPERM), owner) if us != 0 && owner != Some(us) => {
                OpenError::ForeignProcess { pid: process_of(tid).unwrap_or(tid), owner }
            }
            _ => explain(error, &self.opener.plan.event, format!("process {tid}")),
        }
    }

    /// Makes sure that events for so many threads can be open.
    pub(super) fn files_for(&self, threads: usize) -> Result<(), OpenError> {
        let of_thread = self.rings.len().saturating_mul(self.opener.descriptors());
        let needed = threads.saturating_mul(of_thread);
        // Anchors, and what the rest of the program has open.
        let limit = raise_open_files((needed + self.rings.len() + 256) as u64);
        if (needed + self.rings.len()) as u64 >= limit {
            return Err(OpenError::TooManyFiles { needed, limit });
        }
        Ok(())
    }
}

/// Every process that there is, for events on everything.
pub(super) fn all_processes() -> BTreeSet<Pid> {
    processes().unwrap_or_default().into_iter().collect()
}

/// Checks that a target is there, before anything is asked of perf: a name that is wrong stays wrong where perf is
/// refused.
pub(super) fn check(target: &Target) -> Result<(), OpenError> {
    match target {
        Target::Pids(pids) => match pids.iter().find(|pid| threads_of(**pid).is_err()) {
            Some(pid) => Err(OpenError::NoSuchProcess { pid: *pid }),
            None => Ok(()),
        },
        Target::Cgroup(path) => Cgroup::open(path).map(drop),
        Target::Command(_) | Target::All => Ok(()),
        Target::Recording(_) => Err(PAST),
    }
}
