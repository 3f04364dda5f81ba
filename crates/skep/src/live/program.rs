//! A loaded program, and the ways to attach it.

use std::sync::Arc;

use skep_abi::Errno;
use skep_machine::{File, Link, LinkCreate, Prog};

use super::{Machine, PerfEvent};
use crate::{Error, ErrorKind};

/// A loaded program.
#[derive(Clone, Copy, Debug)]
pub struct ProgramHandle<'a> {
    machine: &'a Machine,
    prog: &'a Arc<Prog>,
}

impl<'a> ProgramHandle<'a> {
    pub(super) const fn new(machine: &'a Machine, prog: &'a Arc<Prog>) -> Self {
        Self { machine, prog }
    }

    /// The machine's own word for it, with its counts.
    #[must_use]
    pub const fn prog(&self) -> &'a Arc<Prog> {
        self.prog
    }

    /// Begins to attach it to a perf event.
    pub const fn attach_perf_event<'e>(self, event: &'e PerfEvent) -> Attach<'a, 'e> {
        Attach { program: self, event, cookie: 0 }
    }

    /// Attaches it to the raw tracepoint that it was loaded for (`SEC("tp_btf/…")`).
    ///
    /// # Errors
    /// What `BPF_RAW_TRACEPOINT_OPEN` would say.
    pub fn attach_raw_tracepoint(self) -> Result<Arc<Link>, Error> {
        let spec = self.prog.spec();
        let is_named = spec.prog_type != skep_abi::ProgType::Tracing;
        let name = spec.attach_to.as_deref().filter(|_| is_named);
        let opened = self.machine.raw_tracepoint_open(name, &File::from(self.prog), 0);
        opened.map_err(|errno| self.refused("the raw tracepoint", errno))
    }

    fn refused(&self, place: &str, errno: Errno) -> Error {
        let name = &self.prog.spec().name;
        let message = format!("program {name} cannot be attached to {place}: {errno}");
        Error::new(ErrorKind::Program, message)
    }
}

/// A program on its way to a perf event.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is attached before `link` or `ioctl`"]
pub struct Attach<'a, 'e> {
    program: ProgramHandle<'a>,
    event: &'e PerfEvent,
    cookie: u64,
}

impl Attach<'_, '_> {
    /// What `bpf_get_attach_cookie` returns; only links carry one.
    pub const fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = cookie;
        self
    }

    /// Attaches by `BPF_LINK_CREATE`. The link holds program and event; dropping it detaches.
    ///
    /// # Errors
    /// What the kernel would say ([`skep_machine::Machine::link_create`]).
    pub fn link(self) -> Result<Arc<Link>, Error> {
        let (prog, event) = (File::from(self.program.prog), File::from(self.event.event()));
        let create = LinkCreate::perf_event(prog, event, self.cookie);
        self.program.machine.link_create(&create).map_err(|errno| self.refused(errno))
    }

    /// Attaches by `PERF_EVENT_IOC_SET_BPF`, for as long as the event is open. This is also how programs are attached to
    /// the tracepoint PMU.
    ///
    /// # Errors
    /// What the kernel would say ([`skep_machine::PerfEvent::set_bpf`]), and a cookie, which nobody would carry.
    pub fn ioctl(self) -> Result<(), Error> {
        if self.cookie != 0 {
            return Err(Error::input("a cookie needs a link: PERF_EVENT_IOC_SET_BPF carries none"));
        }
        let set = self.event.set_bpf(&File::from(self.program.prog));
        set.map_err(|errno| self.refused(errno))
    }

    fn refused(&self, errno: Errno) -> Error {
        self.program.refused(&format!("perf event {}", self.event.id()), errno)
    }
}
