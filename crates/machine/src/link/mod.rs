//! Links: attachments that are files (`bpf_link`; `bpf_perf_link_attach` in `kernel/bpf/syscall.c`).

use std::sync::Arc;

use skep_abi::{AttachType, Errno, ProgId, ProgType};

use crate::perf::{EventId, Pmu};
use crate::prog::Table;
use crate::trace::RawTracepoint;
use crate::{File, Machine, PerfEvent, Prog};

/// What `BPF_LINK_CREATE` is told.
#[derive(Clone, Debug)]
pub struct LinkCreate {
    /// `prog_fd`.
    pub prog: File,
    /// `target_fd`.
    pub target: File,
    /// `attach_type`.
    pub attach_type: u32,
    /// `flags`.
    pub flags: u32,
    /// `perf_event.bpf_cookie`.
    pub cookie: u64,
}

impl LinkCreate {
    /// Attaches a program to a perf event.
    #[must_use]
    pub fn perf_event(prog: impl Into<File>, event: impl Into<File>, cookie: u64) -> Self {
        let attach_type = AttachType::PerfEvent as u32;
        Self { prog: prog.into(), target: event.into(), attach_type, flags: 0, cookie }
    }
}

/// What a link holds besides its program.
#[derive(Debug)]
pub(crate) enum LinkTarget {
    PerfEvent { event: Arc<PerfEvent>, cookie: u64 },
    RawTracepoint { place: Arc<RawTracepoint>, cookie: u64 },
}

/// A link. It holds its program, and the event that the program is attached to: that event lives on when its own
/// descriptor is closed. Dropping the last `Arc` detaches.
#[derive(Debug)]
pub struct Link {
    id: u32,
    prog: Arc<Prog>,
    target: LinkTarget,
    table: Arc<Table<Self>>,
}

/// What `BPF_OBJ_GET_INFO_BY_FD` tells of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// Its number.
    pub id: u32,
    /// Its program.
    pub prog: ProgId,
    /// Where it is attached.
    pub at: LinkPlace,
}

/// Where a link is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPlace {
    /// `BPF_LINK_TYPE_PERF_EVENT`, `BPF_PERF_EVENT_EVENT`.
    Event {
        /// The event on the machine.
        event: EventId,
        /// `type`, as the kernel rewrites it: that of the PMU that counts.
        event_type: u32,
        /// `config`.
        config: u64,
        /// `cookie`.
        cookie: u64,
    },
    /// `BPF_LINK_TYPE_PERF_EVENT`, `BPF_PERF_EVENT_TRACEPOINT`, or a probe.
    Traced {
        /// The event on the machine.
        event: EventId,
        /// `tp_name`, `func_name` or `file_name`.
        name: String,
        /// `cookie`.
        cookie: u64,
    },
    /// `BPF_LINK_TYPE_RAW_TRACEPOINT`.
    RawTracepoint {
        /// `tp_name`.
        name: String,
        /// `cookie`.
        cookie: u64,
    },
}

impl Link {
    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Its program.
    #[must_use]
    pub const fn prog(&self) -> &Arc<Prog> {
        &self.prog
    }

    /// The perf event, where it is attached to one.
    #[must_use]
    pub const fn event(&self) -> Option<&Arc<PerfEvent>> {
        match &self.target {
            LinkTarget::PerfEvent { event, .. } => Some(event),
            LinkTarget::RawTracepoint { .. } => None,
        }
    }

    /// `BPF_LINK_UPDATE`: neither kind of link can change its program.
    ///
    /// # Errors
    /// `EBADF` or `EINVAL` when `prog` is no program, else `EINVAL`.
    pub fn update(&self, prog: &File) -> Result<(), Errno> {
        prog.prog()?;
        Err(Errno::EINVAL)
    }

    /// `BPF_LINK_DETACH`: these links end only when they are closed.
    ///
    /// # Errors
    /// `EOPNOTSUPP`.
    pub const fn detach(&self) -> Result<(), Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    /// What is known of it.
    #[must_use]
    pub fn info(&self) -> LinkInfo {
        let at = match &self.target {
            LinkTarget::PerfEvent { event, cookie } => match &event.traced() {
                None => LinkPlace::Event {
                    event: event.id(),
                    event_type: event.pmu().event_type(),
                    config: event.attr().config,
                    cookie: *cookie,
                },
                Some(traced) => LinkPlace::Traced {
                    event: event.id(),
                    name: tp_name(event.pmu(), traced.name()).to_owned(),
                    cookie: *cookie,
                },
            },
            LinkTarget::RawTracepoint { place, cookie } => {
                LinkPlace::RawTracepoint { name: place.name().to_owned(), cookie: *cookie }
            }
        };
        LinkInfo { id: self.id, prog: self.prog.id(), at }
    }
}

/// Of a tracepoint the kernel tells the name without its group.
fn tp_name(pmu: Pmu, name: &str) -> &str {
    match name.split_once(':') {
        Some((_, name)) if pmu == Pmu::Tracepoint => name,
        _ => name,
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        match &self.target {
            LinkTarget::PerfEvent { event, .. } => event.free_prog(),
            LinkTarget::RawTracepoint { place, .. } => place.remove(u64::from(self.id)),
        }
        self.table.remove(u64::from(self.id));
    }
}

impl Machine {
    /// `BPF_LINK_CREATE` for what attaches to perf events.
    ///
    /// # Errors
    /// In this order: `EBADF` when `prog` is not open, `EINVAL` when it is no program; `EINVAL` for another attach type
    /// than `BPF_PERF_EVENT`, or a program that no perf event takes; `EINVAL` for flags; `EBADF` when the target is no
    /// perf event; then those of [`PerfEvent::set_bpf`].
    pub fn link_create(&self, create: &LinkCreate) -> Result<Arc<Link>, Errno> {
        let prog = create.prog.prog()?;
        let has_links = matches!(
            prog.prog_type(),
            ProgType::PerfEvent | ProgType::Tracepoint | ProgType::Kprobe
        );
        if !has_links || create.attach_type != AttachType::PerfEvent as u32 || create.flags != 0 {
            return Err(Errno::EINVAL);
        }
        let event = create.target.perf_event()?;
        event.set_prog(prog, create.cookie)?;
        let event = Arc::clone(event);
        let target = LinkTarget::PerfEvent { event, cookie: create.cookie };
        Ok(self.make_link(Arc::clone(prog), target))
    }

    pub(crate) fn make_link(&self, prog: Arc<Prog>, target: LinkTarget) -> Arc<Link> {
        let table = Arc::clone(self.link_table());
        let id = table.next_id() as u32;
        let link = Arc::new(Link { id, prog, target, table });
        self.link_table().insert(u64::from(id), &link);
        link
    }

    /// Links that are open, by ascending number.
    #[must_use]
    pub fn links(&self) -> Vec<Arc<Link>> {
        self.link_table().all()
    }
}
