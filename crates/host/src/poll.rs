//! Waiting for rings.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fs::Timespec;

use crate::HostError;

/// Waits for any of several descriptors.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    count: usize,
}

impl Poller {
    pub(crate) fn new() -> Result<Self, HostError> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)
            .map_err(|error| HostError::new("wait for rings", &io::Error::from(error)))?;
        Ok(Self { epoll, count: 0 })
    }

    /// Adds a descriptor, which [`Self::wait`] calls by this number. It has to live as long as this.
    pub(crate) fn add(&mut self, fd: &impl AsFd, number: u64) -> Result<(), HostError> {
        epoll::add(&self.epoll, fd, EventData::new_u64(number), EventFlags::IN)
            .map_err(|error| HostError::new("wait for a ring", &io::Error::from(error)))?;
        self.count += 1;
        Ok(())
    }

    /// Waits until one is ready, or the time is over: the numbers of those that are. A signal ends the wait.
    pub(crate) fn wait(&self, timeout: Duration) -> Result<Vec<u64>, HostError> {
        let timeout =
            Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 1 << 31, tv_nsec: 0 });
        let mut events = Vec::with_capacity(self.count.max(1));
        let buffer = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, buffer, Some(&timeout)) {
            Ok(_) => Ok(events.iter().map(|event: &Event| event.data.u64()).collect()),
            Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(HostError::new("wait for rings", &io::Error::from(error))),
        }
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
