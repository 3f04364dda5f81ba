//! Programs of the kernel on the events that a source opens.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};

use skep_abi::{AttachType, ProgType};
use skep_host::{HostError, Link, LoadedProgram, PerfEvent};
use skep_sample::OnOpen;

use super::Loaded;
use crate::Error;
use crate::session::Method;

/// What holds the programs at their events.
#[derive(Debug)]
pub(crate) struct Attachments(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The programs that take the event, as descriptors of their own.
    programs: Vec<LoadedProgram>,
    method: Method,
    /// A tracepoint has its programs once for all events.
    is_traced: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<Link>,
    /// Why the kernel refused to attach.
    refusal: Option<HostError>,
    /// How many programs of a tracepoint are attached.
    traced: usize,
}

impl Attachments {
    /// Will attach these programs by a method to each event; those that watch a raw tracepoint are attached to it now.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn new(
        loaded: &Loaded<'_>,
        programs: &[&skep_object::ResolvedProgram],
        method: Method,
        is_traced: bool,
    ) -> Result<Self, Error> {
        let (mut on_events, mut state) = (Vec::new(), State::default());
        let cookie = match method {
            Method::Link { cookie } => cookie,
            Method::Ioctl | Method::Pmu => 0,
        };
        for spec in programs {
            let Some(program) = loaded.program(&spec.name) else { continue };
            let target = spec.attach_target.as_deref().unwrap_or_default();
            match spec.prog_type {
                ProgType::RawTracepoint => {
                    state.links.push(Link::raw_tracepoint(program, target, cookie)?);
                }
                ProgType::Tracing => {
                    let attach_type = spec.attach_type.unwrap_or(AttachType::TraceRawTp);
                    state.links.push(Link::tracing(program, attach_type, cookie)?);
                }
                _ => on_events.push(program.try_clone()?),
            }
        }
        let state = Mutex::new(state);
        Ok(Self(Arc::new(Inner { programs: on_events, method, is_traced, state })))
    }

    /// Will attach one program to each event, or to the one tracepoint of all.
    pub(crate) fn of_program(program: LoadedProgram, method: Method, is_traced: bool) -> Self {
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner { programs: vec![program], method, is_traced, state }))
    }

    /// What a session does to each event.
    pub(crate) fn on_open(&self) -> Arc<dyn OnOpen> {
        Arc::clone(&self.0) as Arc<dyn OnOpen>
    }

    /// Why the kernel refused to attach, if it did.
    pub(crate) fn refusal(&self) -> Option<HostError> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).refusal.take()
    }
}

impl OnOpen for Inner {
    fn copies(&self) -> usize {
        if self.is_traced { 1 } else { self.programs.len().max(1) }
    }

    fn opened(&self, event: BorrowedFd<'_>, copy: usize) -> io::Result<()> {
        let event = PerfEvent::of_fd(event.try_clone_to_owned()?);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let attached = if self.is_traced {
            // The programs of a tracepoint belong to it, not to the event, which must stay open.
            match self.programs.get(state.traced) {
                Some(program) => {
                    state.traced += 1;
                    self.attach(&mut state, program, &event)
                }
                None => Ok(()),
            }
        } else {
            let program = self.programs.get(copy);
            program.map_or(Ok(()), |program| self.attach(&mut state, program, &event))
        };
        attached.map_err(|error| {
            let told = io::Error::other(error.to_string());
            state.refusal = Some(error);
            told
        })
    }
}

impl Inner {
    fn attach(
        &self,
        state: &mut State,
        program: &LoadedProgram,
        event: &PerfEvent,
    ) -> Result<(), HostError> {
        match self.method {
            Method::Ioctl | Method::Pmu => event.set_bpf(program),
            Method::Link { cookie } => {
                state.links.push(Link::perf_event(program, event, cookie)?);
                Ok(())
            }
        }
    }
}
