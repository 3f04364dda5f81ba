//! Maps: made as libbpf makes them, and read and written from user space.

mod create;
mod elem;
mod memory;
mod walk;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use skep_abi::MapType;

use crate::HostError;
use crate::btf::KernelBtf;
use crate::info::MapInfo;
use crate::sys::id;
use crate::sys::map::MapFd;

pub use elem::UpdateFlag;
pub use memory::MapMemory;
pub use walk::Entry;

/// A map in the kernel. It goes with the last that refers to it: this, a program, a map of maps, a name.
#[derive(Debug)]
pub struct Map {
    fd: MapFd,
    name: String,
    kind: u32,
    value_size: u32,
    max_entries: u32,
    flags: u32,
    /// Whether the kernel took the types of key and value.
    has_types: bool,
    /// What the verifier wants an arena mapped for.
    arena: Option<MapMemory>,
}

/// A map of plain numbers, without types.
#[derive(Clone, Copy, Debug)]
pub struct MapAttr<'a> {
    /// Name, of which kernels keep 15 bytes.
    pub name: &'a str,
    /// Kind.
    pub kind: MapType,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Elements.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `map_extra`.
    pub extra: u64,
    /// The kernel's own type of the value, of maps of operations; 0 for others.
    pub kernel_value: u32,
    /// Types of key and value.
    pub types: Option<(&'a KernelBtf, u32, u32)>,
    /// What the maps inside are like.
    pub inner: Option<&'a Map>,
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Map {
    /// Takes a map that something else made: by its descriptor.
    ///
    /// # Errors
    /// When it is no map's, or the kernel does not tell about it.
    pub fn of_fd(fd: OwnedFd) -> Result<Self, HostError> {
        let (fd, info) =
            MapFd::of_fd(fd).map_err(|error| HostError::new("tell about a map", &error))?;
        Ok(Self {
            fd,
            name: crate::info::text(&info.name),
            kind: info.kind,
            value_size: info.value_size,
            max_entries: info.max_entries,
            flags: info.map_flags,
            has_types: info.btf_key_type_id != 0 || info.btf_value_type_id != 0,
            arena: None,
        })
    }

    /// Opens a map by its id.
    ///
    /// # Errors
    /// When there is none, or this process may not.
    pub fn by_id(id: u32) -> Result<Self, HostError> {
        let fd = id::open(crate::sys::Command::MapGetFdById, id)
            .map_err(|error| HostError::new(format!("open map {id}"), &error))?;
        Self::of_fd(fd)
    }

    /// Its name: as the object gives it, or as the kernel keeps it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind; none for one that is newer than skep.
    #[must_use]
    pub fn kind(&self) -> Option<MapType> {
        MapType::from_number(self.kind)
    }

    /// Bytes of a key.
    #[must_use]
    pub fn key_size(&self) -> usize {
        self.fd.key_len()
    }

    /// Bytes of a value, of one CPU.
    #[must_use]
    pub fn value_size(&self) -> usize {
        self.value_size as usize
    }

    /// Elements that it has room for.
    #[must_use]
    pub fn max_entries(&self) -> u32 {
        self.max_entries
    }

    /// `BPF_F_*` as it was made with.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// Whether each CPU has a value of its own for a key.
    #[must_use]
    pub fn is_percpu(&self) -> bool {
        self.kind().is_some_and(MapType::is_percpu)
    }

    /// Whether the kernel knows the types of its keys and values.
    #[must_use]
    pub fn has_types(&self) -> bool {
        self.has_types
    }

    /// Whether maps of its kind have types at all.
    #[must_use]
    pub fn takes_types(&self) -> bool {
        create::takes_types(self.kind())
    }

    /// What the kernel knows of it.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn info(&self) -> Result<MapInfo, HostError> {
        MapInfo::of(self.as_fd())
    }

    /// The descriptor's number, as insns name the map.
    pub(crate) fn number(&self) -> u32 {
        self.fd.as_fd().as_raw_fd().cast_unsigned()
    }

    fn refused(&self, what: &str, error: &std::io::Error) -> HostError {
        HostError::new(format!("{what} map {}", self.name), error)
    }
}

/// A name as the kernel takes it: 15 bytes of letters, digits, `_` and `.`, then zero.
pub(crate) fn object_name(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, byte) in bytes[..15].iter_mut().zip(name.bytes()) {
        *place = if byte.is_ascii_alphanumeric() || byte == b'.' { byte } else { b'_' };
    }
    bytes
}
