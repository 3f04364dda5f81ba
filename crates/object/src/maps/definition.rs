//! Maps declared with BTF in `.maps`: libbpf's `parse_btf_map_def`.
//!
//! Each attribute is a member of a struct; its value is encoded in its type (`__uint`: the length of an array
//! behind a pointer), so that the section itself holds only zeros.

use skep_abi::MapType;
use skep_btf::{Btf, Composite, DataSec, Kind, Linkage, Member, Type, TypeId};

use super::{MapInit, MapOrigin, MapSpec, Pinning};
use crate::elf::{Elf, Section};
use crate::error::{ObjectError, ObjectErrorKind, Place, shown};

/// Bytes of a page of BPF's ring buffers and arenas on the machines that skep models.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// Longest name of a symbol that a kernel takes (`KSYM_NAME_LEN`), without the final NUL.
const NAME_MAX: usize = 511;

/// Attributes that a definition may have.
const ATTRIBUTES: &[&str] = &[
    "type",
    "max_entries",
    "map_flags",
    "numa_node",
    "key_size",
    "key",
    "value_size",
    "value",
    "values",
    "pinning",
    "map_extra",
];

/// A map of `.maps` and where it lies there.
pub(crate) struct Declared {
    pub(crate) spec: MapSpec,
    /// Bytes from the section's start.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Bytes from the section's start to the elements of `.values`.
    pub(crate) values: Option<u64>,
}

/// Reads all maps of `.maps`.
pub(crate) fn declared(elf: &Elf<'_>, btf: Option<&Btf>) -> Result<Vec<Declared>, ObjectError> {
    let Some(section) = elf.section_named(".maps") else { return Ok(Vec::new()) };
    let Some(btf) = btf else {
        let found = "maps are declared here, but there is no BTF to say what they are";
        return Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
            .help("compile with -g, which makes clang write BTF"));
    };
    let Some(Type::DataSec(datasec)) = btf.find(".maps", Kind::DataSec).map(|id| btf.ty(id)) else {
        let found = "the section exists, but BTF does not list its variables";
        return Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
            .help("compile with -g, which makes clang write BTF"));
    };
    let mut maps: Vec<Declared> = Vec::with_capacity(datasec.len());
    for var in datasec.vars() {
        let map = declared_one(section, btf, &datasec, var)?;
        if let Some(last) = maps.last().filter(|last| map.start < last.end) {
            let place = section.place().at(map.start).of(&map.spec.name);
            let found =
                format!("the map overlaps {}, which ends at {:#x}", last.spec.name, last.end);
            return Err(ObjectError::new(ObjectErrorKind::Map, place, found));
        }
        maps.push(map);
    }
    Ok(maps)
}

fn declared_one(
    section: &Section<'_>,
    btf: &Btf,
    datasec: &DataSec<'_>,
    var: skep_btf::SecVar,
) -> Result<Declared, ObjectError> {
    let fail = |name: &str, found: String| {
        let place = Place::section(datasec.name).at(u64::from(var.offset)).of(name);
        ObjectError::new(ObjectErrorKind::Map, place, found)
    };
    let Type::Var { name, target, linkage } = btf.ty(var.ty) else {
        return Err(fail("", format!("type {} is no variable, so it declares no map", var.ty)));
    };
    if name.is_empty() || name.len() > NAME_MAX {
        return Err(fail(
            name,
            format!("a map's name has 1 to {NAME_MAX} bytes, this one has {}", name.len()),
        ));
    }
    let end = u64::from(var.offset) + u64::from(var.size);
    if end > section.size {
        return Err(fail(
            name,
            format!("it ends at {end:#x}, but the section at {:#x}", section.size),
        ));
    }
    if linkage != Linkage::Global {
        return Err(fail(name, "the map is static or extern".into())
            .help("declare maps as global variables: struct { … } name SEC(\".maps\");"));
    }
    let Type::Struct(composite) = btf.resolved(target) else {
        let kind = btf.resolved(target).kind().name();
        return Err(fail(name, format!("a map is declared by a struct, this is {kind}")));
    };
    if composite.size > var.size {
        let found =
            format!("its struct has {} bytes, but its variable only {}", composite.size, var.size);
        return Err(fail(name, found));
    }
    let mut reader =
        Reader { btf, place: Place::section(datasec.name).at(u64::from(var.offset)).of(name) };
    let (spec, values) = reader.definition(name, &composite, false)?;
    let values = values.map(|bits| u64::from(var.offset) + u64::from(bits / 8));
    Ok(Declared { spec, start: u64::from(var.offset), end, values })
}

struct Reader<'a> {
    btf: &'a Btf,
    place: Place,
}

