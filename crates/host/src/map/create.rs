//! Maps as objects declare them: `bpf_object__create_map` of libbpf.

use std::os::fd::{AsFd, AsRawFd};

use skep_abi::MapType;
use skep_object::{MapInit, MapOrigin, MapSpec};

use super::{Map, MapAttr, MapMemory, object_name};
use crate::HostError;
use crate::btf::KernelBtf;
use crate::sys::limit;
use crate::sys::map::{MapCreate, MapFd};
use crate::sys::memory::{Access, Mapping, PAGE};

/// `BPF_F_LINK`: a map of operations that attaches through a link.
const LINK: u32 = 1 << 13;
/// `BPF_F_SEGV_ON_FAULT`: pages of an arena that no program allocated cannot be touched.
const SEGV_ON_FAULT: u32 = 1 << 17;

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
            map_extra: attr.extra,
            btf_vmlinux_value_type_id: attr.kernel_value,
            inner_map_fd: attr.inner.map_or(0, Self::number),
            ..MapCreate::default()
        };
        if let Some((btf, key, value)) = attr.types {
            create.btf_fd = btf.fd.as_raw_fd() as u32;
            (create.btf_key_type_id, create.btf_value_type_id) = (key, value);
        }
        let mut map = Self::from_attr(attr.name, &create)?;
        if attr.kind == MapType::Arena && attr.extra == 0 {
            map.place_arena()?;
        }
        Ok(map)
    }

    /// Gives an arena its address: the verifier takes no program whose arena has none.
    fn place_arena(&mut self) -> Result<(), HostError> {
        let len = (self.max_entries as usize).saturating_mul(PAGE);
        let mapping = Mapping::new(self.as_fd(), len, Access::Write, 0, 0)
            .map_err(|error| self.refused("map the memory of arena", &error))?;
        self.arena = Some(MapMemory::of_arena(mapping, len));
        Ok(())
    }

    /// Creates a map as an object declares it, with what it holds at first. Elements that are maps or programs are
    /// not filled in: that takes the whole object ([`crate::HostObject`]).
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

    /// Creates a map for the operations of a struct that the kernel has by this number.
    pub(crate) fn struct_ops_of(kernel_type: u32) -> Result<Self, HostError> {
        let create = MapCreate {
            map_type: MapType::StructOps as u32,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            btf_vmlinux_value_type_id: kernel_type,
            ..MapCreate::default()
        };
        Self::from_attr("", &create)
    }

    fn from_attr(name: &str, create: &MapCreate) -> Result<Self, HostError> {
        let mut create = *create;
        let mut created = MapFd::create(&create);
        if created.as_ref().is_err_and(|error| error.raw_os_error() == Some(libc::EPERM)) {
            limit::lift_memlock();
            created = MapFd::create(&create);
        }
        // Kernels before 4.15 know no names of maps and refuse an attribute that has one.
        let too_long = |error: &std::io::Error| error.raw_os_error() == Some(libc::E2BIG);
        if created.as_ref().is_err_and(too_long) && create.map_name[0] != 0 {
            create.map_name = [0; 16];
            created = MapFd::create(&create);
        }
        let fd = created.map_err(|error| explain(&create, name, &error))?;
        Ok(Self {
            fd,
            name: name.to_owned(),
            kind: create.map_type,
            value_size: create.value_size,
            max_entries: create.max_entries,
            flags: create.map_flags,
            has_types: create.btf_key_type_id != 0 || create.btf_value_type_id != 0,
            arena: None,
        })
    }

    /// What it holds at first: values of data sections, an arena's variables. The verifier takes only programs whose
    /// arena has an address, which it gets here.
    fn fill(&mut self, spec: &MapSpec) -> Result<(), HostError> {
        if spec.kind == Some(MapType::Arena) {
            self.fill_arena(spec)?;
        }
        let is_constant = matches!(spec.origin, MapOrigin::Rodata | MapOrigin::Kconfig);
        // An object's zeroes have a value where the caller has set one.
        let is_data = is_constant || matches!(spec.origin, MapOrigin::Data | MapOrigin::Bss);
        if let MapInit::Data(data) = &spec.init
            && is_data
        {
            self.update(&0_u32.to_le_bytes(), data)?;
        }
        if let MapInit::Targets(targets) = &spec.init {
            // `struct bpf_insn_array_value` starts with the insn's number in the program as it is loaded.
            for (index, target) in (0_u32..).zip(targets) {
                let mut value = vec![0; self.value_size()];
                if let Some(place) = value.get_mut(..4) {
                    place.copy_from_slice(&target.0.to_le_bytes());
                }
                self.update(&index.to_le_bytes(), &value)?;
            }
            return self.freeze();
        }
        if is_constant { self.freeze() } else { Ok(()) }
    }

    fn fill_arena(&mut self, spec: &MapSpec) -> Result<(), HostError> {
        let len = (spec.max_entries as usize).saturating_mul(PAGE);
        let has_variables = matches!(spec.init, MapInit::Arena { .. });
        let mapping = match Mapping::new(self.as_fd(), len, Access::Write, 0, spec.map_extra) {
            Ok(mapping) => mapping,
            // An arena that says where it lies is good for the verifier without a mapping here. libbpf would put it
            // over what this process has there.
            Err(_) if spec.map_extra != 0 && !has_variables => return Ok(()),
            Err(error) => return Err(self.refused("map the memory of arena", &error)),
        };
        let memory = MapMemory::of_arena(mapping, len);
        if let MapInit::Arena { offset, data } = &spec.init {
            if spec.flags & SEGV_ON_FAULT != 0 {
                return Err(HostError::unsupported(
                    format!("fill in the variables of arena {}", spec.name),
                    "its flag BPF_F_SEGV_ON_FAULT forbids user space to touch pages that no program allocated: drop it, or the __arena variables",
                ));
            }
            memory.write(usize::try_from(*offset).unwrap_or(usize::MAX), data)?;
        }
        self.arena = Some(memory);
        Ok(())
    }
}

/// What to do about a map that the kernel refuses.
fn explain(create: &MapCreate, name: &str, error: &std::io::Error) -> HostError {
    let refusal = HostError::new(format!("create map {name}"), error);
    let kind = MapType::from_number(create.map_type);
    match (error.raw_os_error(), kind) {
        (Some(libc::EINVAL | libc::ENOTSUP), Some(kind)) => refusal.with_hint(format!(
            "check its key and value sizes, max_entries and flags; maps of type {} came with Linux {}",
            kind.name(),
            kind.since(),
        )),
        (Some(libc::E2BIG), _) => refusal.with_hint("its key or value is larger than kernels take"),
        _ => refusal,
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
        create.max_entries = limit::possible_cpus();
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
pub(super) fn takes_types(kind: Option<MapType>) -> bool {
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
