//! Maps: `bpf_object__create_map` of libbpf.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use skep_abi::MapType;
use skep_object::{MapInit, MapOrigin, MapSpec};

use crate::HostError;
use crate::btf::KernelBtf;
use crate::sys::{self, ArenaMemory, MapCreate};

/// Bytes of an arena's page, of which `max_entries` counts.
const PAGE: usize = 4096;
/// `BPF_F_LINK`: a map of operations that attaches through a link.
const LINK: u32 = 1 << 13;

/// A map in the kernel.
#[derive(Debug)]
pub struct Map {
    fd: OwnedFd,
    kind: u32,
    key_size: u32,
    value_size: u32,
    /// Whether the kernel took the types of key and value.
    has_types: bool,
    _arena: Option<ArenaMemory>,
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
    /// Creates a map of plain numbers.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn create(attr: &MapAttr<'_>) -> Result<Self, HostError> {
        let mut create = MapCreate {
            map_type: attr.kind as u32,
            key_size: attr.key_size,
            value_size: attr.value_size,
            max_entries: attr.max_entries,
            map_flags: attr.flags,
            map_name: object_name(attr.name),
            inner_map_fd: attr.inner.map_or(0, Self::number),
            ..MapCreate::default()
        };
        if let Some((btf, key, value)) = attr.types {
            create.btf_fd = btf.fd.as_raw_fd() as u32;
            (create.btf_key_type_id, create.btf_value_type_id) = (key, value);
        }
        Self::from_attr(attr.name, &create)
    }

    /// Creates a map as an object declares it, with what it holds at first.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn of_spec(spec: &MapSpec, btf: Option<&KernelBtf>) -> Result<Self, HostError> {
        let inner = spec.inner.as_deref().map(|inner| Self::of_spec(inner, btf)).transpose()?;
        let mut create = attr(spec, btf);
        create.inner_map_fd = inner.as_ref().map_or(0, Self::number);
        let created = Self::from_attr(&spec.name, &create);
        let is_typed = create.btf_key_type_id != 0 || create.btf_value_type_id != 0;
        let mut map = match created {
            // libbpf tries again without types, and so do we.
            Err(_) if is_typed => {
                (create.btf_fd, create.btf_key_type_id, create.btf_value_type_id) = (0, 0, 0);
                Self::from_attr(&spec.name, &create)?
            }
            created => created?,
        };
        map.fill(spec)?;
        Ok(map)
    }

    /// Whether the kernel knows the types of its keys and values.
    #[must_use]
    pub fn has_types(&self) -> bool {
        self.has_types
    }

    /// Whether maps of its kind have types at all.
    #[must_use]
    pub fn takes_types(&self) -> bool {
        takes_types(MapType::from_number(self.kind))
    }

    /// The descriptor's number, as insns name the map.
    pub(crate) fn number(&self) -> u32 {
        self.fd.as_raw_fd() as u32
    }

    fn from_attr(name: &str, create: &MapCreate) -> Result<Self, HostError> {
        let created = sys::map_create(create).or_else(|error| {
            if error.raw_os_error() != Some(libc::EPERM) {
                return Err(error);
            }
            sys::lift_memlock();
            sys::map_create(create)
        });
        let fd = created.map_err(|error| HostError::new(format!("create map {name}"), &error))?;
        Ok(Self {
            fd,
            kind: create.map_type,
            key_size: create.key_size,
            value_size: create.value_size,
            has_types: create.btf_key_type_id != 0 || create.btf_value_type_id != 0,
            _arena: None,
        })
    }

    /// Sets an element. Maps with a value per CPU are not meant.
    ///
    /// # Errors
    /// When the lengths are not the map's, or the kernel refuses.
    pub fn update(&self, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        let fits = key.len() == self.key_size as usize && value.len() == self.value_size as usize;
        let answer = if fits {
            sys::map_update(self.as_fd(), key, value)
        } else {
            Err(std::io::Error::from_raw_os_error(libc::EINVAL))
        };
        answer.map_err(|error| HostError::new("set an element", &error))
    }

    /// Makes it read-only for user space: then the verifier takes the values of a map that programs cannot write
    /// either for constants.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn freeze(&self) -> Result<(), HostError> {
        sys::map_freeze(self.as_fd()).map_err(|error| HostError::new("freeze a map", &error))
    }

    /// What it holds at first, as far as verdicts depend on it: values of data sections, an arena's address.
    fn fill(&mut self, spec: &MapSpec) -> Result<(), HostError> {
        if spec.kind == Some(MapType::Arena) && spec.map_extra == 0 {
            let len = spec.max_entries as usize * PAGE;
            let memory = ArenaMemory::map(&self.fd, len).map_err(|error| {
                HostError::new(format!("map the memory of arena {}", spec.name), &error)
            })?;
            self._arena = Some(memory);
        }
        let is_constant = matches!(spec.origin, MapOrigin::Rodata | MapOrigin::Kconfig);
        let is_data = is_constant || spec.origin == MapOrigin::Data;
        if let MapInit::Data(data) = &spec.init
            && is_data
        {
            self.update(&0_u32.to_le_bytes(), data)?;
        }
        if is_constant { self.freeze() } else { Ok(()) }
    }
}

fn attr(spec: &MapSpec, btf: Option<&KernelBtf>) -> MapCreate {
    let mut create = MapCreate {
        map_type: spec.map_type,
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries: spec.max_entries,
        map_flags: spec.flags,
        numa_node: spec.numa_node,
        map_name: object_name(&spec.name),
        map_extra: spec.map_extra,
        ..MapCreate::default()
    };
    if spec.kind == Some(MapType::PerfEventArray) && spec.max_entries == 0 {
        create.max_entries = sys::possible_cpus();
    }
    if let Some(ops) = &spec.struct_ops {
        create.btf_vmlinux_value_type_id = ops.kernel_value_type.map_or(0, |id| id.0);
        if ops.is_link {
            create.map_flags |= LINK;
        }
    }
    if let Some(btf) = btf
        && takes_types(spec.kind)
    {
        create.btf_fd = btf.fd.as_raw_fd() as u32;
        create.btf_key_type_id = spec.key_type.map_or(0, |id| id.0);
        create.btf_value_type_id = spec.value_type.map_or(0, |id| id.0);
    } else if let Some(btf) = btf
        && spec.struct_ops.is_some()
    {
        create.btf_fd = btf.fd.as_raw_fd() as u32;
    }
    create
}

/// Whether a kind of map takes types of key and value; the others refuse them.
fn takes_types(kind: Option<MapType>) -> bool {
    use MapType as M;
    !matches!(
        kind,
        Some(
            M::PerfEventArray
                | M::CgroupArray
                | M::StackTrace
                | M::ArrayOfMaps
                | M::HashOfMaps
                | M::Devmap
                | M::DevmapHash
                | M::Cpumap
                | M::Xskmap
                | M::Sockmap
                | M::Sockhash
                | M::StructOps
        )
    )
}

/// A name as the kernel takes it: 15 bytes of letters, digits, `_` and `.`, then zero.
pub(crate) fn object_name(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, byte) in bytes[..15].iter_mut().zip(name.bytes()) {
        *place = if byte.is_ascii_alphanumeric() || byte == b'.' { byte } else { b'_' };
    }
    bytes
}
