//! A command that skep starts: waits, runs, and is reaped or left alone, but never left stopped or a zombie.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid as RawPid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid,
};
use skep_abi::Pid;

use crate::error::OpenError;
use crate::stream::TargetStatus;
use crate::sys::spawn::{self, ChildStdout, Forked};

/// How long a command that was asked to end is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A command's process.
#[derive(Debug)]
pub(crate) struct Child {
    pid: RawPid,
    command: OsString,
    /// There until the command is let go.
    waiting: Option<Forked>,
    pidfd: Option<OwnedFd>,
    status: Option<TargetStatus>,
}

impl Child {
    /// Forks a process that waits to become the command.
    pub(crate) fn prepare(command: &[OsString], stdout: ChildStdout) -> Result<Self, OpenError> {
        let Some(name) = command.first() else {
            return Err(OpenError::Nothing { what: "no command was given" });
        };
        let failed = |source| OpenError::Command { command: name.clone(), source };
        let forked = spawn::fork(command, stdout).map_err(failed)?;
        let pid =
            RawPid::from_raw(forked.pid).ok_or_else(|| failed(io::ErrorKind::Other.into()))?;
        // Old kernels and some containers have no pidfd; the status is then asked for at each poll.
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok();
        Ok(Self { pid, command: name.clone(), waiting: Some(forked), pidfd, status: None })
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid(self.pid.as_raw_pid() as u32)
    }

    /// Lets the process become the command.
    pub(crate) fn start(&mut self) -> Result<(), OpenError> {
        let Some(forked) = self.waiting.take() else { return Ok(()) };
        forked.start().map_err(|source| {
            self.reap(Duration::from_secs(1));
            OpenError::Command { command: self.command.clone(), source }
        })
    }

    /// Readable once the process has ended.
    pub(crate) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// How the process ended, once it has.
    pub(crate) fn status(&mut self) -> Option<TargetStatus> {
        if self.status.is_none() {
            match waitpid(Some(self.pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => self.status = TargetStatus::from_wait(status.as_raw()),
                // Somebody else in this process reaped it (or ignores SIGCHLD): how it ended is not to be known.
                Err(rustix::io::Errno::CHILD) => self.status = Some(TargetStatus::Exited(0)),
                _ => {}
            }
        }
        self.status
    }

    /// Notes how the process ended: whoever traces it learns that from its own `waitpid(2)`.
    pub(crate) fn ended(&mut self, status: TargetStatus) {
        self.status = Some(status);
    }

    /// Asks the process to end, without waiting.
    pub(crate) fn ask_to_end(&self) {
        // A failure means that it has just ended.
        let _ = kill_process(self.pid, Signal::TERM);
    }

    /// Asks the process to end, and waits a little.
    pub(crate) fn terminate(&mut self) -> TargetStatus {
        if self.status().is_none() {
            drop(self.waiting.take());
            self.ask_to_end();
            self.reap(PATIENCE);
        }
        self.status.unwrap_or(TargetStatus::Running)
    }

    fn reap(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.status().is_none() {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            let step =
                if self.pidfd.is_some() { left } else { left.min(Duration::from_millis(10)) };
            let mut fds: Vec<_> =
                self.pidfd.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
            // Interrupted or timed out: the loop asks again.
            let _ = poll(&mut fds, Timespec::try_from(step).ok().as_ref());
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.status().is_none() {
            if self.waiting.take().is_some() {
                // Its pipe is closed: it exits by itself, at once.
                self.reap(PATIENCE);
            } else {
                self.terminate();
            }
        }
    }
}
