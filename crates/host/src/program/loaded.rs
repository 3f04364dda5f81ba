//! A program that the kernel holds.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use skep_abi::ProgType;

use crate::info::ProgInfo;
use crate::sys::{Command, id, prog};
use crate::{HostError, Map};

/// A program in the kernel. It goes with the last that refers to it: this, a link, an event, a map, a name.
#[derive(Debug)]
pub struct LoadedProgram {
    fd: OwnedFd,
    name: String,
    prog_type: ProgType,
}

impl AsFd for LoadedProgram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl LoadedProgram {
    pub(crate) fn new(fd: OwnedFd, name: &str, prog_type: ProgType) -> Self {
        Self { fd, name: name.to_owned(), prog_type }
    }

    /// Takes a program that something else loaded: by its descriptor.
    ///
    /// # Errors
    /// When it is no program's, or of a type that is newer than skep.
    pub fn of_fd(fd: OwnedFd) -> Result<Self, HostError> {
        let info = ProgInfo::of(fd.as_fd())?;
        let prog_type = info.prog_type.ok_or_else(|| {
            HostError::unsupported(
                format!("use program {} of type {}", info.name, info.kind),
                "skep does not know this program type yet",
            )
        })?;
        Ok(Self { fd, name: info.name, prog_type })
    }

    /// Another descriptor of the same program.
    ///
    /// # Errors
    /// When this process has too many.
    pub fn try_clone(&self) -> Result<Self, HostError> {
        let fd = self.fd.try_clone().map_err(|error| {
            HostError::new(format!("give another descriptor of program {}", self.name), &error)
        })?;
        Ok(Self { fd, name: self.name.clone(), prog_type: self.prog_type })
    }

    /// Opens a program by its id.
    ///
    /// # Errors
    /// When there is none, or this process may not.
    pub fn by_id(id: u32) -> Result<Self, HostError> {
        let fd = id::open(Command::ProgGetFdById, id)
            .map_err(|error| HostError::new(format!("open program {id}"), &error))?;
        Self::of_fd(fd)
    }

    /// Its name: as the object gives it, or as the kernel keeps it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    #[must_use]
    pub fn prog_type(&self) -> ProgType {
        self.prog_type
    }

    /// What the kernel knows of it.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn info(&self) -> Result<ProgInfo, HostError> {
        ProgInfo::of(self.as_fd())
    }

    /// Keeps a map as long as the program, though no insn refers to it (5.10).
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn bind_map(&self, map: &Map) -> Result<(), HostError> {
        prog::bind_map(self.as_fd(), map.as_fd()).map_err(|error| {
            HostError::new(format!("bind map {} to program {}", map.name(), self.name), &error)
        })
    }
}
