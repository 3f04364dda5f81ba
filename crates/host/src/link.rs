//! Links: a program attached, for as long as the link is held.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use skep_abi::AttachType;

use crate::info::LinkInfo;
use crate::sys::link::{self, Tie};
use crate::sys::{Command, id};
use crate::{HostError, LoadedProgram, Map, PerfEvent};

/// A link in the kernel. The program is detached when the last that refers to it goes: this, or a name.
#[derive(Debug)]
pub struct Link {
    fd: OwnedFd,
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Link {
    /// Attaches a program to a perf event (5.15), which the link keeps open. `bpf_get_attach_cookie` gives the cookie.
    ///
    /// # Errors
    /// When the kernel refuses: -EEXIST where the event has a program, -EINVAL for a program of another type, -EPROTO
    /// for one that walks the stack of an event with `precise_ip` but without its call chain.
    pub fn perf_event(
        program: &LoadedProgram,
        event: &PerfEvent,
        cookie: u64,
    ) -> Result<Self, HostError> {
        let tie = Tie::PerfEvent(event.as_fd(), cookie);
        Self::create(program, AttachType::PerfEvent, tie)
    }

    /// `BPF_LINK_CREATE` with any descriptors, attach type and flags, which the kernel judges.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn create_raw(
        program: BorrowedFd<'_>,
        target: BorrowedFd<'_>,
        attach_type: u32,
        flags: u32,
    ) -> Result<Self, HostError> {
        link::create(program, attach_type, flags, Tie::PerfEvent(target, 0))
            .map(|fd| Self { fd })
            .map_err(|error| HostError::new("make a link", &error))
    }

    /// Attaches a program to what it was loaded for: a function, a typed tracepoint, an LSM hook.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn tracing(
        program: &LoadedProgram,
        attach_type: AttachType,
        cookie: u64,
    ) -> Result<Self, HostError> {
        Self::create(program, attach_type, Tie::Tracing(cookie))
    }

    /// Attaches an iterator over everything of its kind; [`Self::open_iter`] then runs it.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn iter(program: &LoadedProgram) -> Result<Self, HostError> {
        Self::create(program, AttachType::TraceIter, Tie::Nothing)
    }

    /// Attaches a program to a raw tracepoint by name.
    ///
    /// # Errors
    /// When the kernel has no such tracepoint (-ENOENT), or refuses; -EINVAL for a cookie before 6.10.
    pub fn raw_tracepoint(
        program: &LoadedProgram,
        tracepoint: &str,
        cookie: u64,
    ) -> Result<Self, HostError> {
        let what = || format!("attach program {} to raw tracepoint {tracepoint}", program.name());
        let name = CString::new(tracepoint)
            .map_err(|_| HostError::missing(what(), "a tracepoint's name has no zero byte"))?;
        link::raw_tracepoint(Some(&name), program.as_fd(), cookie)
            .map(|fd| Self { fd })
            .map_err(|error| HostError::new(what(), &error))
    }

    /// Puts a struct of operations into effect (6.4): a map of `.struct_ops.link` whose value is set.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn struct_ops(map: &Map) -> Result<Self, HostError> {
        link::create(map.as_fd(), AttachType::StructOps as u32, 0, Tie::Nothing)
            .map(|fd| Self { fd })
            .map_err(|error| {
                HostError::new(format!("put the operations of {} into effect", map.name()), &error)
            })
    }

    fn create(
        program: &LoadedProgram,
        attach_type: AttachType,
        tie: Tie<'_>,
    ) -> Result<Self, HostError> {
        let fd = link::create(program.as_fd(), attach_type as u32, 0, tie);
        fd.map(|fd| Self { fd }).map_err(|error| {
            let what = format!("attach program {} ({})", program.name(), attach_type.name());
            HostError::new(what, &error)
        })
    }

    /// Takes a link that something else made: by its descriptor.
    #[must_use]
    pub fn of_fd(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Opens a link by its id.
    ///
    /// # Errors
    /// When there is none, or this process may not.
    pub fn by_id(id: u32) -> Result<Self, HostError> {
        id::open(Command::LinkGetFdById, id)
            .map(|fd| Self { fd })
            .map_err(|error| HostError::new(format!("open link {id}"), &error))
    }

    /// Puts another program, or another map with operations, in the place of the present one. With `old` only if that
    /// is the present one.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for links that keep their program, those of perf events among them.
    pub fn update(&self, new: &impl AsFd, old: Option<BorrowedFd<'_>>) -> Result<(), HostError> {
        link::update(self.as_fd(), new.as_fd(), old)
            .map_err(|error| HostError::new("put another program into a link", &error))
    }

    /// Detaches the program now, though the link is held on.
    ///
    /// # Errors
    /// When the kernel refuses: -EOPNOTSUPP for links that can only be closed, those of perf events among them.
    pub fn detach(&self) -> Result<(), HostError> {
        link::detach(self.as_fd()).map_err(|error| HostError::new("detach a link", &error))
    }

    /// What the kernel knows of it.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn info(&self) -> Result<LinkInfo, HostError> {
        LinkInfo::of(self.as_fd())
    }

    /// Opens a file whose reading runs the link's iterator.
    ///
    /// # Errors
    /// When the link's program is none.
    pub fn open_iter(&self) -> Result<File, HostError> {
        link::iter(self.as_fd())
            .map(File::from)
            .map_err(|error| HostError::new("run an iterator", &error))
    }
}
