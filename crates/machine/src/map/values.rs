//! Values of a map's elements: one each, or one for each CPU.

use std::sync::atomic::Ordering::{Acquire, Release};

use skep_abi::{Addr, Cpu, MapId};

use super::{MapEnv, PossibleCpus};
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
    Plain(Slab),
    /// Elements of CPU 0, then those of CPU 1, …; those of CPUs that are not possible are never touched.
    Percpu { slab: Slab, elements: u64, cpus: PossibleCpus },
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
}

impl ValueSpec<'_> {
    fn slab(&self, copies: u32, label: Label) -> SlabSpec {
        let count = u64::from(self.elements) * u64::from(copies);
        let mut spec = SlabSpec::new(Window::Maps, u64::from(self.size), count, label);
        spec.rights = self.rights;
        spec.owner = crate::memory::Owner::MapValue(self.id);
        spec
    }
}

impl Values {
    pub(crate) fn plain(memory: &Memory, spec: &ValueSpec<'_>) -> Result<Self, OutOfMemory> {
        memory.alloc(&spec.slab(1, Label::new("value", spec.map))).map(Self::Plain)
    }

    pub(crate) fn percpu(
        memory: &Memory,
        spec: &ValueSpec<'_>,
        cpus: PossibleCpus,
    ) -> Result<Self, OutOfMemory> {
        let elements = u64::from(spec.elements);
        let label = Label::percpu("value", spec.map, elements);
        let slab = memory.alloc(&spec.slab(cpus.ids(), label))?;
        Ok(Self::Percpu { slab, elements, cpus })
    }

    pub(crate) fn maps(memory: &Memory, env: &MapEnv, elements: u32) -> Result<Self, OutOfMemory> {
        let ids = memory.alloc_hidden(4 * u64::from(elements))?;
        Ok(Self::Maps { ids, objects: env.objects.clone() })
    }

    /// Makes all of them zero.
    pub(crate) fn clear(&self) {
        if let Self::Plain(slab) | Self::Percpu { slab, .. } = self {
            (0..slab.count()).for_each(|index| slab.clear(index));
        }
    }

    /// Whether an update changes the element that is there, instead of swapping in another.
    pub(crate) fn is_in_place(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }

    /// Address of an element's value for a CPU; an inner map's object.
    pub(crate) fn addr(&self, index: u64, cpu: Cpu) -> Option<Addr> {
        match self {
            Self::Plain(slab) => Some(slab.addr(index)),
            Self::Percpu { slab, elements, cpus } => {
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

    /// Writes a value. Of a new element, CPUs that get none are zeroed.
    pub(crate) fn write(&self, index: u64, cpu: Cpu, value: NewValue<'_>, is_new: bool) {
        match (self, value) {
            (Self::Plain(slab), NewValue::Program(bytes) | NewValue::User(bytes)) => {
                slab.write(index, 0, bytes);
            }
            (Self::Percpu { slab, elements, cpus }, NewValue::Program(bytes)) => {
                for other in cpus.iter() {
                    let at = u64::from(other.0) * elements + index;
                    if other == cpu {
                        slab.write(at, 0, bytes);
                    } else if is_new {
                        slab.clear(at);
                    }
                }
            }
            (Self::Percpu { slab, elements, cpus }, NewValue::User(bytes)) => {
                // The kernel copies whole 8 bytes, padding included, and gives them back so.
                for (other, bytes) in cpus.iter().zip(bytes.chunks(slab.room() as usize)) {
                    slab.write(u64::from(other.0) * elements + index, 0, bytes);
                }
            }
            (Self::Maps { .. }, NewValue::Map(id)) => self.set_inner(index, Some(id)),
            (Self::Maps { .. }, _) | (_, NewValue::Map(_)) => {
                debug_assert!(false, "maps of maps, and only they, hold maps");
            }
        }
    }

    /// A value as user space reads it: those of all CPUs, or the inner map's number.
    pub(crate) fn user_bytes(&self, index: u64) -> Vec<u8> {
        match self {
            Self::Plain(slab) => slab.bytes(index),
            Self::Percpu { slab, elements, cpus } => {
                let room = slab.room() as usize;
                let mut bytes = vec![0; room * cpus.count() as usize];
                for (cpu, into) in cpus.iter().zip(bytes.chunks_mut(room)) {
                    slab.read(u64::from(cpu.0) * elements + index, 0, into);
                }
                bytes
            }
            Self::Maps { .. } => self.inner(index).map_or(0, |id| id.0).to_le_bytes().to_vec(),
        }
    }

    /// Bytes of a value as a program writes it.
    pub(crate) fn program_size(&self) -> usize {
        match self {
            Self::Plain(slab) | Self::Percpu { slab, .. } => slab.size() as usize,
            Self::Maps { .. } => 4,
        }
    }

    /// Bytes of a value as user space writes and reads it.
    pub(crate) fn user_size(&self) -> usize {
        match self {
            Self::Plain(slab) => slab.size() as usize,
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
