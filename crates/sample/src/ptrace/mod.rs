//! Samples by ptrace, for a command of our own where perf is refused.
//!
//! `HZ` times a second, threads that have used a period's worth of CPU time and are running are stopped, looked at,
//! and let go. Threads that wait are never touched, so that no system call of theirs is interrupted; what they used
//! is counted when they run next. All of it happens in one thread, the tracer, since ptrace belongs to threads.

mod event;
mod maps;
mod thread;
mod tracer;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use skep_abi::Pid;

use crate::error::OpenError;
use crate::event_name::EventSpec;
use crate::live::limits;
use crate::notice::Notice;
use crate::options::{Options, Rate, Target};
use crate::stream::{Record, TargetStatus};

use tracer::Tracer;

/// The most samples a second: each costs the target two stops' worth of scheduling.
const MAX_HZ: u64 = 1_000;

/// What the tracer says.
enum Message {
    /// Things that happened.
    Records(Vec<Record>),
    /// The command ended, or was left behind; nothing follows.
    Ended(TargetStatus),
}

/// A command and the thread that traces it.
#[derive(Debug)]
pub(crate) struct PtraceSource {
    event: EventSpec,
    child: Pid,
    /// Tells the tracer to begin; dropped, it tells it to give up.
    begin: Option<Sender<()>>,
    begun: Receiver<Result<Pid, OpenError>>,
    messages: Receiver<Message>,
    stop: Arc<AtomicBool>,
    tracer: Option<JoinHandle<()>>,
    pending: Vec<Record>,
    status: Option<TargetStatus>,
}

impl PtraceSource {
    /// Forks the command and seizes it; it waits for [`start`](Self::start).
    pub(crate) fn open(options: &Options, notices: &mut Vec<Notice>) -> Result<Self, OpenError> {
        match &options.target {
            Target::Command(_) => {}
            Target::Pids(_) => return Err(OpenError::PtraceTarget { what: "running processes" }),
            Target::Cgroup(_) => return Err(OpenError::PtraceTarget { what: "a cgroup" }),
            Target::All => return Err(OpenError::PtraceTarget { what: "the whole system" }),
            Target::Recording(_) => return Err(OpenError::PtraceTarget { what: "a recording" }),
        }
        let event = options.event.clone().unwrap_or_else(EventSpec::cpu_clock);
        if !event.is_clock() || event.modifiers.exclude_user {
            return Err(OpenError::PtraceEvent { event: event.name });
        }
        limits::check(options.rate, &options.fields)?;
        let period = period(options.rate, notices);
        let (begin, may_begin) = channel();
        let (tell_begun, begun) = channel();
        let (send, messages) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (their_options, their_stop) = (options.clone(), Arc::clone(&stop));
        let body = move || {
            let opened = Tracer::open(&their_options, period, send, their_stop);
            match opened {
                Err(error) => drop(tell_begun.send(Err(error))),
                Ok(tracer) => {
                    if tell_begun.send(Ok(tracer.child())).is_ok() && may_begin.recv().is_ok() {
                        tracer.run(&tell_begun);
                    }
                }
            }
        };
        let spawned = std::thread::Builder::new().name("skep-ptrace".into()).spawn(body);
        let tracer =
            spawned.map_err(|source| OpenError::System { doing: "starting a thread", source })?;
        let mut source = Self {
            event,
            child: Pid(0),
            begin: Some(begin),
            begun,
            messages,
            stop,
            tracer: Some(tracer),
            pending: Vec::new(),
            status: None,
        };
        source.child = source.answer()?;
        Ok(source)
    }

    /// Lets the command run.
    pub(crate) fn start(&mut self) -> Result<(), OpenError> {
        if let Some(begin) = &self.begin {
            // A tracer that is gone has left its reason, which the answer is.
            let _ = begin.send(());
        }
        self.answer().map(drop)
    }

    fn answer(&mut self) -> Result<Pid, OpenError> {
        let gone = || std::io::Error::other("the tracer ended");
        self.begun.recv().unwrap_or_else(|_| {
            Err(OpenError::System { doing: "tracing the command", source: gone() })
        })
    }

    /// Waits for records or the end.
    pub(crate) fn wait(&mut self, timeout: Duration) {
        if self.status.is_some() {
            return;
        }
        match self.messages.recv_timeout(timeout) {
            Ok(message) => self.receive(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.status = Some(TargetStatus::Running),
        }
        while let Ok(message) = self.messages.try_recv() {
            self.receive(message);
        }
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Records(records) => self.pending.extend(records),
            Message::Ended(status) => self.status = Some(status),
        }
    }

    /// Hands out what has been received.
    pub(crate) fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.pending)
    }

    /// Tells whether the command has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.status.is_some()
    }

    /// Ends the command, if it runs, and tells how it ended.
    pub(crate) fn finish(&mut self) -> TargetStatus {
        self.stop.store(true, Ordering::Relaxed);
        while self.status.is_none() {
            match self.messages.recv() {
                Ok(message) => self.receive(message),
                Err(_) => self.status = Some(TargetStatus::Running),
            }
        }
        self.status.unwrap_or(TargetStatus::Running)
    }

    /// The command's process.
    pub(crate) const fn child(&self) -> Pid {
        self.child
    }

    /// The event that is emulated.
    pub(crate) fn event(&self) -> &EventSpec {
        &self.event
    }
}

impl Drop for PtraceSource {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.begin.take());
        if let Some(tracer) = self.tracer.take() {
            // A tracer that panicked has let go of its threads: the kernel detaches them.
            let _ = tracer.join();
        }
    }
}

/// Nanoseconds of CPU time between two samples.
fn period(rate: Rate, notices: &mut Vec<Notice>) -> u64 {
    let shortest = 1_000_000_000 / MAX_HZ;
    let wished = match rate {
        Rate::Frequency(hz) => 1_000_000_000 / hz.max(1),
        Rate::Period(nanos) => nanos,
    };
    if wished < shortest {
        notices.push(Notice::RateLowered { hz: MAX_HZ });
    }
    wished.max(shortest)
}