impl Reader<'_> {
    fn error(&self, attribute: &str, found: String) -> ObjectError {
        let found = if attribute.is_empty() {
            found
        } else {
            format!("attribute {}: {found}", shown(attribute))
        };
        ObjectError::new(ObjectErrorKind::Map, self.place.clone(), found)
    }

    /// Reads one definition. Returns it and the bit offset of its `values`.
    fn definition(
        &mut self,
        name: &str,
        composite: &Composite<'_>,
        is_inner: bool,
    ) -> Result<(MapSpec, Option<u32>), ObjectError> {
        let mut spec = MapSpec::declared(name, ".maps", MapOrigin::Btf);
        let mut values = None;
        let (mut has_key, mut has_value) = (false, false);
        let last = composite.len().saturating_sub(1);
        if composite.len() > 2 * ATTRIBUTES.len() {
            let found = format!("{} attributes are more than there are", composite.len());
            return Err(self
                .error("", found)
                .help(format!("attributes are {}", ATTRIBUTES.join(", "))));
        }
        for (index, member) in composite.members().enumerate() {
            match member.name {
                "type" => spec.set_type(self.number(&member)?),
                "max_entries" => spec.max_entries = self.number(&member)?,
                "map_flags" => spec.flags = self.number(&member)?,
                "numa_node" => spec.numa_node = self.number(&member)?,
                "key_size" => {
                    let size = self.number(&member)?;
                    self.size("key", &mut spec.key_size, &mut has_key, size)?;
                }
                "value_size" => {
                    let size = self.number(&member)?;
                    self.size("value", &mut spec.value_size, &mut has_value, size)?;
                }
                "key" => {
                    let (id, size) = self.typed(&member)?;
                    self.size("key", &mut spec.key_size, &mut has_key, size)?;
                    spec.key_type = Some(id);
                }
                "value" => {
                    let (id, size) = self.typed(&member)?;
                    self.size("value", &mut spec.value_size, &mut has_value, size)?;
                    spec.value_type = Some(id);
                }
                "values" => {
                    self.values_allowed(&spec, is_inner, index == last)?;
                    self.size("value", &mut spec.value_size, &mut has_value, 4)?;
                    spec.inner = self.inner(name, &spec, &member)?;
                    values = Some(member.bit_offset);
                }
                "pinning" => spec.pinning = self.pinning(&member, is_inner)?,
                "map_extra" => spec.map_extra = self.long(&member)?,
                other => return Err(self.unknown(other)),
            }
        }
        if spec.map_type == 0 {
            return Err(self
                .error("", "the map has no type".into())
                .help("add __uint(type, BPF_MAP_TYPE_…) to its definition"));
        }
        if matches!(spec.kind, Some(MapType::Ringbuf | MapType::UserRingbuf)) {
            spec.max_entries = ringbuf_size(spec.max_entries);
        }
        Ok((spec, values))
    }

    fn unknown(&self, name: &str) -> ObjectError {
        self.error(name, "it is no attribute of maps".into())
            .help(format!("attributes are {}", ATTRIBUTES.join(", ")))
    }

    /// `__uint(name, number)`: a pointer to an array whose length is the number.
    fn number(&self, member: &Member<'_>) -> Result<u32, ObjectError> {
        let target = match self.btf.resolved(member.ty) {
            Type::Ptr { target } => self.btf.ty(target),
            other => other,
        };
        match target {
            Type::Array(array) => Ok(array.len),
            other => {
                let found =
                    format!("its number is encoded as {}, not as int (*)[N]", other.kind().name());
                Err(self.error(member.name, found).help("write it with __uint(name, number)"))
            }
        }
    }

    /// `__uint` or `__ulong(name, number)`: the latter an enum with one value.
    fn long(&self, member: &Member<'_>) -> Result<u64, ObjectError> {
        let resolved = self.btf.resolved(member.ty);
        let Some(values) = resolved.enumeration() else {
            return self.number(member).map(u64::from);
        };
        match (values.len(), values.values().next()) {
            // libbpf reads the value of a 32-bit enum as signed, whatever its sign.
            (1, Some(value)) if resolved.kind() == Kind::Enum => {
                Ok(i64::from(value.value.cast_signed() as i32).cast_unsigned())
            }
            (1, Some(value)) => Ok(value.value),
            (count, _) => Err(self
                .error(
                    member.name,
                    format!("its number is encoded as an enum of {count} values, not of 1"),
                )
                .help("write it with __ulong(name, number)")),
        }
    }

    /// `__type(name, type)`: a pointer to the type.
    fn typed(&self, member: &Member<'_>) -> Result<(TypeId, u32), ObjectError> {
        let Type::Ptr { target } = self.btf.ty(member.ty) else {
            let kind = self.btf.kind(member.ty).name();
            return Err(self
                .error(member.name, format!("its type is encoded as {kind}, not as a pointer"))
                .help("write it with __type(name, type)"));
        };
        match self.btf.size_of(target).map(u32::try_from) {
            Some(Ok(size)) => Ok((target, size)),
            Some(Err(_)) => {
                Err(self.error(member.name, format!("type {target} is larger than 4 GiB")))
            }
            None => Err(self
                .error(
                    member.name,
                    format!("type {target} has no size: it is void or only declared"),
                )
                .help("include the definition of the type")),
        }
    }

    fn size(
        &self,
        what: &str,
        size: &mut u32,
        is_set: &mut bool,
        new: u32,
    ) -> Result<(), ObjectError> {
        if *is_set && *size != 0 && *size != new {
            let found =
                format!("the {what} has {} bytes by one attribute and {new} by another", *size);
            return Err(self
                .error("", found)
                .help(format!("give {what} or {what}_size, or make them agree")));
        }
        (*size, *is_set) = (new, true);
        Ok(())
    }

    fn values_allowed(
        &self,
        spec: &MapSpec,
        is_inner: bool,
        is_last: bool,
    ) -> Result<(), ObjectError> {
        let holds = |kind: MapType| kind.is_map_in_map() || kind == MapType::ProgArray;
        if is_inner {
            return Err(self.error("values", "maps nest one level deep".into()));
        }
        if !is_last {
            return Err(self
                .error("values", "it is not the last attribute".into())
                .help("move it to the end"));
        }
        if !spec.kind.is_some_and(holds) {
            let kind = spec.kind.map_or("of unknown type", MapType::name);
            return Err(self
                .error(
                    "values",
                    format!("the map is {kind}; only maps of maps and prog_array have values"),
                )
                .help("name the type before the values"));
        }
        Ok(())
    }

    /// What `__array(values, …)` says about the elements: a map's definition, or a program's prototype.
    fn inner(
        &mut self,
        name: &str,
        spec: &MapSpec,
        member: &Member<'_>,
    ) -> Result<Option<Box<MapSpec>>, ObjectError> {
        let pointer = match self.btf.ty(member.ty) {
            Type::Array(array) if array.len == 0 => self.btf.resolved(array.element),
            _ => {
                return Err(self
                    .error("values", "it is no array of unknown length".into())
                    .help("write it with __array(values, …)"));
            }
        };
        let Type::Ptr { target } = pointer else {
            return Err(self
                .error("values", format!("elements are {}, not pointers", pointer.kind().name())));
        };
        match (self.btf.resolved(target), spec.kind == Some(MapType::ProgArray)) {
            (Type::FuncProto(_), true) => Ok(None),
            (Type::Struct(inner), false) => {
                let (inner, _) = self.definition(&format!("{name}.inner"), &inner, true)?;
                Ok(Some(Box::new(inner)))
            }
            (other, is_prog) => {
                let wanted = if is_prog { "functions" } else { "structs that declare maps" };
                let found = format!("elements point to {}, not to {wanted}", other.kind().name());
                Err(self.error("values", found))
            }
        }
    }

    fn pinning(&self, member: &Member<'_>, is_inner: bool) -> Result<Pinning, ObjectError> {
        if is_inner {
            return Err(self.error("pinning", "inner maps cannot be pinned".into()));
        }
        match self.number(member)? {
            0 => Ok(Pinning::None),
            1 => Ok(Pinning::ByName),
            other => Err(self
                .error("pinning", format!("{other} is unknown"))
                .help("use LIBBPF_PIN_NONE (0) or LIBBPF_PIN_BY_NAME (1)")),
        }
    }
}

