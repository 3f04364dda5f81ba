//! Values of a map's elements: one each, or one for each CPU.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use skep_abi::{Addr, Cpu, MapId};

use super::{MapEnv, PossibleCpus};
use crate::btf_record::Fields;
use crate::memory::{Area, Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Width, Window};

/// What an update writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewValue<'a> {
    /// A program's value: for the CPU it runs on, where each CPU has one.
    Program(&'a [u8]),
    /// User space's value: where each CPU has one, all of them, each rounded up to 8 bytes.
    User(&'a [u8]),
    /// An inner map.
    Map(MapId),
}

/// Storage of values.
pub(crate) enum Values {
    /// One for each element.
    Plain { slab: Slab, fields: Option<Fields> },
    /// Elements of CPU 0, then those of CPU 1, …; those of CPUs that are not possible are never touched.
    Percpu { slab: Slab, elements: u64, cpus: PossibleCpus, fields: Option<Fields> },
    /// Numbers of maps, + 1; 0 for none.
    Maps { ids: Area, objects: Slab },
}

/// Shape of values.
pub(crate) struct ValueSpec<'a> {
    pub(crate) map: &'a str,
    pub(crate) id: MapId,
    pub(crate) size: u32,
    pub(crate) elements: u32,
    pub(crate) rights: Rights,
    pub(crate) fields: Option<Fields>,
}

impl ValueSpec<'_> {
    fn slab(&self, copies: u32, label: Label) -> SlabSpec {
        let count = u64::from(self.elements) * u64::from(copies);
        let mut spec = SlabSpec::new(Window::Maps, u64::from(self.size), count, label);
        spec.rights = self.rights;
        spec.owner = crate::memory::Owner::MapValue(self.id);
        spec.guard = self.fields.as_ref().map(|fields| Arc::new(fields.guard()));
        spec
    }
}

impl Values {
    pub(crate) fn plain(memory: &Memory, spec: &ValueSpec<'_>) -> Result<Self, OutOfMemory> {
        let slab = memory.alloc(&spec.slab(1, Label::new("value", spec.map)))?;
        Ok(Self::Plain { slab, fields: spec.fields.clone() })
    }

    pub(crate) fn percpu(
        memory: &Memory,
        spec: &ValueSpec<'_>,
        cpus: PossibleCpus,
    ) -> Result<Self, OutOfMemory> {
        let elements = u64::from(spec.elements);
        let label = Label::percpu("value", spec.map, elements);
        let slab = memory.alloc(&spec.slab(cpus.ids(), label))?;
        Ok(Self::Percpu { slab, elements, cpus, fields: spec.fields.clone() })
    }

    pub(crate) fn maps(memory: &Memory, env: &MapEnv, elements: u32) -> Result<Self, OutOfMemory> {
        let ids = memory.alloc_hidden(4 * u64::from(elements))?;
        Ok(Self::Maps { ids, objects: env.objects.clone() })
    }

    /// Makes all of them zero, and gives up what they own.
    pub(crate) fn clear(&self) {
        self.free_all();
        if let Self::Plain { slab, .. } | Self::Percpu { slab, .. } = self {
            (0..slab.count()).for_each(|index| slab.clear(index));
        }
    }

    /// Whether an update changes the element that is there, instead of swapping in another.
    pub(crate) fn is_in_place(&self) -> bool {
        !matches!(self, Self::Plain { .. })
    }

    /// Address of an element's value for a CPU; an inner map's object.
    pub(crate) fn addr(&self, index: u64, cpu: Cpu) -> Option<Addr> {
        match self {
            Self::Plain { slab, .. } => Some(slab.addr(index)),
            Self::Percpu { slab, elements, cpus, .. } => {
                cpus.contains(cpu).then(|| slab.addr(u64::from(cpu.0) * elements + index))
            }
            Self::Maps { objects, .. } => self.inner(index).map(|id| objects.addr(u64::from(id.0))),
        }
    }

    /// The inner map of an element.
    pub(crate) fn inner(&self, index: u64) -> Option<MapId> {
        let Self::Maps { ids, .. } = self else { return None };
        let number = ids.load(4 * index as usize, Width::W, Acquire) as u32;
        number.checked_sub(1).map(MapId)
    }

    /// Sets the inner map of an element.
    pub(crate) fn set_inner(&self, index: u64, to: Option<MapId>) {
        if let Self::Maps { ids, .. } = self {
            let number = to.map_or(0, |id| u64::from(id.0) + 1);
            ids.store(4 * index as usize, Width::W, number, Release);
        }
    }