impl MapSpec {
    /// A map of which only name and origin are known yet.
    pub(crate) fn declared(name: &str, section: &str, origin: MapOrigin) -> Self {
        Self {
            name: name.to_owned(),
            section: section.to_owned(),
            origin,
            map_type: 0,
            kind: None,
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            map_extra: 0,
            numa_node: 0,
            key_type: None,
            value_type: None,
            inner: None,
            init: MapInit::Empty,
            pinning: Pinning::None,
            autocreate: true,
            variables: Vec::new(),
            struct_ops: None,
        }
    }

    pub(crate) fn set_type(&mut self, number: u32) {
        self.map_type = number;
        self.kind = MapType::from_number(number);
    }
}

/// The next power of two of pages, as libbpf rounds; sizes that cannot be rounded stay for the kernel to refuse.
fn ringbuf_size(size: u32) -> u32 {
    let pages = u64::from(size).div_ceil(PAGE_SIZE).next_power_of_two() * PAGE_SIZE;
    if size == 0 { 0 } else { u32::try_from(pages).unwrap_or(size) }
}

#[cfg(test)]
mod tests {
    use super::ringbuf_size;

    #[test]
    fn ring_buffers_take_a_power_of_two_of_pages() {
        assert_eq!(ringbuf_size(0), 0);
        assert_eq!(ringbuf_size(1), 4096);
        assert_eq!(ringbuf_size(4096), 4096);
        assert_eq!(ringbuf_size(4097), 8192);
        assert_eq!(ringbuf_size(3 * 4096), 16384);
        assert_eq!(ringbuf_size(1 << 31), 1 << 31);
        assert_eq!(ringbuf_size(u32::MAX), u32::MAX);
    }
}