    /// Writes a value, around its special fields. Of a new element, CPUs that get none are zeroed.
    pub(crate) fn write(&self, index: u64, cpu: Cpu, value: NewValue<'_>, is_new: bool) {
        match (self, value) {
            (Self::Plain { slab, fields }, NewValue::Program(bytes) | NewValue::User(bytes)) => {
                put(slab, index, bytes, fields.as_ref());
            }
            (Self::Percpu { slab, elements, cpus, fields }, NewValue::Program(bytes)) => {
                let zero = vec![0; if is_new { bytes.len() } else { 0 }];
                for other in cpus.iter() {
                    let at = u64::from(other.0) * elements + index;
                    if other == cpu {
                        put(slab, at, bytes, fields.as_ref());
                    } else if is_new {
                        put(slab, at, &zero, fields.as_ref());
                    }
                }
            }
            (Self::Percpu { slab, elements, cpus, fields }, NewValue::User(bytes)) => {
                // The kernel copies whole 8 bytes, padding included, and gives them back so.
                for (other, bytes) in cpus.iter().zip(bytes.chunks(slab.room() as usize)) {
                    put(slab, u64::from(other.0) * elements + index, bytes, fields.as_ref());
                }
            }
            (Self::Maps { .. }, NewValue::Map(id)) => self.set_inner(index, Some(id)),
            (Self::Maps { .. }, _) | (_, NewValue::Map(_)) => {
                debug_assert!(false, "maps of maps, and only they, hold maps");
            }
        }
    }

    /// Gives up what the fields of an element own: for all CPUs, or for those that an update wrote.
    pub(crate) fn free_fields(&self, index: u64, of: Option<(Cpu, NewValue<'_>)>) {
        match self {
            Self::Plain { slab, fields: Some(fields) } => fields.free(slab, index),
            Self::Percpu { slab, elements, cpus, fields: Some(fields) } => {
                let one = match of {
                    Some((cpu, NewValue::Program(_))) => Some(cpu.0),
                    _ => None,
                };
                for cpu in cpus.iter().filter(|cpu| one.is_none_or(|one| one == cpu.0)) {
                    fields.free(slab, u64::from(cpu.0) * elements + index);
                }
            }
            _ => {}
        }
    }

    /// Gives up what the fields of all elements own.
    pub(crate) fn free_all(&self) {
        if let Self::Plain { slab, fields: Some(fields) }
        | Self::Percpu { slab, fields: Some(fields), .. } = self
        {
            (0..slab.count()).for_each(|index| fields.free(slab, index));
        }
    }

    /// Shows each reference that an element owns: offset of the field, its address, the object.
    pub(crate) fn each_kptr(&self, show: &mut dyn FnMut(u32, Addr, Addr)) {
        if let Self::Plain { slab, fields: Some(fields) }
        | Self::Percpu { slab, fields: Some(fields), .. } = self
        {
            (0..slab.count()).for_each(|index| fields.each(slab, index, show));
        }
    }

    /// A value as user space reads it: those of all CPUs, or the inner map's number.
    pub(crate) fn user_bytes(&self, index: u64) -> Vec<u8> {
        match self {
            Self::Plain { slab, fields } => {
                let mut bytes = slab.bytes(index);
                fields.iter().for_each(|fields| fields.hide(slab.addr(index), &mut bytes));
                bytes
            }
            Self::Percpu { slab, elements, cpus, fields } => {
                let room = slab.room() as usize;
                let mut bytes = vec![0; room * cpus.count() as usize];
                for (cpu, into) in cpus.iter().zip(bytes.chunks_mut(room)) {
                    let at = u64::from(cpu.0) * elements + index;
                    slab.read(at, 0, into);
                    fields.iter().for_each(|fields| fields.hide(slab.addr(at), into));
                }
                bytes
            }
            Self::Maps { .. } => self.inner(index).map_or(0, |id| id.0).to_le_bytes().to_vec(),
        }
    }

    /// Bytes of a value as a program writes it.
    pub(crate) fn program_size(&self) -> usize {
        match self {
            Self::Plain { slab, .. } | Self::Percpu { slab, .. } => slab.size() as usize,
            Self::Maps { .. } => 4,
        }
    }

    /// Bytes of a value as user space writes and reads it.
    pub(crate) fn user_size(&self) -> usize {
        match self {
            Self::Plain { slab, .. } => slab.size() as usize,
            Self::Percpu { slab, cpus, .. } => slab.room() as usize * cpus.count() as usize,
            Self::Maps { .. } => 4,
        }
    }

    /// Whether a value to write has the size that it must have.
    pub(crate) fn takes(&self, value: NewValue<'_>) -> bool {
        match value {
            NewValue::Program(bytes) => bytes.len() == self.program_size(),
            NewValue::User(bytes) => bytes.len() == self.user_size(),
            NewValue::Map(_) => matches!(self, Self::Maps { .. }),
        }
    }
}

/// Writes one value.
fn put(slab: &Slab, index: u64, bytes: &[u8], fields: Option<&Fields>) {
    match fields {
        None => slab.write(index, 0, bytes),
        Some(fields) => fields.write_around(slab, index, bytes),
    }
}
